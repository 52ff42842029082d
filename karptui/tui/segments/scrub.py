"""The axis of time as one line: beginning, what happened where, where one looks, end."""

from karptui.tui.segments.line import Line, Span, line_width
from karptui.views.timelines.axis import Axis
from karptui.views.wording import clock

_SIGNS = {
    "problem": ("!", "bad"), "interruption": ("×", "bad"), "refusal": ("✗", "warn"), "decision": ("◆", "accent"),
    "story": ("●", "accent"), "went": ("−", "draining"), "came": ("+", "booting"),
}  # fmt: skip
_RANK = {kind: rank for rank, kind in enumerate(_SIGNS)}
_EDGES = 22
_ROOM = 60
"""Cells from which on the keys stand behind the bar."""


def bar_of(width: int, keys: Line = ()) -> tuple[int, int]:
    """The first cell of the bar, and how many it has."""
    return 11, max(width - _EDGES - (line_width(keys) if width >= _ROOM else 0), 1)


def scrub_line(axis: Axis, width: int, keys: Line = ()) -> Line:
    """One line of `width` cells, with `keys` at its end. `╋` is the second that is shown, `◆` a decision, `✗` a pod
    that fits nowhere, `×` an interruption, `!` a problem; beyond what has been played the line is dotted."""
    _, cells = bar_of(width, keys)
    signs: list[Span] = []
    played = round(axis.share(axis.played) * (cells - 1))
    signs = [("─", "axis") if cell <= played else ("·", "dim") for cell in range(cells)]
    ranks: dict[int, int] = {}
    for mark in axis.marks:
        if not axis.begins <= mark.at <= axis.ends:
            continue
        cell, rank = round(axis.share(mark.at) * (cells - 1)), _RANK[mark.kind]
        if rank < ranks.get(cell, len(_RANK)):
            ranks[cell], signs[cell] = rank, _SIGNS[mark.kind]
    here = round(axis.share(axis.at) * (cells - 1))
    signs[here] = ("╋", "strong" if axis.live else "demo")
    line: list[Span] = [(f" {clock(axis.begins)}  ", "dim")]
    for text, role in signs:
        if line[-1][1] == role:
            line[-1] = (line[-1][0] + text, role)
        else:
            line.append((text, role))
    line.append((f"  {clock(axis.ends)} ", "dim"))
    return (*line, *keys) if width >= _ROOM else tuple(line)
