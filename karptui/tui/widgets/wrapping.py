"""Rows whose texts go on in the next line instead of being cut: which line shows which part of which row."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, takewhile
from typing import cast

from karptui.tui.segments.line import Line, Span, wrap
from karptui.tui.widgets.columns import Cell, Column, Placed, Row, lay_out, needs_of

MOST_WRAPPED = 200
"""Rows of a list; the texts of a longer one are cut: each has to be looked at for a line to be found."""


def wrapped_rows(
    columns: Sequence[Column], rows: Sequence[Row], width: int, gap: int, before: Sequence[int]
) -> "WrappedRows | None":
    """The lines of these rows at a width; `before` are the needs until now, which never become less. None where every
    row is one line."""
    if not any(column.wraps for column in columns) or not 0 < len(rows) <= MOST_WRAPPED:
        return None
    known = before or [0] * len(columns)
    needs = [max(cells) for cells in zip(known, *(needs_of(columns, row.cells) for row in rows), strict=True)]
    placed = lay_out(columns, width, gap=gap, needs=needs)
    parts = [_parts(row.cells, _widths(columns, placed, row.cells)) for row in rows]
    return WrappedRows(parts, needs)


def _widths(columns: Sequence[Column], placed: Sequence[Placed], cells: Sequence[Cell]) -> dict[int, int]:
    """The cells that each wrapped text of a row has, with those of the empty columns that it goes on over."""
    widths: dict[int, int] = {}
    for order, place in enumerate(placed):
        column = columns[place.column]
        if column.wraps and cells[place.column] != "":
            behind = takewhile(lambda entry: cells[entry.column] == "", placed[order + 1 :]) if column.flows else ()
            last = [place, *behind][-1]
            widths[place.column] = last.x + last.width - place.x
    return widths


class WrappedRows:
    """`needs` are the cells that the longest text of each column would take in one line."""

    def __init__(self, parts: Sequence[Sequence[Sequence[Cell]]], needs: list[int]) -> None:
        self._parts = parts
        self._first = [0, *accumulate(len(lines) for lines in parts)]
        self.needs = needs

    def __len__(self) -> int:
        """Lines of all rows."""
        return self._first[-1]

    def at(self, line: int) -> tuple[int, int]:
        """The row that a line shows, and which of its lines that is. Past the end: a row that is not there."""
        row = bisect_right(self._first, line) - 1
        return row, line - self._first[row]

    def first(self, row: int) -> int:
        """The line in which a row begins; that of the row after the last one is where all end."""
        return self._first[row]

    def cells(self, row: int, part: int) -> Sequence[Cell]:
        """What a line of a row shows."""
        return self._parts[row][part]


def _parts(cells: Sequence[Cell], widths: dict[int, int]) -> list[Sequence[Cell]]:
    lines = {index: wrap(line, width) for index, width in widths.items() if (line := _line_of(cells[index]))}
    count = max(map(len, lines.values()), default=1)
    if count == 1:
        return [cells]
    whole = [
        [lines[index][part] if part < len(lines[index]) else "" for part in range(count)]
        if index in lines
        else [cell, *[""] * (count - 1)]
        for index, cell in enumerate(cells)
    ]
    return list(zip(*whole, strict=True))


def _line_of(cell: Cell) -> Line:
    """A cell that is text; nothing for a picture."""
    if isinstance(cell, str):
        return ((cell, "text"),)
    if isinstance(cell, tuple):
        return (cast(Span, cell),) if len(cell) == 2 and isinstance(cell[0], str) else cast(Line, cell)
    return ()
