"""A question before something is written: only the name, typed in full, is a yes."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input

from karptui.tui.segments.line import Line, wrap
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.prompt import Prompt, Words
from karptui.tui.widgets.text_pane import TextPane

WIDTH = 76
BESIDE = 4
"""Border and margin left and right of the words."""
BELOW = 4
"""Borders, a free line, and the line to type into."""


class Confirm(ModalScreen[bool]):
    """Dismissed with True only if `name` was typed; enter, esc and anything else are No. Call `about` before it is
    pushed."""

    DEFAULT_CSS = """
    Confirm { align: center middle; background: $background 40%; }
    Confirm Panel { width: 76; height: 9; max-width: 100%; background: $panel; border: solid $border; }
    Confirm Panel { border-title-background: $panel; }
    Confirm TextPane { height: 1fr; }
    Confirm #answer { height: 1; background: $panel; }
    Confirm #answer Prompt { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "refuse", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self._title, self._told, self._name = "", (), ""

    def about(self, title: str, told: tuple[str, ...], name: str) -> None:
        """What is asked, what would happen, and what must be typed."""
        self._title, self._told, self._name = title, told, name

    def compose(self) -> ComposeResult:
        """Words and a line to type into."""
        with Panel("", id="confirm"):
            yield TextPane((), ground="raised", id="told", focusable=False)
            with Horizontal(id="answer"):
                yield Words(" > ", "accent")
                yield Prompt()

    def on_screen_resume(self) -> None:
        """Begin empty."""
        lines: list[Line] = [((text, "text"),) for text in self._told]
        lines.append((("Type ", "text"), (self._name, "strong"), (" to do it; anything else is No.", "text")))
        room = min(WIDTH, self.size.width) - BESIDE
        needed = sum(len(wrap(line, room)) for line in lines)
        panel = self.query_one("#confirm", Panel)
        panel.styles.height = min(needed + BELOW, self.size.height)  # what must be typed is never out of sight
        panel.set_title(self._title, "esc no")
        self.query_one("#told", TextPane).show(lines)
        prompt = self.query_one(Prompt)
        prompt.value = ""
        prompt.focus()

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip() == self._name)

    def action_refuse(self) -> None:
        """No."""
        self.dismiss(False)
