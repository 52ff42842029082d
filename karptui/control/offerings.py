"""Keeps the World's catalogue what the cloud offers now: types, prices, and what lately ran out."""

from karptui.cloud.provider import CloudError
from karptui.control.hands import Hands
from karptui.model.instance_type import Catalogue
from karptui.world import events

LOOK_SECONDS = 1.0  # the provider answers from memory and gives the same object while nothing changed


class Offerings:
    """Asks the provider for every NodeClass in turn and tells the World what is new."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._told: Catalogue | None = None
        self._said = ""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            for node_class in list(self._hands.world.of("nodeclasses").values()):
                if self._hands.provider.node_class not in ("", node_class.kind):
                    continue
                try:
                    found = await self._hands.provider.instance_types(node_class)
                except CloudError as error:
                    if str(error) != self._said:
                        self._said = str(error)
                        self._hands.sink(events.Problem(self._hands.now(), "instance types", self._said))
                    continue
                if found is not self._told:
                    self._told = found
                    self._hands.sink(events.CatalogueSeen(self._hands.now(), found))
            await self._hands.sleep(LOOK_SECONDS)
