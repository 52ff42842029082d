"""Decisions: every one, newest first; enter shows it type by type."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from karptui.tui.actions import bindings_of
from karptui.tui.lists import tables
from karptui.tui.screens.frame import Frame
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.views.emptiness import UNDECIDED

SHOWN = 2_000


class DecisionsScreen(Frame):
    """One list."""

    place = "decisions"
    why_below = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("decisions")]

    def body(self) -> ComposeResult:
        """The list."""
        listing = Listing(tables.DECISION_LIST, "decision", empty=UNDECIDED, follow="first", id="decisions")
        yield Panel("Decisions", listing)

    def on_mount(self) -> None:
        """Draw when something is decided, or what was decided has come about."""
        super().on_mount()
        listing = self.query_one("#decisions", Listing)
        self.live.clock.draws(listing, ("decisions", "nodeclaims", "frozen", "filter"), self._draw)
        listing.focus()

    def _draw(self, topics: frozenset[str]) -> None:
        listing = self.query_one("#decisions", Listing)
        listing.show(self.live.picture.decisions(SHOWN))
        shown, of = listing.counts
        note = "✓ came about   ✗ fits nowhere   ? something is not modelled"
        if self.live.run_shown.watch is not None or self.live.picture.world.verdicts:
            note = "✓ Karpenter did the same   ≈ by chance   ~ nearly   ✗ it did not"
        words = f"Decisions, {shown:,} of {of:,}" if listing.chosen_filter else f"Decisions {of:,}"
        self.query_one(Panel).set_title(words, f"/ {listing.chosen_filter.source}" if listing.chosen_filter else note)

    def sentence(self) -> str:
        """The decision under the cursor."""
        item: Any = self.query_one("#decisions", Listing).item
        return f"{item.key} {item.text}" if item is not None else "nothing has been decided yet"

    @property
    def shown_decision(self) -> str:
        """The one under the cursor."""
        return self.query_one("#decisions", Listing).cursor_key or ""
