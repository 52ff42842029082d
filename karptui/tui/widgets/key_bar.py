"""The last line: places, then what can be done here, read from the action table."""

from collections.abc import Collection, Sequence

from karptui.tui.actions import PLACES, Action, Keymap, actions_of, key_label
from karptui.tui.appearance.look import look_of
from karptui.tui.segments.line import Line, Span, line_width
from karptui.tui.widgets.painted import Painted

_NARROW = 100


def key_line(
    screen: str,
    width: int,
    *,
    keymap: Keymap | None = None,
    mode: str = "",
    ascii_only: bool = False,
    without: Collection[str] = (),
) -> Line:
    """The keys of a screen in at most `width` cells. Places lead on place screens; what ranks highest
    is left out first, `? keys` never. `without` names actions that can do nothing now."""
    actions = [action for action in actions_of(screen, keymap=keymap, mode=mode) if action.name not in without]
    in_bar = sorted((a for a in actions if a.rank and a.short and a.keys), key=lambda a: (a.rank, actions.index(a)))
    help_action = next((a for a in in_bar if a.name == "open_help"), None)
    verbs = [a for a in in_bar if a is not help_action]
    is_place = any(place.screen == screen for place in PLACES)
    while True:
        tail = [*verbs, *([help_action] if help_action else [])]
        line: list[Span] = [(" ", "text")]
        if is_place:
            line += [*_places(screen, width < _NARROW), (" │ ", "border")]
        line += _verbs(tail, ascii_only)
        if line_width(line) <= width or not verbs:
            return tuple(line)
        verbs.pop()


def _places(screen: str, narrow: bool) -> list[Span]:
    spans: list[Span] = []
    for place in PLACES:
        here = place.screen == screen
        spans += [
            (place.key, "key"),
            (place.short if narrow else place.title, "strong" if here else "dim"),
            (" ", "text"),
        ]
    return spans[:-1]


def _verbs(actions: Sequence[Action], ascii_only: bool) -> list[Span]:
    spans: list[Span] = []
    for action in actions:
        role = "bad" if action.dangerous else "dim"
        spans += [(key_label(action.keys[0], ascii_only), "key"), (f" {action.short}", role), ("  ", "text")]
    return spans[:-1]


class KeyBar(Painted):
    """One line; `show` sets the screen it speaks of."""

    DEFAULT_CSS = "KeyBar { height: 1; dock: bottom; }"

    def __init__(self, screen_name: str = "overview", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._screen_name = screen_name
        self._keymap: Keymap | None = None
        self._mode = ""
        self._without: frozenset[str] = frozenset()

    def show(self, screen_name: str, *, keymap: Keymap | None = None, mode: str = "") -> None:
        """Show the keys of a screen."""
        self._screen_name, self._keymap, self._mode = screen_name, keymap, mode
        self.show_changes()

    def offer(self, action: str, offered: bool) -> None:
        """Whether an action can do anything now."""
        if offered == (action in self._without):
            self._without = self._without - {action} if offered else self._without | {action}
            self.show_changes()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The one line."""
        ascii_only = look_of(self.app).ascii_only
        return [
            key_line(
                self._screen_name,
                width,
                keymap=self._keymap,
                mode=self._mode,
                ascii_only=ascii_only,
                without=self._without,
            )
        ]
