"""NodeOverlays at launch (spec/aws.md 3.1): instances are bought as planning saw them, at the overlays' prices."""

from karptui.cloud.provider import LaidOver, as_it_is
from karptui.control.hands import Hands
from karptui.engine.provisioning.overlays import GATE, overlaid
from karptui.model.instance_type import Catalogue
from karptui.model.node_overlay import NodeOverlay
from karptui.model.nodepool import NodePool
from karptui.model.snapshot import Snapshot


class OverlaysAtLaunch:
    """Lays the NodeOverlays that count over what the cloud offers at the moment of a launch."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._seen: dict[str, tuple[tuple[object, ...], Catalogue, Catalogue]] = {}  # by NodePool, the latest

    def of(self, pool_name: str) -> LaidOver:
        """What a NodePool sees; a claim of no NodePool sees no overlay, as with Karpenter."""
        world = self._hands.world
        pool: NodePool | None = world.of("nodepools").get(pool_name)
        if pool is None or not world.of("nodeoverlays") or not world.options.gate(GATE):
            return as_it_is
        # Which of them count is decided over all NodePools: one that conflicts anywhere counts nowhere.
        standing = overlaid(self._grounds(world.catalogue, world.of("nodepools"), world.of("nodeoverlays"))).standing
        counting = {key: entry for key, entry in world.of("nodeoverlays").items() if not standing[key]}
        return lambda catalogue: self._laid_over(catalogue, pool, counting)

    def _laid_over(self, catalogue: Catalogue, pool: NodePool, counting: dict[str, NodeOverlay]) -> Catalogue:
        # Not the pool itself, whose status is written at every launch; overlays are compared by identity.
        told = (pool.template.labels, tuple(counting.values()))
        known = self._seen.get(pool.key)
        if known is not None and known[1] is catalogue and known[0] == told:
            return known[2]
        found = overlaid(self._grounds(catalogue, {pool.key: pool}, counting)).catalogue
        self._seen[pool.key] = (told, catalogue, found)
        return found

    def _grounds(self, catalogue: Catalogue, pools: dict[str, NodePool], overlays: dict[str, NodeOverlay]) -> Snapshot:
        world = self._hands.world
        return Snapshot(
            world.number,
            self._hands.now(),
            world.options,
            catalogue,
            node_pools=dict(pools),
            node_overlays=dict(overlays),
        )
