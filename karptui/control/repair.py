"""Nodes that stay unhealthy are replaced, if that is switched on (spec/lifecycle.md 7.2)."""

import math
from collections.abc import Iterable

from karptui.control.hands import Hands
from karptui.control.times import termination_time
from karptui.kube.timestamps import rfc3339
from karptui.model.labels import TERMINATION_TIMESTAMP
from karptui.model.metadata import condition
from karptui.model.node import Node, NodeClaim

HALF_AN_HOUR, TEN_MINUTES = 1800.0, 600.0
# (condition, status) → seconds it is put up with; those of Karpenter's AWS provider.
TOLERATED = {
    ("Ready", "False"): HALF_AN_HOUR,
    ("Ready", "Unknown"): HALF_AN_HOUR,
    ("AcceleratedHardwareReady", "False"): TEN_MINUTES,
    ("StorageReady", "False"): HALF_AN_HOUR,
    ("NetworkingReady", "False"): HALF_AN_HOUR,
    ("KernelReady", "False"): HALF_AN_HOUR,
    ("ContainerRuntimeReady", "False"): HALF_AN_HOUR,
}
MOST_UNHEALTHY = 0.2  # of a pool's nodes: more of them is an outage, which new nodes would not end


class Repair:
    """Claims whose node has been unhealthy for too long: forceful, without budgets."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def due(self) -> Iterable[str]:
        """Those, unless too many of their pool are."""
        world, now = self._hands.world, self._hands.now()
        for key, claim in world.of("nodeclaims").items():
            node = world.of("nodes").get(claim.node_name)
            if node is None or claim.metadata.deleted is not None:
                continue
            until = _until(node)
            if until is not None and now >= until and not self._outage(node.node_pool):
                yield key

    async def reconcile(self, key: str) -> None:
        """Set the deadline to now, whatever its grace period says, and delete it."""
        claim: NodeClaim | None = self._hands.world.of("nodeclaims").get(key)
        if claim is None:
            return
        now, deadline = self._hands.now(), termination_time(claim)
        if deadline is None or deadline > now:
            metadata = {"annotations": {TERMINATION_TIMESTAMP: rfc3339(now)}}
            await self._hands.kube.patch("nodeclaims", key, {"metadata": metadata})
        await self._hands.kube.delete("nodeclaims", key, uid=claim.metadata.uid)

    def _outage(self, pool: str) -> bool:
        nodes = [node for node in self._hands.world.of("nodes").values() if node.node_pool == pool]
        unhealthy = sum(_until(node) is not None for node in nodes)
        return unhealthy > math.ceil(MOST_UNHEALTHY * len(nodes))


def _until(node: Node) -> float | None:
    """When the patience with a node's first unhealthy condition ends; None: it is healthy."""
    ends = [
        entry.changed + seconds
        for (type_, status), seconds in TOLERATED.items()
        if (entry := condition(node.conditions, type_)) is not None and entry.status == status
    ]
    return min(ends, default=None)
