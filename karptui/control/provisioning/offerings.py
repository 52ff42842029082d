"""Keeps the World's catalogue what the cloud offers now: types, prices, and what lately ran out."""

from karptui.cloud.for_pools import for_all
from karptui.cloud.provider import CloudError, Measured
from karptui.control.hands import Hands
from karptui.control.provisioning.zonal_shifts import ZonalShifts
from karptui.model.instance_type import Catalogue
from karptui.model.metadata import is_true
from karptui.world import events
from karptui.world.world import World

LOOK_SECONDS = 1.0  # the provider answers from memory and gives the same object while nothing changed


class Offerings:
    """Asks the provider for every NodeClass in turn and tells the World what is new, for all NodePools together."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._known: dict[str, Catalogue] = {}  # by key of the NodeClass
        self._told: tuple[object, ...] = ()
        self._said = ""
        self._shifts = ZonalShifts(hands)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await self._hands.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Ask once, and tell the World if anything changed."""
        node_classes = dict(self._hands.world.of("nodeclasses"))
        self._known = {key: catalogue for key, catalogue in self._known.items() if key in node_classes}
        measured = measured_in(self._hands.world)
        for key, node_class in node_classes.items():
            if self._hands.provider.node_class not in ("", node_class.kind):
                continue
            try:
                self._known[key] = await self._hands.provider.instance_types(node_class, measured.get(key, ()))
            except CloudError as error:
                if str(error) != self._said:
                    self._said = str(error)
                    self._hands.sink(events.Problem(self._hands.now(), "instance types", self._said))
        pools = self._hands.world.of("nodepools").items()
        of_pool = {key: pool.template.node_class.key for key, pool in pools}
        used = {key: known for key, known in self._known.items() if key in of_pool.values()} or self._known
        asked = (tuple(used.items()), tuple((pool, key) for pool, key in sorted(of_pool.items()) if key in used))
        if used and asked != self._told:
            self._told = asked
            self._hands.sink(events.CatalogueSeen(self._hands.now(), for_all(used, of_pool)))
        await self._shifts.tell(self._known, of_pool)


def measured_in(world: World) -> dict[str, list[Measured]]:
    """What the nodes of registered NodeClaims have, by key of the NodeClass."""
    found: dict[str, list[Measured]] = {}
    nodes = world.of("nodes")
    for claim in world.of("nodeclaims").values():
        node = nodes.get(claim.node_name)
        memory = node.capacity.get("memory") if node is not None and is_true(claim.conditions, "Registered") else None
        if memory and claim.image_id and claim.metadata.deleted is None:
            measured = Measured(claim.instance_type, claim.image_id, memory)
            found.setdefault(claim.node_class.key, []).append(measured)
    return found
