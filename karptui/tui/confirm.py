"""A question before something is written: only the name, typed in full, is a yes."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from karptui.tui.segments.line import Line
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.prompt import Prompt, Words
from karptui.tui.widgets.text_pane import TextPane


class Confirm(ModalScreen[bool]):
    """Dismissed with True only if `name` was typed; enter, esc and anything else are No. Call `about` before it is
    pushed."""

    DEFAULT_CSS = """
    Confirm { align: center middle; background: $background 40%; }
    Confirm Panel { width: 76; height: 9; max-width: 100%; background: $panel; border: solid $border; }
    Confirm Panel { border-title-background: $panel; }
    Confirm TextPane { height: 1fr; }
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
            yield TextPane((), id="told", focusable=False)
            yield Words(" > ", "accent")
            yield Prompt()

    def on_screen_resume(self) -> None:
        """Begin empty."""
        lines: list[Line] = [((text, "text"),) for text in self._told]
        lines.append((("Type ", "text"), (self._name, "strong"), (" to do it; anything else is No.", "text")))
        self.query_one("#told", TextPane).show(lines)
        self.query_one("#confirm", Panel).set_title(self._title, "esc no")
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
