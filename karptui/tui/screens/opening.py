"""The first frame: the Overview's boxes with nothing in them yet, painted before anything of a run is imported."""

from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.screen import Screen

from karptui.tui.segments.line import Line
from karptui.tui.widgets.key_bar import KeyBar
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.sentence import Sentence
from karptui.tui.widgets.status_head import Head, Mode, StatusHead
from karptui.tui.widgets.text_pane import TextPane

NARROW, BROAD = 100, 160
STAGE_NARROW = 112
"""On a stage boxes stand further apart, and what they say is read from afar: below this they have the whole width."""


def boxes_css(screen: str) -> str:
    """Where the Overview's boxes are, for a screen of this class name with the classes -narrow and -broad."""
    return """
    SCREEN #left { width: 1fr; }
    SCREEN #right { width: 44; }
    SCREEN #pools-box { height: 8; }
    SCREEN #flight-box { height: 8; }
    SCREEN #waiting-box { height: 8; }
    SCREEN.-broad #right { width: 64; }
    SCREEN.-broad #pools-box { height: 12; }
    SCREEN.-broad #waiting-box { height: 12; }
    SCREEN.-broad #flight-box { height: 14; }
    SCREEN.-present #right { width: 62; }
    SCREEN.-narrow #body { layout: vertical; }
    SCREEN.-narrow #columns { layout: vertical; }
    SCREEN.-narrow #left { width: 100%; height: auto; }
    SCREEN.-narrow #right { width: 100%; height: 1fr; }
    SCREEN.-narrow #why-box { display: none; }
    """.replace("SCREEN", screen)


UNKNOWN = "Not listed yet."
"""Whether there is none of something cannot be said before the cluster was asked."""


class Opening(Screen[None]):
    """Stands for a moment; the Overview takes its place. `q` leaves here too."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", show=False)]
    DEFAULT_CSS = (
        boxes_css("Opening")
        + """
    Opening #body { height: 1fr; }
    Opening.-narrow #flight-box, Opening.-narrow #nodes-box { display: none; }
    """
    )

    def __init__(self, mode: str) -> None:
        super().__init__()
        self._mode = mode

    def compose(self) -> ComposeResult:
        """Head, empty boxes, sentence, keys."""
        yield StatusHead(Head(cast("Mode", self._mode), "connecting…"))
        yield KeyBar("overview")
        yield Sentence("connecting…")
        with Container(id="body"), Horizontal(id="columns"):
            with Vertical(id="left"):
                yield _box("Pools", "pools", UNKNOWN)
                yield _box("In flight", "flight", UNKNOWN)
                yield _box("Nodes", "nodes", UNKNOWN)
            with Vertical(id="right"):
                yield _box("Pending, by what they wait for", "waiting", UNKNOWN)
                yield _box("Why", "why", "Nothing to ask about here.")
                yield _box("Decisions", "decisions", "Nothing has been decided yet.")

    def on_mount(self) -> None:
        """The keys of the screen that comes."""
        self.query_one(KeyBar).show("overview", mode=self._mode)

    def on_resize(self) -> None:
        """Note how much room there is."""
        self.set_class(self.size.width < NARROW, "-narrow")
        self.set_class(self.size.width >= BROAD, "-broad")


def _box(title: str, name: str, empty: str) -> Panel:
    words: Line = ((empty, "dim"),)
    return Panel(title, TextPane((words,), focusable=False), id=f"{name}-box")
