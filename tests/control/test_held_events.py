"""What `kubectl describe` says of nodes that stay."""

import json
from typing import Any

from karptui.engine.explain.event_text import NO_COMPATIBLE_TYPES, NO_COMPATIBLE_TYPES_FOR_MIN_VALUES
from karptui.lab import manifests
from karptui.model.metadata import is_true
from tests.control.active_cluster import ActiveCluster, active_cluster
from tests.control_plane.polling import until

BUDGET = "/apis/policy/v1/namespaces/default/poddisruptionbudgets/api"
POOL = "/apis/karpenter.sh/v1/nodepools/general"


async def told(cluster: ActiveCluster, reason: str, kind: str) -> list[str]:
    """What the Events of a reason say about objects of a kind."""
    items: list[dict[str, Any]] = (await cluster.get("/api/v1/events"))["items"]
    return [item["message"] for item in items if item["reason"] == reason and item["involvedObject"]["kind"] == kind]


async def patch(cluster: ActiveCluster, path: str, spec: dict[str, Any]) -> None:
    body = json.dumps({"spec": spec}).encode()
    await cluster.connection.request("PATCH", path, body, content_type="application/merge-patch+json")


async def test_a_node_that_stays_is_told_why_and_its_nodepool_when_budgets_are_closed() -> None:
    async with active_cluster() as cluster:
        await cluster.apply(manifests.deployment("api", {"cpu": "1"}, replicas=2))
        await cluster.apply(
            {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": {"name": "api", "namespace": "default"},
                "spec": {"selector": {"matchLabels": {"app": "api"}}, "maxUnavailable": 0},
            }
        )
        await cluster.until(lambda: cluster.bound("default/api") == 2, "two pods bound")
        claims = cluster.world.of("nodeclaims")
        await cluster.until(lambda: all(is_true(c.conditions, "Consolidatable") for c in claims.values()), "settled")

        for kind in ("Node", "NodeClaim"):

            async def blocked(kind: str = kind) -> bool:
                messages = await told(cluster, "DisruptionBlocked", kind)
                return any("PodDisruptionBudget default/api" in message for message in messages)

            await until(blocked, f"the {kind} told of the PodDisruptionBudget")

        await patch(cluster, BUDGET, {"maxUnavailable": 1})

        async def refused() -> bool:
            return any("Spot for spot" in message for message in await told(cluster, "Unconsolidatable", "Node"))

        await until(refused, "the Node told why it is not replaced")
        assert not await told(cluster, "DisruptionBlocked", "NodePool")
        await patch(cluster, POOL, {"disruption": {"budgets": [{"nodes": "0", "reasons": ["Drifted"]}]}})

        async def closed() -> list[str]:
            return await told(cluster, "DisruptionBlocked", "NodePool")

        await until(closed, "the NodePool told of its budget")
        assert await closed() == ["Its budgets let no node go now for the reason Drifted"]
        assert len(claims) == len(await cluster.instances())


async def test_a_nodepool_that_no_instance_type_suits_is_told_so() -> None:
    async with active_cluster() as cluster:
        nowhere = {"key": "karpenter.k8s.aws/instance-family", "operator": "In", "values": ["m99"]}
        pool = (await cluster.get(POOL))["spec"]["template"]
        pool["spec"]["requirements"].append(nowhere)
        await patch(cluster, POOL, {"template": pool})
        await cluster.apply(manifests.deployment("api", {"cpu": "1"}, replicas=1))

        async def said() -> list[str]:
            return await told(cluster, "NoCompatibleInstanceTypes", "NodePool")

        assert await until(said, "the NodePool told") == [NO_COMPATIBLE_TYPES]
        family = {
            "key": "karpenter.k8s.aws/instance-family",
            "operator": "In",
            "values": ["m6i", "m99"],
            "minValues": 2,
        }
        pool["spec"]["requirements"][-1] = family
        await patch(cluster, POOL, {"template": pool})
        await cluster.apply(manifests.deployment("web", {"cpu": "1"}, replicas=1))

        async def said_otherwise() -> bool:
            return NO_COMPATIBLE_TYPES_FOR_MIN_VALUES in await said()

        await until(said_otherwise, "the NodePool told of minValues")
