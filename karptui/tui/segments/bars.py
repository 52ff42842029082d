"""Usage bars, sparklines and stage bands."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from karptui.tui.segments.line import Line, Span, fit

FULL, FREE = "█", "░"
LEVELS = "▁▂▃▄▅▆▇█"
STAGE_SHAPES = "░▒▓█"
_SHAPE_OF_STAGE = {"": " ", "pending": "░", "launching": "▒", "booting": "▓", "starting": "█", "ready": "▄"}


def full_cells(share: float, width: int) -> int:
    """How many of `width` cells a share fills: something is never none, not quite full never full."""
    if not isfinite(share) or width <= 0 or share <= 0:
        return width if share == float("inf") and width > 0 else 0
    if share >= 1:
        return width
    return min(max(round(share * width), 1), width - 1 if width > 2 and share < 0.995 else width)


def bar(share: float, width: int, role: str = "bar") -> Line:
    """A bar of exactly `width` cells; a share above 1 is drawn full."""
    full = full_cells(share, width)
    return ((FULL * full, role), (FREE * (width - full), "bar_free"))


def percent_text(share: float | None) -> str:
    """ "83%", or "-" when unknown; always at most 4 cells, ">999" above that."""
    if share is None or not isfinite(share):
        return "-"
    whole = round(max(min(share, 100.0), 0.0) * 100)  # a share beyond that is ">999" in any case
    return f"{whole}%" if whole <= 999 else ">999"


def usage_bar(share: float | None, width: int, role: str = "bar", number_role: str = "text") -> Line:
    """A bar and its percentage in exactly `width` cells: "████████░░  83%". Below 7 cells only the number is left.

    `share` is used over available (1.0 is full); None means unknown and is drawn as "-".
    """
    number = percent_text(share)
    if width < 7:
        return ((fit(number, width, "right"), number_role if share is not None else "dim"),)
    if share is None:
        return ((fit("-", width, "right"), "dim"),)
    over = share > 1
    return (*bar(share, width - 5, "bad" if over else role), (fit(number, 5, "right"), "bad" if over else number_role))


@dataclass(frozen=True, slots=True)
class UsageBar:
    """A usage bar as a cell of a row: drawn at the width its column gets."""

    share: float | None
    role: str = "bar"
    number_role: str = "text"

    def draw(self, width: int) -> Line:
        """The bar in exactly `width` cells."""
        return usage_bar(self.share, width, self.role, self.number_role)


def sparkline(
    values: Sequence[float | None],
    width: int,
    low: float | None = None,
    high: float | None = None,
    role: str = "bar",
    gap: str = " ",
) -> Line:
    """Eight levels in exactly `width` cells, newest at the right; older values are averaged into one cell when many.

    `low` and `high` fix the scale; without them it is the smallest and the largest value. Equal values are drawn at the
    middle level. None and NaN are gaps, drawn as `gap`.
    """
    if width <= 0:
        return ()
    cells = _resampled(values, width)
    known = [value for value in cells if value is not None]
    low = min(known, default=0.0) if low is None else low
    high = max(known, default=0.0) if high is None else high
    marks = "".join(gap if value is None else _level(value, low, high) for value in cells)
    return ((" " * (width - len(marks)) + marks, role),)


def _level(value: float, low: float, high: float) -> str:
    if high <= low:
        return LEVELS[3]
    share = (value / 2 - low / 2) / (high / 2 - low / 2)  # halved, as the difference of two floats may be no float
    return LEVELS[min(max(int(share * 8), 0), 7)]


def _resampled(values: Sequence[float | None], width: int) -> list[float | None]:
    clean = [value if value is not None and isfinite(value) else None for value in values]
    if len(clean) <= width:
        return clean
    cells: list[float | None] = []
    for cell in range(width):
        start, stop = cell * len(clean) // width, (cell + 1) * len(clean) // width
        part = [value for value in clean[start:stop] if value is not None]
        cells.append(sum(part) / len(part) if part else None)
    return cells


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A sparkline as a cell of a row."""

    values: tuple[float | None, ...]
    low: float | None = None
    high: float | None = None
    role: str = "bar"

    def draw(self, width: int) -> Line:
        """The line in exactly `width` cells."""
        return sparkline(self.values, width, self.low, self.high, self.role)


@dataclass(frozen=True, slots=True)
class StageBand:
    """Consecutive stages on one line, told apart by shape (░▒▓█ in turn) and by role. Parts are (seconds, role); a
    stage's role has always the same shape, and no role at all is a gap."""

    parts: tuple[tuple[float, str], ...]
    seconds_per_cell: float

    def draw(self, width: int) -> Line:
        """The band in exactly `width` cells; what is longer ends in …."""
        spans: list[Span] = []
        at, used = 0.0, 0
        for index, (seconds, role) in enumerate(self.parts):
            at += max(seconds, 0.0)
            upto = round(at / self.seconds_per_cell)
            size = max(upto - used, 1 if seconds > 0 else 0)
            shape = _SHAPE_OF_STAGE.get(role, STAGE_SHAPES[index % 4])
            if used + size > width:
                spans.append((shape * (width - used - 1) + "…" if width > used else "", role))
                used = width
                break
            spans.append((shape * size, role or "text"))
            used += size
        return (*spans, (" " * (width - used), "text"))
