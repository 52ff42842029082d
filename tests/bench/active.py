"""Active mode under a burst and a mass drain, on the embedded cluster, whose EC2 is moto in a process of its own."""

import asyncio
import time

from karptui.lab import manifests
from karptui.model.decision import DecisionKind
from karptui.model.metadata import is_true
from tests.control.active_cluster import ActiveCluster, active_cluster

PODS = 1000
CPU = "3500m"  # so that a node of at most 32 vCPUs takes nine of them: more than a hundred launches
DRAINED = 100


def main() -> None:
    """Prints a line for each act. Clock times depend on what else runs; CPU times are the controller process' own."""
    asyncio.run(_main())


class Stopwatch:
    """By the clock and by this process' processor time, both in seconds."""

    def __init__(self) -> None:
        self._began, self._busy = time.monotonic(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Since it was made."""
        return time.monotonic() - self._began, time.process_time() - self._busy


async def _main() -> None:
    async with active_cluster(started=False, speed=1.0) as cluster:
        cluster.patience = 900.0
        unlimited = {"spec": {"limits": {"cpu": "100000", "memory": "1000Ti"}}}
        await cluster.patch("/apis/karpenter.sh/v1/nodepools/general", unlimited)
        await cluster.apply(manifests.deployment("burst", {"cpu": CPU}, replicas=0))
        await cluster.start()
        ready = cluster.world.of("nodepools")
        await cluster.until(
            lambda: bool(ready) and all(is_true(pool.conditions, "Ready") for pool in ready.values()), "pools"
        )
        await _burst(cluster)
        await _drain(cluster)


async def _burst(cluster: ActiveCluster) -> None:
    """All pods in one batch: it does not close before the scheduler has looked at each of them."""
    closed: list[Stopwatch] = []
    sent: list[tuple[float, float]] = []

    def waits() -> bool:
        if not closed and len(cluster.world.provisionable) == PODS:
            closed.append(Stopwatch())
        return not closed

    def note(**_: object) -> None:
        sent.append(closed[0].read())

    cluster.waits = waits
    (await cluster.client("ec2")).meta.events.register("before-send.ec2.CreateFleet", note)
    await cluster.scale("burst", PODS)
    decisions = cluster.world.decisions
    await cluster.until(lambda: bool(closed and decisions), "a decision")
    launches = [decision for decision in decisions.values() if decision.kind is DecisionKind.LAUNCH]
    await cluster.until(lambda: len(sent) >= len(launches) > 0, "every CreateFleet")
    seconds, busy = sent[len(launches) - 1]
    print(f"{PODS} pods: {len(launches)} CreateFleet sent {seconds:.2f} s after the batch closed, {busy:.2f} s of CPU")
    await cluster.until(lambda: cluster.bound("default/burst") == PODS, "every pod bound")


async def _drain(cluster: ActiveCluster) -> None:
    claims = sorted(cluster.world.of("nodeclaims"))[:DRAINED]
    watch = Stopwatch()
    await cluster.scale("burst", 0)
    paths = [f"/apis/karpenter.sh/v1/nodeclaims/{name}" for name in claims]
    await asyncio.gather(*(cluster.connection.request("DELETE", path) for path in paths))
    await cluster.until(lambda: not set(claims) & set(cluster.world.of("nodeclaims")), "the claims gone")
    seconds, busy = watch.read()
    share = 100 * busy / seconds
    print(f"{len(claims)} nodes drained in parallel: {seconds:.1f} s, {busy:.2f} s of CPU ({share:.0f} % of a core)")
