"""What the controller says of NodeOverlays."""

from typing import Any

from karptui.model.metadata import condition
from karptui.model.snapshot import Options
from tests.control.active_cluster import ActiveCluster, active_cluster


def overlay(name: str, **spec: Any) -> dict[str, Any]:
    requirements = [{"key": "karpenter.k8s.aws/instance-category", "operator": "In", "values": ["c"]}]
    return {
        "apiVersion": "karpenter.sh/v1alpha1",
        "kind": "NodeOverlay",
        "metadata": {"name": name},
        "spec": {"requirements": requirements, "weight": 10, **spec},
    }


def told(cluster: ActiveCluster) -> dict[str, tuple[str, str]]:
    overlays = cluster.world.of("nodeoverlays").items()
    found = {key: condition(entry.conditions, "ValidationSucceeded") for key, entry in overlays}
    return {key: (entry.status, entry.reason) for key, entry in found.items() if entry is not None}


async def test_overlays_that_contradict_each_other_are_told_so_until_one_gives_way() -> None:
    async with active_cluster(started=False) as cluster:
        cluster.options = Options(feature_gates={"NodeOverlay": True})
        await cluster.apply(overlay("cheap", priceAdjustment="-10%"))
        await cluster.apply(overlay("dear", priceAdjustment="+10%"))
        await cluster.start()
        counts, conflict = ("True", "ValidationSucceeded"), ("False", "Conflict")
        await cluster.until(lambda: told(cluster) == {"cheap": conflict, "dear": counts}, "the conflict told")
        await cluster.patch("/apis/karpenter.sh/v1alpha1/nodeoverlays/cheap", {"spec": {"weight": 5}})
        await cluster.until(lambda: told(cluster) == {"cheap": counts, "dear": counts}, "both count")
        ready = condition(cluster.world.of("nodeoverlays")["cheap"].conditions, "Ready")
        assert ready is not None and ready.status == "True"
