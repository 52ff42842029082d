"""What the nodes of each NodePool add up to (spec/lifecycle.md 6.4), and whether that is beyond its limits."""

from collections import Counter
from collections.abc import Collection

from karptui.model.metadata import is_true
from karptui.model.nodepool import NodePool
from karptui.model.quantity import NANO
from karptui.model.resources import Resources, format_resources
from karptui.world.world import World

ALWAYS = ("cpu", "memory", "pods", "ephemeral-storage", "nodes")
KNOWN_SECONDS = 1.0


def capacity_of_pools(world: World, pools: Collection[str]) -> dict[str, Resources]:
    """Capacity by NodePool of the nodes that stay, launched but unregistered ones too; "nodes" is their number."""
    sums = {key: Counter[str](dict.fromkeys(ALWAYS, 0)) for key in pools}
    for claim in world.of("nodeclaims").values():
        going = claim.metadata.deleted is not None or is_true(claim.conditions, "InstanceTerminating")
        if going or not claim.provider_id or claim.node_pool not in sums:
            continue
        node = world.of("nodes").get(claim.node_name)
        own = node.capacity if node is not None and is_true(claim.conditions, "Initialized") else claim.capacity
        sums[claim.node_pool].update(own)
        sums[claim.node_pool]["nodes"] += NANO
    return {key: dict(found) for key, found in sums.items()}


class PoolLimits:
    """Looked at once more before a NodeClaim is created (spec/lifecycle.md 1.1): decided was from an older cluster."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[str, tuple[float, Resources]] = {}  # a round makes hundreds at once, of one pool

    def exceeded(self, pool: NodePool, now: float) -> str:
        """What the pool has more of than its limits allow, in words, or ""; just as much is within them."""
        if not pool.limits:
            return ""
        at, held = self._known.get(pool.key, (0.0, {}))
        if not 0.0 <= now - at < KNOWN_SECONDS:
            held = capacity_of_pools(self._world, (pool.key,))[pool.key]
            self._known[pool.key] = now, held
        over = {name: held[name] for name, most in sorted(pool.limits.items()) if held.get(name, 0) > most}
        have, may = format_resources(over), format_resources({name: pool.limits[name] for name in over})
        return ", ".join(f"{name} {have[name]} of {may[name]}" for name in over)
