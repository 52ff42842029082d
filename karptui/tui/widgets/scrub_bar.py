"""The axis of time above the sentence; a click on it goes there."""

from collections.abc import Sequence

from textual import events
from textual.message import Message

from karptui.tui.actions import actions_of, key_label
from karptui.tui.segments.line import Line
from karptui.tui.segments.scrub import bar_of, scrub_line
from karptui.tui.widgets.painted import Painted
from karptui.views.timelines.axis import Axis

_WIDE = 100


class ScrubBar(Painted):
    """One line; not there while nothing is shown."""

    DEFAULT_CSS = """
    ScrubBar { height: 1; dock: bottom; margin-bottom: 2; display: none; }
    ScrubBar.-shown { display: block; }
    """

    class Sought(Message):
        """A moment was clicked, epoch seconds."""

        def __init__(self, at: float) -> None:
            super().__init__()
            self.at = at

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._axis: Axis | None = None

    def show(self, axis: Axis | None) -> None:
        """Show another axis, or none."""
        if axis != self._axis:
            self._axis = axis
            self.set_class(axis is not None, "-shown")
            self.show_changes()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The one line."""
        return [scrub_line(self._axis, width, self._keys(width))] if self._axis is not None else [()]

    def _keys(self, width: int) -> Line:
        """How to go along it, in the user's own keys."""
        keymap = getattr(self.app, "keymap", None)
        keys = {action.name: key_label(action.keys[0]) for action in actions_of("log", keymap=keymap) if action.keys}
        time: Line = ((keys["open_time"], "key"), (" time ", "dim"))
        steps: Line = ((f" {keys['earlier_decision']} {keys['later_decision']}", "key"), (" decisions ", "dim"))
        return (*time, *steps) if width >= _WIDE else time

    def on_click(self, event: events.Click) -> None:
        """Go to what was clicked."""
        if self._axis is not None:
            width = self.size.width
            first, cells = bar_of(width, self._keys(width))
            self.post_message(self.Sought(self._axis.time((event.x - first) / max(cells - 1, 1))))
