"""The log: what every source said, newest last."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from karptui.tui.actions import bindings_of
from karptui.tui.lists import tables
from karptui.tui.screens.frame import Frame
from karptui.tui.screens.narrowed import Narrowed
from karptui.tui.segments.line import Line
from karptui.tui.subject import Subject
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.answers.why import find


class LogScreen(Narrowed, Frame):
    """One list that follows its end until somebody moves away from it."""

    place = "log"
    why_below = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("log")]

    def __init__(self) -> None:
        super().__init__()
        self._only_problems = False
        self._following = True

    def body(self) -> ComposeResult:
        """The list."""
        yield Panel("Log", Listing(tables.LOG, "log", empty="Nothing has been said yet.", follow="last", id="log"))

    def on_mount(self) -> None:
        """Draw when somebody says something."""
        super().on_mount()
        listing = self.query_one("#log", Listing)
        topics = (
            "events", "problems", "streams", "narration", "nodeclaims", "decisions", "frozen", "filter", "cursor",
        )  # fmt: skip
        self.live.clock.draws(listing, topics, self._draw)
        listing.focus()
        self.narrow_now()

    def _draw(self, topics: frozenset[str]) -> None:
        listing = self.query_one("#log", Listing)
        if topics != {"cursor"}:
            rows = self.live.picture.log()
            listing.show([row for row in rows if row.role == "bad"] if self._only_problems else rows)
        shown, of = listing.counts
        words = f"Log, {shown:,} of {of:,}" if listing.chosen_filter else f"Log {of:,}"
        notes = ["following" if listing.at_end else "f follows the newest"]
        notes += ["only problems"] if self._only_problems else []
        notes += [f"/ {listing.chosen_filter.source}"] if listing.chosen_filter else []
        self.query_one(Panel).set_title(words, "   ".join(notes))

    def action_follow_log(self) -> None:
        """To the newest line, and stay there."""
        listing = self.query_one("#log", Listing)
        listing.action_move_cursor(listing.counts[0])

    def action_show_problems(self) -> None:
        """Only problems, or everything."""
        self._only_problems = not self._only_problems
        self._draw(frozenset())

    def _draw_why_below(self, topics: frozenset[str]) -> None:
        """The line in full, then the object it is about."""
        item: Any = self.query_one("#log", Listing).item
        told: list[Line] = []
        if item is not None:
            told = [((f"{item.at}  {item.source}  ", "dim"), (item.about, "strong")), ((item.text, item.role),)]
        subject = self.subject
        lines = self.live.why(subject).lines if subject is not None else []
        self.query_one("#why-below", TextPane).show([*told, *lines])
        self.query_one("#why-below-box", Panel).set_title("The line in full", "⏎ its object" if subject else "")

    def sentence(self) -> str:
        """The line under the cursor in full: a long one is cut in the list."""
        item: Any = self.query_one("#log", Listing).item
        return f"{item.about}: {item.text}" if item is not None else "nothing has been said yet"

    def subject_of(self, listing: "Listing[Any]", key: str) -> Subject | None:
        """The object the line is about, if it is still there."""
        item: Any = listing.item
        if item is None:
            return None
        name = item.about.rpartition(" ")[2]
        found = find(self.live.picture.world, name) if name else None
        return Subject(*found) if found is not None else None
