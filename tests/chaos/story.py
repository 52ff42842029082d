"""What is played for each death: pods come, a spot instance is reclaimed, the NodePool is edited, pods go; and what
must hold at the end."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.describe import CLAIM_UID_TAG
from karptui.lab import manifests
from karptui.model.labels import DISRUPTED
from karptui.model.metadata import is_true
from karptui.world import events
from tests.chaos.audit import Audit
from tests.chaos.death import Death, Point
from tests.control.active_cluster import ActiveCluster, active_cluster
from tests.control.faulty_aws import FaultyAws

REPLICAS = 3
PATIENCE = 300.0  # real seconds for each step: on a busy machine a death costs a minute
BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {"selector": {"matchLabels": {"app": "web"}}, "maxUnavailable": 1},
}


class Outcome(Struct):
    """One play. `faults` is empty when all held; `calls` counts what the first controller wrote and asked of AWS,
    `where` is the call at which it died, `evictions` what the audit saw let go through the budget."""

    point: Point | None
    died: bool
    calls: int
    where: str
    evictions: int
    faults: list[str]


@asynccontextmanager
async def chaotic_cluster(speed: float) -> AsyncIterator[tuple[ActiveCluster, FaultyAws]]:
    """A cluster without a controller, and the proxy before its EC2; the workload is at zero, with a budget."""
    async with active_cluster(speed=speed, started=False) as cluster, FaultyAws(cluster.lab.ec2).serve() as aws:
        cluster.aws_url = aws.url
        cluster.patience = PATIENCE
        spot: dict[str, Any] = {"nodeSelector": {"karpenter.sh/capacity-type": "spot"}}
        await cluster.apply(manifests.deployment("web", {"cpu": "500m"}, replicas=0, **spot))
        await cluster.apply(BUDGET)
        yield cluster, aws


async def play(cluster: ActiveCluster, aws: FaultyAws, point: Point | None) -> Outcome:
    """Once through, with the death of the first controller at `point`; the cluster is empty again afterwards.

    `aws` is the proxy through which the cluster's controllers reach EC2.
    """
    death = Death(point)
    cluster.seen.clear()
    cluster.hook, aws.hook = death.write, death.call
    faults: list[str] = []
    async with Audit(cluster.lab, "web", REPLICAS - 1) as audit:
        await cluster.start()
        successor = asyncio.create_task(_succeed(cluster, aws, death))
        try:
            faults += await _acts(cluster, audit)
        except AssertionError as error:
            faults.append(f"at {death.where or 'no death'}: {error}")
        finally:
            successor.cancel()
            await asyncio.gather(successor, return_exceptions=True)
            faults += await _doubles(cluster) + audit.breaches
            faults += [f"a pod deleted past its budget: {act}" for act in _forced(cluster)]
            aws.hook = None
            await cluster.crash()
    return Outcome(point, death.died.is_set(), len(death.calls), death.where, audit.evictions, faults)


async def _acts(cluster: ActiveCluster, audit: Audit) -> list[str]:
    """The story. Raises AssertionError where it does not go on."""
    there = "default/web"
    await cluster.scale("web", REPLICAS)
    await cluster.until(lambda: cluster.bound(there) == REPLICAS and settled(cluster), "the pods bound")
    audit.scaling = False
    victim = next(iter(cluster.world.of("nodeclaims").values()))
    audit.taken.add(victim.node_name)
    await cluster.lab.interrupt(victim.provider_id.rpartition("/")[2])
    await cluster.until(lambda: _gone(cluster, {victim.key}), "the interrupted claim gone")
    await cluster.until(lambda: cluster.bound(there) == REPLICAS and settled(cluster), "the pods moved")
    faults = await _unequal(cluster, "after the interruption")
    before = set(cluster.world.of("nodeclaims"))
    await cluster.edit_pool("general", {"round": cluster.next_round()})
    await cluster.until(lambda: _gone(cluster, before), "the drifted claims gone")
    await cluster.until(lambda: cluster.bound(there) == REPLICAS and settled(cluster), "the pods moved again")
    faults += await _unequal(cluster, "after the drift")
    audit.scaling = True
    await cluster.scale("web", 0)
    await cluster.until(lambda: _gone(cluster), "every claim gone")
    await cluster.until(lambda: cluster.world.synced() and not cluster.world.of("nodes"), "every node gone")
    return faults + await _unequal(cluster, "at the end")


def _gone(cluster: ActiveCluster, claims: set[str] | None = None) -> bool:
    """Whether none of these NodeClaims is left (None: none at all), as somebody sees it who has seen the cluster."""
    left = set(cluster.world.of("nodeclaims"))
    return cluster.world.synced() and not (left if claims is None else left & claims)


def settled(cluster: ActiveCluster) -> bool:
    """Nothing waits, nothing is on its way, nothing is marked to go."""
    world = cluster.world
    claims = world.of("nodeclaims").values()
    going = any(taint.key == DISRUPTED for node in world.of("nodes").values() for taint in node.taints)
    ready = all(is_true(claim.conditions, "Initialized") and claim.metadata.deleted is None for claim in claims)
    return world.synced() and not world.pending and ready and not going and bool(claims)


async def _succeed(cluster: ActiveCluster, aws: FaultyAws, death: Death) -> None:
    """When the first has died, another one starts that knows nothing of it."""
    await death.died.wait()
    cluster.hook, aws.hook = None, None
    await cluster.crash()
    await cluster.start()


async def _unequal(cluster: ActiveCluster, when: str) -> list[str]:
    """Instances without a claim, claims without an instance; garbage is given the time to be collected."""
    # The collector looks within two minutes of the cluster; the machine may need longer than that takes.
    end, patience = cluster.lab.clock.now() + 240.0, time.monotonic() + PATIENCE / 5
    while True:
        instances = {entry.instance_id for entry in await cluster.instances()}
        claims = {claim.provider_id.rpartition("/")[2] for claim in cluster.world.of("nodeclaims").values()}
        if instances == claims:
            return []
        if cluster.lab.clock.now() > end and time.monotonic() > patience:
            leaked, empty = sorted(instances - claims), sorted(claims - instances)
            return [f"{when}: instances without a claim {leaked}, claims without an instance {empty}"]
        await asyncio.sleep(0.1)


async def _doubles(cluster: ActiveCluster) -> list[str]:
    """NodeClaims for which more than one instance was ever launched, ended ones counted."""
    uids = Counter(
        tag["Value"]
        for instance in await cluster.ever_launched()
        for tag in instance.get("Tags") or []
        if tag["Key"] == CLAIM_UID_TAG
    )
    return [f"{count} instances for the NodeClaim {uid}" for uid, count in uids.items() if count > 1]


def _forced(cluster: ActiveCluster) -> list[str]:
    acts = [event for event in cluster.seen if isinstance(event, events.Intended)]
    return [act.name for act in acts if (act.verb, act.resource) == ("delete", "pods")]
