"""A box with a title around what it holds."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from karptui.tui.appearance.look import look_of
from karptui.tui.appearance.painting import repaint
from karptui.tui.segments.line import safe


class Panel(Vertical):
    """Box lines, a title in the upper one, a note in the lower one. The box around the focus is brighter and its title
    is marked, so it is found without colour too."""

    DEFAULT_CSS = """
    Panel {
        height: 1fr;
        border: solid $border-blurred;
        border-title-color: $foreground;
        border-title-style: bold;
        border-title-background: $background;
        border-subtitle-color: $foreground 80%;
    }
    Panel:focus-within { border: solid $border; border-title-color: $primary; }
    Panel.-ascii { border: ascii $border-blurred; }
    Panel.-ascii:focus-within { border: ascii $border; }
    """

    def __init__(
        self, title: str, *children: Widget, note: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._held = children
        self._title, self._note = title, note

    def compose(self) -> ComposeResult:
        """What it holds."""
        yield from self._held

    def on_mount(self) -> None:
        """Draw the title once the look is known."""
        self.set_class(look_of(self.app).ascii_only, "-ascii")
        self.set_title(self._title, self._note)

    def set_title(self, title: str, note: str = "") -> None:
        """Replace title and note; both are shown as they are, never as markup."""
        self._title, self._note = title, note
        look = look_of(self.app)
        shown = (look.text(look.keys(title)), look.text(look.keys(note)))
        if shown != getattr(self, "_drawn", None):
            self._drawn = shown
            # Assigning border_title would paint the whole box with all it holds again, for one line.
            self._border_title = Content(shown[0])
            self._border_subtitle = Content(shown[1]) if note else None
            repaint(self, 0, max(self.outer_size.height - 1, 0))

    @property
    def title(self) -> str:
        """The title, safe."""
        return safe(self._title)
