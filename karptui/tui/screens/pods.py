"""Pods: those that wait first, by who waits longest; then those bound most recently."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from karptui.tui.actions import bindings_of
from karptui.tui.clock import SECOND
from karptui.tui.lists import tables
from karptui.tui.screens.frame import Frame
from karptui.tui.screens.narrowed import Narrowed
from karptui.tui.subject import Subject
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.views.lists.pods import PodRow, PodRows
from karptui.views.wording import plural


class PodsScreen(Narrowed, Frame):
    """One list."""

    place = "pods"
    why_below = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("pods")]

    def __init__(self) -> None:
        super().__init__()
        self._only_pending = False
        self._rows: PodRows | None = None

    def body(self) -> ComposeResult:
        """The list."""
        table = tables.with_labels(tables.PODS, self.live.extra_labels, self._labels)
        yield Panel("Pods", Listing(table, "pod", empty="No pod yet.", id="pods"))

    def _labels(self, row: PodRow) -> Mapping[str, str]:
        pod = self.live.picture.world.of("pods").get(row.key)
        return pod.metadata.labels if pod is not None else {}

    def on_mount(self) -> None:
        """Draw when pods change, or what they wait for."""
        super().on_mount()
        listing = self.query_one("#pods", Listing)
        topics = ("pods", "preview", "nodeclaims", "decisions", "second", "frozen", "filter")
        self.live.clock.draws(listing, topics, self._draw)
        listing.focus()
        self.narrow_now()

    def _draw(self, topics: frozenset[str]) -> None:
        picture = self.live.picture
        if topics == {SECOND} and self._rows is not None:
            rows = self._rows.at(picture.now())
        else:
            rows = self._rows = picture.pods()
        listing = self.query_one("#pods", Listing)
        listing.show(rows.pending() if self._only_pending else rows)
        shown, of = listing.counts
        words = f"Pods, {shown:,} of {len(rows):,}" if shown != len(rows) else f"Pods {of:,}"
        notes = ["only those that wait"] if self._only_pending else []
        notes += [f"/ {listing.chosen_filter.source}"] if listing.chosen_filter else []
        self.query_one(Panel).set_title(words, "   ".join(notes))

    def action_show_pending(self) -> None:
        """Only those that wait, or all."""
        self._only_pending = not self._only_pending
        self._draw(frozenset())

    def action_show_why(self) -> None:
        """Its way, stage by stage."""
        self.action_show_timeline()

    def sentence(self) -> str:
        """About the pod under the cursor."""
        item: Any = self.query_one("#pods", Listing).item
        world = self.live.picture.world
        if item is None:
            return "no pod has been seen yet"
        if item.key in world.pending:
            return f"{item.key} waits: {item.state}"
        bound = f", bound in {item.bound}" if item.bound else ""
        return f"{plural(len(world.pending), 'pod')} pending; {item.key} is on {item.node}{bound}"

    def subject_of(self, listing: "Listing[Any]", key: str) -> Subject | None:
        """A pod."""
        return Subject("pod", key)
