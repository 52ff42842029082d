"""How much a NodePool has: status.resources and status.nodes, every five seconds (spec/lifecycle.md 1.7)."""

from collections.abc import Iterable

from karptui.control.hands import Hands
from karptui.control.provisioning.pool_capacity import capacity_of_pools
from karptui.model.nodepool import NodePool
from karptui.model.quantity import NANO
from karptui.model.resources import format_resources

EVERY_SECONDS = 5.0


class PoolStatus:
    """Writes what the nodes of each pool add up to."""

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
        pools = self._hands.world.of("nodepools")
        counted = capacity_of_pools(self._hands.world, pools)
        for key, pool in pools.items():
            if pool.resources != counted[key]:
                yield key

    async def reconcile(self, key: str) -> None:
        """Write it."""
        pool: NodePool | None = self._hands.world.of("nodepools").get(key)
        if pool is not None:
            found = capacity_of_pools(self._hands.world, (key,))[key]
            gone = dict.fromkeys(pool.resources.keys() - found.keys())
            status = {"resources": {**format_resources(found), **gone}, "nodes": found["nodes"] // NANO}
            await self._hands.kube.patch("nodepools", key, {"status": status}, subresource="status")
