"""The two lines at the top of every screen: which mode, which cluster, how fresh; then what counts now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from karptui.tui.segments.line import Line, Span, cut, line_width
from karptui.tui.widgets.painted import Painted

Mode = Literal["OBSERVE", "SHADOW", "ACTIVE", "DEMO", "REPLAY"]
_MODE_ROLES = {"OBSERVE": "observe", "SHADOW": "shadow", "ACTIVE": "active", "DEMO": "demo", "REPLAY": "demo"}
_WIDE = 100


@dataclass(frozen=True, slots=True)
class Fact:
    """One cell of the second line. `text` for wide screens, `short` for 80 columns ("" leaves it out there)."""

    text: str
    short: str = ""
    role: str = "text"


@dataclass(frozen=True, slots=True)
class Head:
    """What the head shows, as texts: no cell is computed here.

    `mode_note` says what the mode may do ("read-only", or who holds the lease for how long), `streams` which
    connections are up, `freshness` how old the picture is ("live 0.2s", "frozen 14s"), `now` the time shown.
    """

    mode: Mode
    context: str
    mode_note: str = ""
    versions: tuple[str, ...] = ()
    streams: str = ""
    streams_short: str = ""
    streams_role: str = "text"
    freshness: str = ""
    freshness_role: str = "ok"
    now: str = ""
    facts: tuple[Fact, ...] = ()


def head_lines(head: Head, width: int) -> list[Line]:
    """Two lines of at most `width` cells. What is least needed is left out first: versions, then the mode's note."""
    return [_first_line(head, width), _second_line(head, width)]


def _joined(cells: Sequence[Sequence[Span]], between: str) -> list[Span]:
    spans: list[Span] = []
    for cell in cells:
        if spans:
            spans.append((between, "border"))
        spans += cell
    return spans


def _first_line(head: Head, width: int) -> Line:
    wide = width >= _WIDE
    mode_role = _MODE_ROLES[head.mode]
    versions, note, context = list(head.versions) if wide else [], head.mode_note if wide else "", head.context
    streams = head.streams if wide else head.streams_short or head.streams
    while True:
        mode: list[Span] = [(f" {head.mode} ", mode_role), *([(f" {note}", "dim")] if note else [])]
        left = [[(" karptui", "title")], mode, [(context, "strong")], *([(v, "dim")] for v in versions)]
        right: list[list[Span]] = [[(head.freshness, head.freshness_role)], [(streams, head.streams_role)]]
        if wide:
            right.reverse()
        right = [cell for cell in [*right, [(head.now, "dim")]] if cell[0][0]]
        first, last = _joined(left, " │ " if wide else " "), _joined(right, " │ ")
        free = width - line_width(first) - line_width(last) - 1
        if free >= 1:
            return (*first, (" " * free, "text"), *last)
        if versions:
            versions.pop(0)
        elif note:
            note = ""
        elif streams != head.streams_short and head.streams_short:
            streams = head.streams_short
        elif len(context) > 8:
            context = cut(context, max(len(context) - 4, 8), "middle")
        else:
            return (*first, (" ", "text"), *last)


def _second_line(head: Head, width: int) -> Line:
    wide = width >= _WIDE
    facts = [(fact.text if wide else fact.short, fact.role) for fact in head.facts]
    facts = [fact for fact in facts if fact[0]]
    while facts:
        line = [(" ", "text"), *_joined([[fact] for fact in facts], " │ ")]
        if line_width(line) <= width or len(facts) == 1:
            return tuple(line)
        facts.pop()
    return ()


class StatusHead(Painted):
    """The two lines; `show` replaces them."""

    DEFAULT_CSS = "StatusHead { height: 2; dock: top; }"

    def __init__(self, head: Head | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._head = head

    def show(self, head: Head) -> None:
        """Show another head; equal ones cost nothing."""
        if head != self._head:
            self._head = head
            self.show_changes()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The two lines."""
        return head_lines(self._head, width) if self._head is not None else [((" karptui", "title"),), ()]
