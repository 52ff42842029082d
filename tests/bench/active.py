"""Active mode under a burst and a mass drain, on the embedded cluster; a proxy before its EC2 counts the calls."""

import asyncio
import time

from karptui.lab import manifests
from karptui.model.metadata import is_true
from karptui.world import events
from tests.control.active_cluster import ActiveCluster, active_cluster
from tests.control.faulty_aws import FaultyAws

PODS = 1000
CPU = "3500m"  # so that a node of at most 32 vCPUs takes nine of them: more than a hundred launches


def main() -> None:
    """Prints a line for each act. Clock times depend on what else runs; CPU times are the controller process' own."""
    asyncio.run(_main())


async def _main() -> None:
    async with active_cluster(started=False, speed=1.0) as cluster, FaultyAws(cluster.lab.ec2).serve() as aws:
        cluster.aws_url = aws.url
        sent: list[tuple[float, float]] = []

        async def note(moment: str, _: int, action: str) -> None:
            if (moment, action) == ("before", "CreateFleet"):
                sent.append((time.monotonic(), time.process_time()))

        aws.hook = note
        cluster.patience = 600.0
        unlimited = {"spec": {"limits": {"cpu": "100000", "memory": "1000Ti"}}}
        await cluster.patch("/apis/karpenter.sh/v1/nodepools/general", unlimited)
        await cluster.apply(manifests.deployment("burst", {"cpu": CPU}, replicas=0))
        await cluster.start()
        ready = cluster.world.of("nodepools")
        await cluster.until(
            lambda: bool(ready) and all(is_true(pool.conditions, "Ready") for pool in ready.values()), "pools"
        )
        await _burst(cluster, sent)
        await _drain(cluster)


async def _burst(cluster: ActiveCluster, sent: list[tuple[float, float]]) -> None:
    await cluster.scale("burst", PODS)
    await cluster.until(lambda: len(cluster.world.pending) == PODS, "the pods")
    closes: list[tuple[float, float]] = []

    def hear(event: events.Event) -> None:
        if isinstance(event, events.DecisionMade) and not closes:
            closes.append((time.monotonic() - event.decision.seconds, time.process_time() - event.decision.seconds))

    cluster.listen(hear)
    await cluster.until(lambda: bool(closes), "a decision")
    launches = [decision for decision in cluster.world.decisions.values() if decision.claim is not None]
    await cluster.until(lambda: len(sent) >= len(launches) > 0, "every CreateFleet")
    seconds, busy = sent[-1][0] - closes[0][0], sent[-1][1] - closes[0][1]
    print(f"{PODS} pods: {len(launches)} CreateFleet sent {seconds:.2f} s after the batch closed, {busy:.2f} s of CPU")
    await cluster.until(lambda: cluster.bound("default/burst") == PODS, "every pod bound")


async def _drain(cluster: ActiveCluster) -> None:
    claims = sorted(cluster.world.of("nodeclaims"))[:100]
    began, busy = time.monotonic(), time.process_time()
    await cluster.scale("burst", 0)
    paths = [f"/apis/karpenter.sh/v1/nodeclaims/{name}" for name in claims]
    await asyncio.gather(*(cluster.connection.request("DELETE", path) for path in paths))
    await cluster.until(lambda: not set(claims) & set(cluster.world.of("nodeclaims")), "the claims gone")
    seconds, busy = time.monotonic() - began, time.process_time() - busy
    share = 100 * busy / seconds
    print(f"{len(claims)} nodes drained in parallel: {seconds:.1f} s, {busy:.2f} s of CPU ({share:.0f} % of a core)")
