"""Says where nothing is launched because ARC shifts traffic away from a zone (spec/aws.md 1.8, 10)."""

from collections.abc import Mapping

from karptui.control.hands import Hands
from karptui.model.instance_type import Catalogue
from karptui.world import events


class ZonalShifts:
    """Tells NodePools as Events when a shift begins and ends, and once why shifts cannot be known."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._told: dict[str, frozenset[str]] = {}  # by NodePool: zones of which it was said
        self._trouble = ""

    async def tell(self, by_class: Mapping[str, Catalogue], of_pool: Mapping[str, str]) -> None:
        """Say what is new. `of_pool` gives the key of a pool's NodeClass."""
        self._told = {pool: zones for pool, zones in self._told.items() if pool in of_pool}
        for pool, key in of_pool.items():
            shifted = frozenset(by_class[key].shifted) if key in by_class else frozenset[str]()
            before, self._told[pool] = self._told.get(pool, frozenset()), shifted
            for zone in sorted(shifted - before):
                words = f"Traffic is shifted away from zone {zone}: nothing is launched there"
                await self._announce(pool, "ZonalShiftActive", words, warning=True)
            for zone in sorted(before - shifted):
                words = f"Traffic is no longer shifted away from zone {zone}"
                await self._announce(pool, "ZonalShiftCleared", words)
        trouble = next((catalogue.shifts_unknown for catalogue in by_class.values() if catalogue.shifts_unknown), "")
        if trouble and not self._trouble:
            words = f"{trouble}; what was known of them goes on being so until it is over"
            self._hands.sink(events.Problem(self._hands.now(), "zonal shifts", words))
        self._trouble = trouble

    async def _announce(self, pool: str, reason: str, words: str, *, warning: bool = False) -> None:
        found = self._hands.world.of("nodepools").get(pool)
        if found is not None:
            await self._hands.announce("NodePool", found.metadata, reason, words, warning=warning)
