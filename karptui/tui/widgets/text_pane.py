"""Lines of styled text that scroll: the why pane, details, YAML, events."""

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeAlias

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from karptui.tui.appearance.look import Look, look_of
from karptui.tui.appearance.painting import repaint
from karptui.tui.segments.line import Line, wrap

Drawing: TypeAlias = "Callable[[int], Sequence[Line]]"
"""Lines for a width: what depends on the width (Gantt, funnel) is drawn anew when it changes."""


class TextPane(ScrollView, can_focus=True):
    """Shows lines, wrapped at words. One cell is left free at both sides."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "TextPane { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size: 0 0; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_by(1)", show=False),
        Binding("k,up", "scroll_by(-1)", show=False),
        Binding("g,home", "scroll_by(-1000000)", show=False),
        Binding("G,end", "scroll_by(1000000)", show=False),
        Binding("pagedown", "scroll_page(1)", show=False),
        Binding("pageup", "scroll_page(-1)", show=False),
    ]

    def __init__(
        self,
        content: "Sequence[Line] | Drawing" = (),
        *,
        indent: int = 0,
        ground: str = "background",
        focusable: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.can_focus = focusable
        self._content = content
        self._indent = indent
        self._ground = ground
        self._lines: list[Line] = []
        self._strips: dict[Line, Strip] = {}
        self._made_for: tuple[Look | None, int] = (None, 0)
        self._stale = False

    def show(self, content: "Sequence[Line] | Drawing") -> None:
        """Replace the content and repaint the lines that differ."""
        self._content = content
        self._lay_out()

    def set_stale(self, stale: bool) -> None:
        """Dim everything: this is the last picture of a lost stream."""
        if stale != self._stale:
            self._stale = stale
            self._strips.clear()
            self.refresh()

    @property
    def lines(self) -> Sequence[Line]:
        """The lines as they are wrapped now."""
        return self._lines

    def _lay_out(self) -> None:
        width, height = self.container_size
        if width <= 2 or not self.is_attached:
            return
        before, top = self._lines, round(self.scroll_y)
        content = self._content(width - 2) if callable(self._content) else self._content
        self._lines = [part for line in content for part in wrap(line, width - 2, self._hang(line, width - 2))]
        self.virtual_size = Size(width, len(self._lines))
        if round(self.scroll_y) != top:
            self.refresh()
            return
        after = self._lines
        changed = [y for y in range(height) if before[top + y : top + y + 1] != after[top + y : top + y + 1]]
        if len(before) != len(after):
            changed.append(height - 1)  # it may count what is below
        if changed:
            repaint(self, *changed)

    def _hang(self, line: Line, width: int) -> int:
        """Where a line goes on: under its words where a label with blanks behind it stands before them."""
        label = line[0][0] if line else ""
        return len(label) if label.endswith("  ") and len(label) * 3 <= width else self._indent

    def on_resize(self) -> None:
        """Wrap for the new width."""
        self._lay_out()

    def render_line(self, y: int) -> Strip:
        """One line of the widget; the last one counts what is below it."""
        look, (width, height) = look_of(self.app), self.container_size
        if self._made_for != (look, width):
            self._made_for = (look, width)
            self._strips.clear()
        ground = "stale" if self._stale else self._ground
        index = round(self.scroll_y) + y
        if index >= len(self._lines):
            return look.blank(width, ground)
        below = len(self._lines) - index - 1
        line = self._lines[index] if y < height - 1 or not below else ((f"… {below + 1} more lines", "dim"),)
        strip = self._strips.get(line)
        if strip is None:
            if len(self._strips) > 1000:
                self._strips.clear()
            strip = self._strips[line] = look.paint(((" ", "text"), *line), width, ground)
        return strip

    def action_scroll_by(self, lines: int) -> None:
        """Scroll by lines."""
        self.scroll_to(y=max(round(self.scroll_y) + lines, 0), animate=False)

    def action_scroll_page(self, pages: int) -> None:
        """Scroll by screens."""
        self.action_scroll_by(pages * max(self.container_size.height - 2, 1))
