"""How much a NodePool has: status.resources and status.nodes, every five seconds (spec/lifecycle.md 1.7)."""

from collections import Counter
from collections.abc import Iterable

from karptui.control.hands import Hands
from karptui.model.metadata import is_true
from karptui.model.nodepool import NodePool
from karptui.model.quantity import NANO
from karptui.model.resources import Resources, format_resources

EVERY_SECONDS = 5.0
ALWAYS = ("cpu", "memory", "pods", "ephemeral-storage", "nodes")


class PoolStatus:
    """Counts the capacity of nodes that stay, launched but unregistered ones included."""

    resource = "nodepools"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._counted = 0.0

    def due(self) -> Iterable[str]:
        """Pools whose status says something else."""
        now = self._hands.now()
        if now - self._counted < EVERY_SECONDS:
            return
        self._counted = now
        counted = self._count()
        for key, pool in self._hands.world.of("nodepools").items():
            if pool.resources != counted[key]:
                yield key

    async def reconcile(self, key: str) -> None:
        """Write it."""
        pool: NodePool | None = self._hands.world.of("nodepools").get(key)
        if pool is not None:
            found = self._count()[key]
            gone = dict.fromkeys(pool.resources.keys() - found.keys())
            status = {"resources": {**format_resources(found), **gone}, "nodes": found["nodes"] // NANO}
            await self._hands.kube.patch("nodepools", key, {"status": status}, subresource="status")

    def _count(self) -> dict[str, Resources]:
        world = self._hands.world
        sums = {key: Counter[str](dict.fromkeys(ALWAYS, 0)) for key in world.of("nodepools")}
        for claim in world.of("nodeclaims").values():
            going = claim.metadata.deleted is not None or is_true(claim.conditions, "InstanceTerminating")
            if going or not claim.provider_id or claim.node_pool not in sums:
                continue
            node = world.of("nodes").get(claim.node_name)
            own = node.capacity if node is not None and is_true(claim.conditions, "Initialized") else claim.capacity
            sums[claim.node_pool].update(own)
            sums[claim.node_pool]["nodes"] += NANO
        return {key: dict(found) for key, found in sums.items()}
