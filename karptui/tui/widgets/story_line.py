"""The line of a demo above the sentence: act, steps, the next one, a spot instance's last minutes, what was saved."""

from collections.abc import Sequence

from karptui.tui.segments.line import Line, Span, line_width
from karptui.tui.widgets.painted import Painted
from karptui.views.timelines.story import StoryView
from karptui.views.wording import duration

_WIDE = 100
_AN_HOUR = 3600.0
"""Who presents begins the next step by hand, whenever that is."""


def story_line(view: StoryView, width: int, paused: bool = False) -> Line:
    """The line in at most `width` cells; what is left out first is what was saved, then the next step."""
    return story_lines(view, width, 1, paused)[0]


def story_lines(view: StoryView, width: int, most: int, paused: bool = False) -> list[Line]:
    """The same in at most `most` lines; what has no room in the last is left out, from the end."""
    lines: list[list[Span]] = [[]]
    for cell in _cells(view, width, paused):
        line = lines[-1]
        longer = [*line, (" │ ", "border"), *cell] if line else cell
        if line and line_width(longer) > width:
            if len(lines) == most:
                break
            lines.append([(" ", "text"), *cell])
        else:
            lines[-1] = longer
    return [tuple(line) for line in lines]


def _cells(view: StoryView, width: int, paused: bool) -> list[list[Span]]:
    title = f" {view.title}" if width >= _WIDE else ""
    dots = "●" * view.step + "○" * (view.steps - view.step)
    if view.goes_on is None and view.step:
        dots = "●" * (view.step - 1) + "◐" + "○" * (view.steps - view.step)
    cells: list[list[Span]] = [[(f" Act {view.act}/{view.acts}", "accent"), (title, "strong"), (f" {dots}", "accent")]]
    if paused:
        cells.append([("PAUSED, p goes on", "warn")])
    if view.notice:
        cells.append([(view.notice, "bad")])
    if view.following:
        when = f" in {duration(view.goes_on)}" if view.goes_on is not None and view.goes_on < _AN_HOUR else ""
        cells.append([("space", "key"), (f" next: {view.following}{when}", "text")])
    if view.saved:
        cells.append([(view.saved, "money")])
    return cells


class StoryLine(Painted):
    """One line, or two where the style sheet gives it two; empty where there is no story yet."""

    DEFAULT_CSS = "StoryLine { height: 1; dock: bottom; margin-bottom: 2; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view: StoryView | None = None
        self._paused = False

    def show(self, view: StoryView | None, paused: bool) -> None:
        """Show where the story stands."""
        if (view, paused) != (self._view, self._paused):
            self._view, self._paused = view, paused
            self.show_changes()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The line or two."""
        most = max(self.size.height, 1)
        lines = story_lines(self._view, width, most, self._paused) if self._view is not None else []
        return [*lines, *[()] * (most - len(lines))]
