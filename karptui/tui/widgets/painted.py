"""A widget that paints a few lines it computes for its width."""

from collections.abc import Sequence

from textual.strip import Strip
from textual.widget import Widget

from karptui.tui.appearance.look import Look, look_of
from karptui.tui.appearance.painting import repaint
from karptui.tui.segments.line import Line


class Painted(Widget):
    """Subclasses say which lines; only lines that differ from the painted ones are painted again."""

    ALLOW_SELECT = False
    GROUND = "background"

    _painted: tuple[Look, int, tuple[Line, ...]] | None = None
    _strips: list[Strip]

    def lines_for(self, width: int) -> Sequence[Line]:
        """The lines at a width; called at most once for each change."""
        raise NotImplementedError

    def show_changes(self) -> None:
        """What the widget shows may have changed: compute the lines and repaint those that differ."""
        if not self.is_attached or self._painted is None:
            self.refresh()
            return
        look, width, before = self._painted
        if look is not look_of(self.app) or width != self.size.width:
            self._painted = None
            self.refresh()
            return
        after = self._compute(look, width)
        lines = range(max(len(before), len(after)))
        if changed := [y for y in lines if before[y : y + 1] != after[y : y + 1]]:
            repaint(self, *changed)

    def _compute(self, look: Look, width: int) -> tuple[Line, ...]:
        lines = tuple(self.lines_for(width))
        old = dict(zip(self._painted[2], self._strips, strict=True)) if self._painted is not None else {}
        self._strips = [old.get(line) or look.paint(line, width, self.GROUND) for line in lines]
        self._painted = (look, width, lines)
        return lines

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        look, width = look_of(self.app), self.size.width
        if self._painted is None or self._painted[0] is not look or self._painted[1] != width:
            self._painted = None
            self._compute(look, width)
        return self._strips[y] if y < len(self._strips) else look.blank(width, self.GROUND)

    def notify_style_update(self) -> None:
        """Textual calls this after a change of theme."""
        super().notify_style_update()
        if self._painted is not None and self._painted[0] is not look_of(self.app):
            self.show_changes()
