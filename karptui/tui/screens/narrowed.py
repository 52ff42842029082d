"""A screen whose list can be asked for with a filter, before it is there."""

from typing import TYPE_CHECKING

from karptui.tui.lists.filter import FilterFault, parse_filter

if TYPE_CHECKING:
    from karptui.tui.screens.frame import Frame

    Base = Frame
else:
    Base = object


class Narrowed(Base):
    """Mixed into a Frame; its `on_mount` ends with `narrow_now`."""

    _words = ""

    def narrow(self, words: str) -> None:
        """Show only what passes this filter, as if it had been typed behind `/`."""
        self._words = words
        if self.is_mounted:
            self.narrow_now()

    def narrow_now(self) -> None:
        """What was asked for before there was a list."""
        words, self._words, listing = self._words, "", self.listing
        if not words or listing is None:
            return
        try:
            listing.set_filter(parse_filter(words))
        except FilterFault as fault:
            self.live.tell(str(fault), "warn")
        self.live.clock.dirty.mark("cursor", "filter")
        self.live.clock.draw_now()
