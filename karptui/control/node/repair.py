"""Nodes that stay unhealthy are replaced, if that is switched on (spec/lifecycle.md 7.2)."""

import math
from collections.abc import Iterable

from karptui.control.hands import Hands
from karptui.control.node.times import termination_time
from karptui.kube.timestamps import rfc3339
from karptui.model.labels import TERMINATION_TIMESTAMP
from karptui.model.node import Node, NodeClaim

HALF_AN_HOUR, TEN_MINUTES = 1800.0, 600.0
_READY = (("Ready", "False"), ("Ready", "Unknown"))
_AGENT = ("StorageReady", "NetworkingReady", "KernelReady", "ContainerRuntimeReady")
EC2_POLICIES = {
    **dict.fromkeys(_READY, HALF_AN_HOUR),
    ("AcceleratedHardwareReady", "False"): TEN_MINUTES,
    **{(type_, "False"): HALF_AN_HOUR for type_ in _AGENT},
}
"""(condition, status) → seconds it is put up with; those of Karpenter's AWS provider."""
POLICIES = {"KWOKNodeClass": dict.fromkeys(_READY, TEN_MINUTES)}
"""By kind of NodeClass where a provider has others: those of Karpenter's KWOK provider."""
BLOCKED_SECONDS = 300.0  # until a node that is kept by an outage is looked at again
MOST_UNHEALTHY = 0.2  # of a pool's nodes: more of them is an outage, which new nodes would not end


class Repair:
    """Claims whose node has been unhealthy for too long: forceful, without budgets."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._policies = POLICIES.get(hands.provider.node_class, EC2_POLICIES)
        self._blocked: dict[str, float] = {}  # when it was last said of a node that too many others are unhealthy

    def due(self) -> Iterable[str]:
        """Those, and those of which it is to be said that too many others are."""
        world, now = self._hands.world, self._hands.now()
        for key, claim in world.of("nodeclaims").items():
            node = world.of("nodes").get(claim.node_name)
            if node is None or claim.metadata.deleted is not None or not self._overdue(node):
                continue
            if now >= self._blocked.get(node.metadata.uid, -math.inf) + BLOCKED_SECONDS:
                yield key

    async def reconcile(self, key: str) -> None:
        """Set the deadline to now, whatever its grace period says, and delete it; or say why not."""
        world, now = self._hands.world, self._hands.now()
        claim: NodeClaim | None = world.of("nodeclaims").get(key)
        node: Node | None = world.of("nodes").get(claim.node_name) if claim is not None else None
        if claim is None or node is None or not self._overdue(node):
            return
        if outage := self._outage(claim.node_pool):
            self._blocked = {uid: at for uid, at in self._blocked.items() if now - at < BLOCKED_SECONDS}
            self._blocked[node.metadata.uid] = now
            await self._hands.announce("Node", node.metadata, "NodeRepairBlocked", outage, warning=True)
            return
        deadline = termination_time(claim)
        if deadline is None or deadline > now:
            metadata = {"annotations": {TERMINATION_TIMESTAMP: rfc3339(now)}}
            await self._hands.kube.patch("nodeclaims", key, {"metadata": metadata})
        await self._hands.kube.delete("nodeclaims", key, uid=claim.metadata.uid)

    def _outage(self, pool: str) -> str:
        """Why no node of the pool is replaced, or ""; without a pool all nodes count."""
        nodes = [node for node in self._hands.world.of("nodes").values() if not pool or node.node_pool == pool]
        unhealthy = sum(self._until(node) is not None for node in nodes)
        if unhealthy <= math.ceil(MOST_UNHEALTHY * len(nodes)):
            return ""
        where = f"NodePool {pool}" if pool else "the cluster"
        return f"{unhealthy} of {len(nodes)} nodes of {where} are unhealthy: more than a fifth is taken for an outage"

    def _overdue(self, node: Node) -> bool:
        until = self._until(node)
        return until is not None and self._hands.now() >= until

    def _until(self, node: Node) -> float | None:
        """When the patience with a node's first unhealthy condition ends; None: it is healthy."""
        # Asked of every node at every look: by what it has, as that is less than what there are policies for.
        ends = [
            entry.changed + self._policies[said]
            for entry in node.conditions
            if (said := (entry.type, entry.status)) in self._policies
        ]
        return min(ends, default=None)
