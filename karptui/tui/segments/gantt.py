"""Stages over a time axis, with the line that names the times."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from karptui.tui.segments.bars import FULL
from karptui.tui.segments.line import Line, Span, cut, fit, fit_line, width_of

# Steps between two named times, in seconds: what people count in.
_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
_WIDE = 96
"""Below this width the layout is the narrow one: seconds before the bar, no source."""
_DURATION = 10
"""Cells of the longest duration with its marks: "▲ 59m59s …" and a space."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One bar. Times are seconds from the start of the axis; `end` None means it still runs (drawn to `now`)."""

    name: str
    start: float
    end: float | None
    source: str = ""
    note: str = ""
    role: str = "bar"
    late: bool = False
    """Longer than is usual: marked ▲, with the note in `warn`."""
    aside: bool = False
    """Named with how long it took, but not on the axis: what comes after it stands where it begins."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """Seconds to cells. `seconds` is what the whole axis shows."""

    seconds: float
    cells: int

    def at(self, second: float) -> int:
        return min(max(floor(second / self.seconds * self.cells), 0), self.cells)


def seconds_text(seconds: float) -> str:
    """ "0.4s", "48.2s", "2m05s", "3h10m": short, and never two units more than needed."""
    if seconds < 99.95:
        return f"{max(seconds, 0.0):.1f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 360_000:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def _shortest(seconds: float) -> str:
    """In five cells: seconds without their unit, longer times in as many units as there is room for."""
    text = f"{seconds:.1f}" if seconds < 1000 else seconds_text(seconds)
    return text if len(text) <= 5 else re.sub(r"\d+[smh]$", "", text)


def _tick_text(second: float) -> str:
    whole = round(second)
    if whole < 120:
        return f"{whole}s"
    if whole < 7200:
        return f"{whole // 60}m" + (f"{whole % 60:02d}" if whole % 60 else "")
    if whole >= 172_800 and not whole % 86400:
        return f"{whole // 86400}d"
    return f"{whole // 3600}h" + (f"{whole % 3600 // 60:02d}" if whole % 3600 else "")


def scale_line(seconds: float, cells: int) -> str:
    """The named times over an axis of `cells`, exactly that wide; the last fits or is left out."""
    seconds = max(seconds, 0.001)
    step = next((s for s in _STEPS if cells * s / seconds >= 8), _STEPS[-1])
    step = max(step, int(seconds // max(cells // 8, 1) // _STEPS[-1] + 1) * _STEPS[-1]) if step == _STEPS[-1] else step
    axis = _Axis(seconds, cells)
    out = ""
    second = 0.0
    while second <= seconds:
        at, text = axis.at(second), _tick_text(second)
        if at >= len(out) and at + len(text) <= cells:
            out = out.ljust(at) + text
        second += step
    return out.ljust(cells)[:cells]


def gantt(stages: Sequence[Stage], width: int, now: float, cursor: float | None = None) -> list[Line]:
    """The scale line and one line for each stage, each exactly `width` cells.

    `now` is where running stages end, in seconds on the same axis. `cursor` draws a time cursor through free cells.
    Wide layouts start with the scale and name the source; narrow ones put the seconds first and the scale last.
    """
    drawn = _closed_up(stages, now)
    seconds = max([end for stage, _, end in drawn if not stage.aside], default=1.0)
    seconds = max(seconds, 0.1)
    wide = width >= _WIDE
    name_width = 22 if wide else min(21, max(width // 4 + 2, 4))
    lead = name_width + 1 + (8 if wide else 7)
    axis = _Axis(seconds, max(width - lead, 1))
    if wide and any(_fills(start, end, axis) for stage, start, end in drawn if not stage.aside):
        axis = _Axis(seconds * axis.cells / (axis.cells - _DURATION), axis.cells)
    scale = scale_line(axis.seconds, axis.cells)
    lines = [_stage_line(stage, start, end, axis, name_width, cursor, wide) for stage, start, end in drawn]
    if wide:
        titles = ((fit("STAGE", name_width + 1), "dim"), (fit("SOURCE", 8), "dim"), (scale, "dim"))
        return [fit_line(titles, width), *(fit_line(line, width) for line in lines)]
    return [*(fit_line(line, width) for line in lines), fit_line(((" " * lead, "text"), (scale, "dim")), width)]


def _closed_up(stages: Sequence[Stage], now: float) -> list[tuple[Stage, float, float]]:
    """Each stage with its start and end on an axis that has no room for those which stand aside."""
    drawn: list[tuple[Stage, float, float]] = []
    gone = 0.0
    for stage in stages:
        end = now if stage.end is None else stage.end
        drawn.append((stage, stage.start - gone, end - gone))
        gone += max(end - stage.start, 0.0) if stage.aside else 0.0
    return drawn


def _fills(start: float, end: float, axis: _Axis) -> bool:
    """Whether a bar leaves no room for its own duration at either side."""
    return max(axis.at(start), axis.cells - axis.at(end)) < _DURATION


def _stage_line(
    stage: Stage, start: float, end: float, axis: _Axis, name_width: int, cursor: float | None, wide: bool
) -> tuple[Span, ...]:
    took = max(end - start, 0.0)
    first = min(axis.at(start), axis.cells - 1)
    cells = max(axis.at(end) - first, 1)
    words = [seconds_text(took)] if wide else []
    words += ["▲"] if stage.late else []
    words += [stage.note] if stage.note else []
    words += ["…"] if stage.end is None else []
    spans: list[Span] = [(fit(stage.name, name_width), "text"), (" ", "text")]
    if wide:
        spans.append((fit(stage.source, 8), "dim"))
    else:
        spans += [(fit(_shortest(took), 5, "right"), "strong"), (" ▏", "axis")]
    if stage.aside:
        return (*spans, (fit(" ".join(words), axis.cells), "dim"))
    note_role = "warn" if stage.late else "dim"
    return (*spans, *_bar_with_note(" ".join(words), note_role, first, cells, stage.role, axis, cursor))


def _bar_with_note(
    note: str, note_role: str, first: int, cells: int, role: str, axis: _Axis, cursor: float | None
) -> list[Span]:
    """The note stands behind the bar, before it when there is more room there, and is cut when neither holds it."""
    before, behind = first, axis.cells - first - cells
    if note and width_of(note) + 1 > behind and before > behind:
        note = cut(note, before - 1)
        pad = before - width_of(note) - 1
        left: list[Span] = [*_free(0, pad, axis, cursor), (note + " ", note_role)]
        return [*left, (FULL * cells, role), *_free(first + cells, behind, axis, cursor)]
    note = f" {cut(note, behind - 1)}" if note and behind > 1 else ""
    rest = behind - width_of(note)
    return [
        *_free(0, before, axis, cursor),
        (FULL * cells, role),
        (note, note_role),
        *_free(axis.cells - rest, rest, axis, cursor),
    ]


def _free(start: int, cells: int, axis: _Axis, cursor: float | None) -> list[Span]:
    """Empty cells, with the time cursor if it stands there."""
    at = axis.at(cursor) - start if cursor is not None else -1
    if not 0 <= at < cells:
        return [(" " * cells, "text")]
    return [(" " * at, "text"), ("│", "accent"), (" " * (cells - at - 1), "text")]
