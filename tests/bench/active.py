"""Active mode under a burst and a mass drain, on the embedded cluster, whose EC2 is moto in a process of its own."""

import asyncio
import os
import time
from tempfile import TemporaryDirectory

from karptui.lab import manifests
from karptui.model.decision import DecisionKind
from karptui.model.metadata import is_true
from tests.bench.terminal import Terminal
from tests.control.active_cluster import ActiveCluster, active_cluster

PODS = 1000
CPU = "3500m"  # so that a node of at most 32 vCPUs takes nine of them: more than a hundred launches
DRAINED = 100
UNLIMITED = {"spec": {"limits": {"cpu": "100000", "memory": "1000Ti"}}}
CLAIMS = "/apis/karpenter.sh/v1/nodeclaims"


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
    await _drain_on_screen()
    async with active_cluster(started=False, speed=1.0) as cluster:
        cluster.patience = 900.0
        await cluster.patch("/apis/karpenter.sh/v1/nodepools/general", UNLIMITED)
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


async def _drain_on_screen() -> None:
    """The program itself in a terminal of 120x36, with an account and a cluster in processes of their own."""
    environment = {"AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "lab", "AWS_EC2_METADATA_DISABLED": "true"}
    os.environ.update(environment)
    async with active_cluster(started=False, speed=1.0) as cluster:
        await cluster.patch("/apis/karpenter.sh/v1/nodepools/general", UNLIMITED)
        await cluster.apply(manifests.deployment("large", {"cpu": "9500m"}, replicas=3 * (DRAINED + 10)))
        lab = cluster.lab
        with TemporaryDirectory() as home:
            terminal = Terminal(
                *("active", "--provider=ec2", f"--endpoint-url={lab.ec2}", f"--region={lab.region}"),
                *(f"--cluster-name={manifests.CLUSTER}", f"--queue={lab.queue.rpartition('/')[2]}"),
                *("--service-cidr=10.100.0.0/16", "--shipped-prices", "--max-launches-per-minute=10000"),
                home=home,
                kubeconfig=str(lab.kubeconfig),
            )
            try:
                claims = await _initialized(cluster, DRAINED + 10)
                await asyncio.sleep(5.0)
                began, busy = time.monotonic(), terminal.cpu()
                await cluster.scale("large", 0)
                paths = [f"{CLAIMS}/{name}" for name in claims[:DRAINED]]
                await asyncio.gather(*(cluster.connection.request("DELETE", path) for path in paths))
                while set(claims[:DRAINED]) & {
                    item["metadata"]["name"] for item in (await cluster.get(CLAIMS))["items"]
                }:
                    await asyncio.sleep(0.5)
                seconds, spent = time.monotonic() - began, terminal.cpu() - busy
            finally:
                await terminal.end()
    share = 100 * spent / seconds
    print(f"{DRAINED} nodes drained with the screen: {seconds:.1f} s, {spent:.2f} s of CPU ({share:.0f} % of a core)")


async def _initialized(cluster: ActiveCluster, least: int) -> list[str]:
    """NodeClaims by name, once there are enough and all of them are ready."""
    async with asyncio.timeout(900):
        while True:
            items = (await cluster.get(CLAIMS))["items"]
            found = [(item.get("status") or {}).get("conditions") or [] for item in items]
            ready = [any(entry["type"] == entry["reason"] == "Initialized" for entry in listed) for listed in found]
            if len(items) >= least and all(ready):
                return sorted(item["metadata"]["name"] for item in items)
            await asyncio.sleep(1.0)
