"""The overlay behind `?`: the keys of this screen, from the same table as the key bar."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from karptui.tui.actions import PLACES, Keymap, actions_of, key_label
from karptui.tui.dialogs.tour import pages, tour_lines
from karptui.tui.segments.line import Line, fit, fit_line, wrap
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.text_pane import TextPane

KEYS = 10
"""Cells for the keys; what they do stands behind them."""
TWO_COLUMNS = 90
_LISTS_MOVE = (("j k ↓ ↑", "down, up"), ("g G", "top, bottom"), ("pgdn pgup", "a screen down, up"), ("tab", "next box"))


def help_lines(screen: str, width: int, *, keymap: Keymap | None = None, mode: str = "") -> list[Line]:
    """Keys and what they do, by group; two columns from 90 cells on."""
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for action in actions_of(screen, keymap=keymap, mode=mode):
        keys = " ".join(key_label(key) for key in action.keys)
        groups.setdefault(action.group, []).append((keys, action.text, "bad" if action.dangerous else "text"))
    own = groups.pop("move", [])
    taken = {keys for keys, *_ in own}
    groups["move"] = [*((keys, text, "text") for keys, text in _LISTS_MOVE if keys not in taken), *own]
    groups["places"] = [(place.key, place.title, "text") for place in PLACES]
    half = width // 2 if width >= TWO_COLUMNS else width
    blocks = [_block(name, entries, half - 1) for name, entries in groups.items()]
    if half == width:
        return [line for block in blocks for line in block]
    total = sum(map(len, blocks))
    left: list[Line] = []
    right: list[Line] = []
    for block in blocks:
        (left if len(left) + len(block) // 2 <= total // 2 and not right else right).extend(block)
    rows = max(len(left), len(right))
    left += [()] * (rows - len(left))
    right += [()] * (rows - len(right))
    return [
        (*fit_line(one, half - 1), (" ", "text"), *fit_line(other, width - half))
        for one, other in zip(left, right, strict=True)
    ]


def _block(name: str, entries: Sequence[tuple[str, str, str]], width: int) -> list[Line]:
    lines: list[Line] = [((name.upper(), "dim"),)]
    for keys, text, role in entries:
        lines += wrap(((fit(keys, KEYS), "key"), (text, role)), width, KEYS)
    return [*lines, ()]


class Help(ModalScreen[None]):
    """Installed once; call `about` before pushing it."""

    DEFAULT_CSS = """
    Help { align: center middle; background: $background 40%; }
    Help Panel { width: 112; height: 32; max-width: 100%; max-height: 100%; background: $panel; }
    Help Panel { border-title-background: $panel; border: solid $border; }
    Help.-tour Panel { width: 84; height: 15; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", show=False),
        Binding("enter,space", "go_on", show=False),
        Binding("question_mark", "turn_page", show=False),
    ]

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)
        self._screen_name = "overview"
        self._title = "Overview"
        self._keymap: Keymap | None = None
        self._mode = ""
        self._page = -1  # of the tour; -1 is the keys

    def about(self, screen_name: str, title: str, *, keymap: Keymap | None = None, mode: str = "") -> None:
        """Whose keys to show."""
        self._screen_name, self._title, self._keymap, self._mode = screen_name, title, keymap, mode

    def compose(self) -> ComposeResult:
        """A box with the lines."""
        with Panel("Keys", note="esc closes"):
            yield TextPane(ground="raised")

    def on_screen_resume(self) -> None:
        """Show the keys of the screen asked for."""
        self._page = -1
        self.remove_class("-tour")
        self.query_one(Panel).set_title(
            f"Keys of {self._title}", "j k scroll   esc closes   ? again: a tour in six pages"
        )
        self.query_one(TextPane).show(
            lambda width: help_lines(self._screen_name, width, keymap=self._keymap, mode=self._mode)
        )

    def action_turn_page(self) -> None:
        """From the keys to the tour, and through it."""
        self._page = (self._page + 1) % pages()
        self.add_class("-tour")
        self.query_one(Panel).set_title("A tour of karptui")
        pane = self.query_one(TextPane)
        pane.show(lambda width: tour_lines(self._page, width, self._keymap))
        pane.scroll_to(y=0, animate=False)

    def action_go_on(self) -> None:
        """The next page of the tour; the keys are one page."""
        if self._page < 0:
            self.dismiss(None)
        else:
            self.action_turn_page()

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)
