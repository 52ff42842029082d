"""The ▸ line above the keys: what matters on this screen now, in one sentence that can be read aloud."""

from collections.abc import Sequence

from karptui.tui.appearance.look import look_of
from karptui.tui.segments.line import Line, cut, wrap
from karptui.tui.widgets.painted import Painted

_MARK = 3


class Sentence(Painted):
    """One line, or two where the style sheet gives it two; an empty sentence is an empty line, so nothing moves."""

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
        if (text, role) != (self._text, self._role):
            self._text, self._role = text, role
            self.show_changes()

    def on_resize(self) -> None:
        """Wrap for the new size."""
        self._painted = None
        self.refresh()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The line or two; the last one is cut when the sentence is longer."""
        room, height = width - _MARK - 1, max(self.size.height, 1)
        if not self._text:
            return [()] * height
        said = look_of(self.app).keys(self._text)
        parts = wrap(((said, self._role),), room) if height > 1 else []
        if len(parts) <= 1:
            parts = [((cut(said, room), self._role),)]
        elif len(parts) > height:
            rest = " ".join("".join(text for text, _ in part).strip() for part in parts[height - 1 :])
            parts = [*parts[: height - 1], ((cut(rest, room), self._role),)]
        first, *others = parts
        lines: list[Line] = [((" ▸ ", "accent"), *first), *((("   ", "text"), *part) for part in others)]
        free = height - len(lines)
        below = free // 2 if height > 2 else 0  # in the middle of three lines, at the bottom of two
        return [*[()] * (free - below), *lines, *[()] * below]
