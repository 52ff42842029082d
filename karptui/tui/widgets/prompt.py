"""One line to type into, and the prompt behind `/`."""

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from karptui.tui.appearance.look import look_of
from karptui.tui.lists.filter import NO_FILTER, Filter, FilterFault, parse_filter
from karptui.tui.segments.line import Line, cut, width_of
from karptui.tui.widgets.painted import Painted


class Prompt(Input):
    """An Input of one line without border and without a blinking cursor."""

    DEFAULT_CSS = """
    Prompt, Prompt:focus { height: 1; border: none; padding: 0; background: $panel; background-tint: transparent; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False


class Words(Painted):
    """One line of words with a role, as wide as they are; `align` right in what is left of the line."""

    DEFAULT_CSS = "Words { height: 1; width: auto; }"
    GROUND = "raised"

    def __init__(self, text: str = "", role: str = "dim", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text, self._role = text, role

    def say(self, text: str, role: str = "dim") -> None:
        """Replace the words."""
        if (text, role) != (self._text, self._role):
            self._text, self._role = text, role
            self.styles.width = width_of(look_of(self.app).keys(text))
            self.show_changes()

    def on_mount(self) -> None:
        """Be as wide as the words."""
        self.styles.width = width_of(look_of(self.app).keys(self._text))

    def lines_for(self, width: int) -> list[Line]:
        """The one line."""
        return [((cut(look_of(self.app).keys(self._text), width), self._role),)]


class FilterPrompt(Horizontal):
    """Shown by `open`, hidden by enter (the filter stays) and esc (it goes). Rows follow while typing."""

    DEFAULT_CSS = """
    FilterPrompt { height: 1; dock: bottom; margin-bottom: 2; background: $panel; display: none; }
    FilterPrompt.-open { display: block; }
    FilterPrompt Prompt { width: 1fr; }
    """

    class FilterChanged(Message):
        """Another filter holds; NO_FILTER keeps every row."""

        def __init__(self, chosen: Filter) -> None:
            super().__init__()
            self.chosen = chosen

    class FilterClosed(Message):
        """The prompt is gone; the focus belongs to the list again."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._filter = NO_FILTER

    @property
    def chosen(self) -> Filter:
        """The filter that holds now."""
        return self._filter

    def compose(self) -> ComposeResult:
        """Slash, line, and room for a fault."""
        yield Words(" / ", "accent")
        yield Prompt()
        yield Words("", "bad", id="fault")

    def open(self, holds: Filter | None = None) -> None:
        """Show the prompt with the filter that holds."""
        self.add_class("-open")
        if holds is not None and holds.source != self._filter.source:
            self._filter = holds
            self.query_one(Prompt).value = holds.source
        self.query_one(Prompt).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        fault = self.query_one("#fault", Words)
        try:
            chosen = parse_filter(event.value)
        except FilterFault as found:
            fault.say(f" {found} ", "bad")
            return
        fault.say("", "bad")
        self._set(chosen)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._close()

    def on_key(self, event: events.Key) -> None:
        """Esc drops the filter."""
        if event.key == "escape":
            event.stop()
            self.query_one(Prompt).value = ""
            self._set(NO_FILTER)
            self._close()

    def _set(self, chosen: Filter) -> None:
        if chosen.source != self._filter.source:
            self._filter = chosen
            self.post_message(self.FilterChanged(chosen))

    def _close(self) -> None:
        self.remove_class("-open")
        self.post_message(self.FilterClosed())


class LinePrompt(Horizontal):
    """A line that something is written into: enter takes it, esc leaves things as they were.

    What is `complete` is taken without enter; `hint` stands at the right."""

    DEFAULT_CSS = """
    LinePrompt { height: 1; dock: bottom; margin-bottom: 2; background: $panel; display: none; }
    LinePrompt.-open { display: block; }
    LinePrompt Prompt { width: 1fr; }
    """

    class Written(Message):
        """Something was written; empty: nothing."""

        def __init__(self, prompt: "LinePrompt", text: str) -> None:
            super().__init__()
            self.prompt, self.text = prompt, text

    def __init__(
        self, words: str, *, hint: str = "", complete: Callable[[str], bool] | None = None, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._words, self._hint, self._complete = words, hint, complete
        self._left: Widget | None = None

    def compose(self) -> ComposeResult:
        """A word and the line."""
        yield Words(self._words, "accent")
        yield Prompt()
        if self._hint:
            yield Words(f"{self._hint} ", "dim")

    def open(self, text: str) -> None:
        """Show the line with this in it."""
        self.add_class("-open")
        self._left = self.screen.focused
        prompt = self.query_one(Prompt)
        prompt.value = text
        prompt.cursor_position = len(text)
        prompt.focus()

    def _close(self, text: str) -> None:
        self.remove_class("-open")
        if self._left is not None:
            self._left.focus()  # keys must not go on to a line that nobody sees
        self.post_message(self.Written(self, text.strip()))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._close(event.value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._complete is not None and self.has_class("-open") and self._complete(event.value):
            self._close(event.value)

    def on_key(self, event: events.Key) -> None:
        """Esc closes it."""
        if event.key == "escape":
            event.stop()
            self._close("")
