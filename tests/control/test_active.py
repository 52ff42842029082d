"""karptui as the controller of an embedded cluster: API server, scheduler and kubelets of the lab, EC2 by moto."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from karptui.control.safety.gate import Act
from karptui.lab import manifests
from karptui.model.decision import DecisionKind
from karptui.model.labels import INITIALIZED
from karptui.model.metadata import is_true
from karptui.model.node import NodeClaim
from karptui.world import events
from tests.control.active_cluster import ActiveCluster, active_cluster


@pytest.fixture
async def cluster() -> AsyncIterator[ActiveCluster]:
    async with active_cluster() as found:
        yield found


def _ready_claims(cluster: ActiveCluster) -> list[str]:
    return [key for key, claim in cluster.world.of("nodeclaims").items() if is_true(claim.conditions, "Initialized")]


def _draining(cluster: ActiveCluster, claim: str) -> bool:
    return any(entry.type == "Drained" for entry in cluster.world.of("nodeclaims")[claim].conditions)


def _usable(event: events.Event, node: str) -> bool:
    """Whether this is how it was seen that a node is initialized: its NodeClaim says so a request later."""
    if not isinstance(event, events.ObjectSeen) or event.resource != "nodes" or event.object is None:
        return False
    return event.object.key == node and event.object.metadata.labels.get(INITIALIZED) == "true"


def _evictions(cluster: ActiveCluster) -> list[int]:
    """Where in what was seen pods were asked to go."""
    return [
        number
        for number, event in enumerate(cluster.seen)
        if isinstance(event, events.Intended) and event.resource == "pods/eviction"
    ]


def _latest(cluster: ActiveCluster, claim: NodeClaim) -> float:
    """When its pods must be asked to go: their 30 seconds of grace and 30 more before EC2 takes the instance."""
    told = cluster.world.interruptions[claim.provider_id.rpartition("/")[2]]
    assert told.deadline is not None
    return told.deadline - 60.0


async def test_pending_pods_get_a_node_and_are_bound_to_it(cluster: ActiveCluster) -> None:
    await cluster.apply(manifests.deployment("inflate", {"cpu": "1"}, replicas=5))
    await cluster.until(lambda: cluster.bound("default/inflate") == 5, "five pods bound")
    await cluster.until(lambda: len(_ready_claims(cluster)) == len(cluster.world.of("nodeclaims")), "claims ready")
    (name,) = _ready_claims(cluster)
    first = next(
        seen.object for seen in cluster.seen if isinstance(seen, events.ObjectSeen) and seen.object.key == name
    )
    assert first.metadata.finalizers == ("karpenter.sh/termination",)
    claim = await cluster.get(f"/apis/karpenter.sh/v1/nodeclaims/{name}")
    assert claim["metadata"]["labels"]["karpenter.sh/nodepool"] == "general"
    assert claim["metadata"]["finalizers"] == ["karpenter.sh/termination"]
    assert claim["metadata"]["ownerReferences"][0]["kind"] == "NodePool"
    assert claim["status"]["providerID"].startswith("aws:///us-east-1")
    node = await cluster.get(f"/api/v1/nodes/{claim['status']['nodeName']}")
    assert node["metadata"]["labels"]["karpenter.sh/registered"] == "true"
    assert node["metadata"]["labels"]["karpenter.sh/initialized"] == "true"
    assert not any(taint["key"] == "karpenter.sh/unregistered" for taint in node["spec"].get("taints", []))

    def healthy() -> bool:
        return is_true(cluster.world.of("nodepools")["general"].conditions, "NodeRegistrationHealthy")

    await cluster.until(healthy, "the NodePool's nodes register")
    pool = await cluster.get("/apis/karpenter.sh/v1/nodepools/general")
    assert pool["status"]["nodeClassObservedGeneration"] == 1
    (instance,) = await cluster.instances()
    assert instance.node_pool == "general"
    assert instance.claim == name
    (timeline, *_) = [entry for key, entry in cluster.world.pod_timelines.items() if key.startswith("default/inflate")]
    assert timeline.unschedulable and timeline.decided and timeline.bound
    assert timeline.created <= timeline.unschedulable <= timeline.decided <= timeline.bound


async def test_pods_that_come_while_a_nodeclaim_is_still_being_made_do_not_have_it_made_twice() -> None:
    asked, answered = asyncio.Event(), asyncio.Event()

    async def slow(moment: str, _: int, act: Act) -> None:
        if (moment, act.verb, act.resource) == ("before", "create", "nodeclaims"):
            asked.set()
            await answered.wait()

    async with active_cluster(started=False) as cluster:
        cluster.hook = slow
        await cluster.start()
        await cluster.apply(manifests.deployment("first", {"cpu": "7"}, replicas=1))
        async with asyncio.timeout(60):
            await asked.wait()
        await cluster.apply(manifests.deployment("second", {"cpu": "7"}, replicas=1))
        await cluster.until(lambda: len(cluster.world.provisionable) == 2, "both are given up on")
        await cluster.lab.clock.sleep(3 * cluster.options.batch_idle_duration)
        answered.set()
        await cluster.until(lambda: cluster.bound("default/") == 2, "both pods bound")
        launched = [entry.pods for entry in cluster.world.decisions.values() if entry.kind is DecisionKind.LAUNCH]
        first = [pods for pods in launched if any(pod.startswith("default/first") for pod in pods)]
        assert len(first) == 1, launched


async def test_a_pod_that_no_node_could_hold_is_told_why(cluster: ActiveCluster) -> None:
    pools = cluster.world.of("nodepools")
    await cluster.until(lambda: "general" in pools and is_true(pools["general"].conditions, "Ready"), "its pool ready")
    await cluster.apply(manifests.deployment("giant", {"cpu": "4000"}, replicas=1))

    async def told() -> list[str]:
        items = (await cluster.get("/api/v1/namespaces/default/events"))["items"]
        ours = [item for item in items if item["source"].get("component") == "karptui"]
        return [item["message"] for item in ours if item["reason"] == "FailedScheduling"]

    async with asyncio.timeout(60):
        while not (messages := await told()):
            await asyncio.sleep(0.05)
    (message,) = messages
    assert message.startswith("Failed to schedule pod, ")
    assert "general" in message


async def test_controllers_killed_in_the_middle_of_a_launch_leave_one_instance_for_each_claim(
    cluster: ActiveCluster,
) -> None:
    await cluster.apply(manifests.deployment("inflate", {"cpu": "1"}, replicas=3))
    await cluster.until(lambda: bool(cluster.world.of("nodeclaims")), "a NodeClaim")
    await cluster.restart()
    await cluster.until(lambda: any(isinstance(event, events.CloudCalled) for event in cluster.seen), "a launch")
    await cluster.restart()
    await cluster.until(lambda: cluster.bound("default/inflate") == 3, "three pods bound")
    claims = cluster.world.of("nodeclaims")
    instances = await cluster.instances()
    assert sorted(claim.provider_id for claim in claims.values()) == sorted(entry.provider_id for entry in instances)


async def test_an_interrupted_spot_instance_is_replaced_and_its_pods_run_elsewhere(cluster: ActiveCluster) -> None:
    spot: dict[str, Any] = {"nodeSelector": {"karpenter.sh/capacity-type": "spot"}}
    await cluster.apply(manifests.deployment("web", {"cpu": "500m"}, replicas=4, **spot))
    await cluster.until(lambda: cluster.bound("default/web") == 4, "four pods bound")
    await cluster.until(lambda: len(_ready_claims(cluster)) == 1, "the claim ready")
    (first,) = _ready_claims(cluster)
    claim = cluster.world.of("nodeclaims")[first]
    await cluster.lab.interrupt(claim.provider_id.rpartition("/")[2])
    await cluster.until(lambda: first not in cluster.world.of("nodeclaims"), "the interrupted claim gone")
    await cluster.until(lambda: cluster.bound("default/web") == 4, "the pods bound again")
    assert claim.provider_id.rpartition("/")[2] in cluster.world.interruptions
    pods = cluster.world.of("pods")
    await cluster.until(lambda: all(pod.node_name != claim.node_name for pod in pods.values()), "no pod left behind")
    (replacement,) = _ready_claims(cluster)
    node = cluster.world.of("nodeclaims")[replacement].node_name
    ready = next(number for number, event in enumerate(cluster.seen) if _usable(event, node))
    evicted = _evictions(cluster)[0]
    # A slow machine needs longer for a node than the lab's quick clock leaves: then the pods' own time counts.
    assert ready < evicted or cluster.seen[evicted].at >= _latest(cluster, claim)


async def test_without_a_replacement_an_interrupted_node_is_drained_in_time_for_its_pods_to_end(
    cluster: ActiveCluster,
) -> None:
    spot: dict[str, Any] = {"nodeSelector": {"karpenter.sh/capacity-type": "spot"}}
    await cluster.apply(manifests.deployment("web", {"cpu": "500m"}, replicas=2, **spot))
    await cluster.until(lambda: cluster.bound("default/web") == 2, "two pods bound")
    await cluster.until(lambda: len(_ready_claims(cluster)) == 1, "the claim ready")
    (claim,) = cluster.world.of("nodeclaims").values()
    cluster.by_hand.hold((events.LAUNCHES,))
    await cluster.lab.interrupt(claim.provider_id.rpartition("/")[2])
    await cluster.until(lambda: bool(_evictions(cluster)), "the drain")
    assert cluster.seen[_evictions(cluster)[0]].at >= _latest(cluster, claim)


async def test_what_nobody_needs_any_more_is_given_back(cluster: ActiveCluster) -> None:
    await cluster.apply(manifests.deployment("inflate", {"cpu": "1"}, replicas=2))
    await cluster.until(lambda: cluster.bound("default/inflate") == 2, "two pods bound")
    await cluster.scale("inflate", 0)
    await cluster.until(lambda: not cluster.world.of("nodeclaims"), "every claim gone")
    assert await cluster.instances() == []
    assert any(decision.cause == "Empty" for decision in cluster.world.decisions.values())


async def test_a_pod_disruption_budget_holds_a_drain_until_it_allows_it(cluster: ActiveCluster) -> None:
    await cluster.apply(manifests.deployment("api", {"cpu": "1"}, replicas=2))
    budget = {"selector": {"matchLabels": {"app": "api"}}, "maxUnavailable": 0}
    await cluster.apply(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "api", "namespace": "default"},
            "spec": budget,
        }
    )
    await cluster.until(lambda: cluster.bound("default/api") == 2, "two pods bound")
    await cluster.until(lambda: len(_ready_claims(cluster)) == 1, "the claim ready")
    (name,) = _ready_claims(cluster)
    await cluster.connection.request("DELETE", f"/apis/karpenter.sh/v1/nodeclaims/{name}")
    await cluster.until(lambda: _draining(cluster, name), "the drain begun")
    before = cluster.lab.clock.now()
    await cluster.until(lambda: cluster.lab.clock.now() - before > 60, "a minute of the cluster's time")
    assert cluster.bound("default/api") == 2
    patch = b'{"spec": {"maxUnavailable": 1}}'
    path = "/apis/policy/v1/namespaces/default/poddisruptionbudgets/api"
    await cluster.connection.request("PATCH", path, patch, content_type="application/merge-patch+json")
    await cluster.until(lambda: name not in cluster.world.of("nodeclaims"), "the claim gone")
