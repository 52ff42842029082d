"""Why, in full: everything known about a pod, a group of pods, a node, a NodeClaim or a NodePool."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from karptui.tui.actions import bindings_of
from karptui.tui.screens.frame import Frame
from karptui.tui.segments.line import plain
from karptui.tui.subject import Subject
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.why import ALL_PODS, Why, why


class DetailScreen(Frame):
    """One box of text."""

    place = "detail"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("detail"), Binding("enter", "show_why", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self._subject = Subject("", "")
        self._found = Why("", [])

    def show_subject(self, subject: Subject) -> None:
        """What it is about."""
        self._subject = subject
        if self.is_mounted:
            self.query_one("#why", TextPane).scroll_to(y=0, animate=False)
            self.live.clock.dirty.mark("subject")

    @property
    def subject(self) -> Subject | None:
        """What it is about."""
        return self._subject

    def body(self) -> ComposeResult:
        """The text."""
        yield Panel("Why", TextPane((), indent=4, id="why"))

    def on_mount(self) -> None:
        """Draw when anything changes."""
        super().on_mount()
        pane = self.query_one("#why", TextPane)
        topics = (
            "subject", "pods", "nodes", "nodeclaims", "nodepools", "decisions", "preview", "second", "frozen",
        )  # fmt: skip
        self.live.clock.draws(pane, topics, self._draw)
        pane.focus()

    def _draw(self, topics: frozenset[str]) -> None:
        picture = self.live.picture
        self._found = why(picture.world, *self._subject, picture.now(), most=ALL_PODS, rows=picture.waiting())
        self.query_one("#why", TextPane).show(self._found.lines)
        note = f"⏎ {self._found.decision}" if self._found.decision else ""
        self.query_one(Panel).set_title(self._found.title, note)

    def action_show_why(self) -> None:
        """The decision behind it."""
        if self._found.decision:
            self.live.show("decision", Subject("decision", self._found.decision))
        else:
            self.live.tell("No decision of karptui stands behind this.")

    @property
    def shown_decision(self) -> str:
        """The decision behind it."""
        return self._found.decision

    def sentence(self) -> str:
        """The first line."""
        return f"{self._found.title}: {plain(self._found.lines[0])}" if self._found.lines else self._found.title
