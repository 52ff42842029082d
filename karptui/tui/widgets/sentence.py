"""The ▸ line above the keys: what matters on this screen now, in one sentence that can be read aloud."""

from collections.abc import Sequence

from karptui.tui.segments.line import Line, cut
from karptui.tui.widgets.painted import Painted


class Sentence(Painted):
    """One line; an empty sentence is an empty line, so nothing moves."""

    DEFAULT_CSS = "Sentence { height: 1; dock: bottom; margin-bottom: 1; }"

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = text
        self._role = "strong"

    @property
    def text(self) -> str:
        """The sentence."""
        return self._text

    def say(self, text: str, role: str = "strong") -> None:
        """Replace the sentence; `role` bad or warn for faults."""
        self._text, self._role = text, role
        self.show_changes()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The one line."""
        if not self._text:
            return [()]
        return [((" ▸ ", "accent"), (cut(self._text, width - 4), self._role))]
