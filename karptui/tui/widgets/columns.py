"""Columns of a list: which fit into a width, and how a row's cells become one line."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple, Protocol, TypeAlias, cast, runtime_checkable

from rich.segment import Segment
from textual.strip import Strip

from karptui.tui.appearance.look import Look
from karptui.tui.segments.line import Align, Cut, Line, Span, cut, fit_line, line_width, plain, width_of

GAP = 2
"""Cells between two columns."""
SPARE = 4
"""The `drop` from which a column also goes when a text beside it would be cut."""


@runtime_checkable
class Drawn(Protocol):
    """A cell that draws itself at the width of its column (a bar, a sparkline)."""

    def draw(self, width: int) -> Line:
        """A line of exactly `width` cells."""
        ...


@runtime_checkable
class Measured(Drawn, Protocol):
    """A picture that knows how much room it would like to have."""

    @property
    def need(self) -> int:
        """Cells."""
        ...


Cell: TypeAlias = "str | Span | Line | Drawn"
"""Text, text with a role, several of those, or a picture."""


class Row(NamedTuple):
    """One row. `key` names the object for as long as it lives; `version` differs whenever a cell differs (any hashable
    value: a counter, a resourceVersion, or the cells themselves); cells stand in the order of the columns."""

    key: str
    version: Hashable
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is the least width; longer texts get more where there is room, and what is left then goes to weights in
    proportion. A column with a weight may be narrower when none of its texts is that long.

    When the row is too wide, columns go from the highest `drop` down; 0 is never dropped, one
    of `SPARE` or more also makes way for texts that would be cut.
    """

    title: str
    width: int
    weight: int = 0
    align: Align = "left"
    drop: int = 0
    cut: Cut = "end"
    most: int = 0
    """What the longest text may make of it; 0 for any width."""
    flows: bool = False
    """Whether a text goes on over the columns behind it that have nothing in this row."""
    wraps: bool = False
    """Whether a text that would be cut goes on in the next line."""
    gives: int = 0
    """The width to which a picture shrinks before a text beside it is cut; 0 for a column that never does."""


class Placed(NamedTuple):
    """A column in a layout: its index among all columns, where it starts and how wide it is."""

    column: int
    x: int
    width: int


def lay_out(
    columns: Sequence[Column], width: int, indent: int = 1, gap: int = GAP, needs: Sequence[int] = ()
) -> tuple[Placed, ...]:
    """Place the columns into `width` cells, the first at `indent`, with `gap` between them and the last cell free.

    `needs` are the cells that the longest text of each column takes, 0 where that is not known. A column that needs
    less than its least width gives the rest away; one that needs more gets it before the weights get anything.
    """
    sizes = [_least(column, need) for column, need in zip(columns, [*needs, *[0] * len(columns)], strict=False)]
    kept = list(range(len(columns)))
    room = width - indent - 1
    while len(kept) > 1 and sum(sizes[i] for i in kept) + gap * (len(kept) - 1) > room:
        droppable = [i for i in kept if columns[i].drop > 0]
        if not droppable:
            break
        # Of equal ones the rightmost goes: what stands left is read first.
        kept.remove(max(droppable, key=lambda i: (columns[i].drop, i)))
    left = max(room - sum(sizes[i] for i in kept) - gap * (len(kept) - 1), 0)
    spare = [i for i in kept if columns[i].drop >= SPARE]
    while spare and sum(max(needs[i] - sizes[i], 0) for i in kept if i < len(needs)) > left:
        left += sizes[spare[-1]] + gap
        kept.remove(spare.pop())
    for i in reversed([i for i in kept if columns[i].gives]):
        if sum(max(needs[k] - sizes[k], 0) for k in kept if k < len(needs) and k != i) > left:
            left, sizes[i] = left + sizes[i] - columns[i].gives, columns[i].gives
    left = _give_what_is_missing(sizes, [i for i in kept if i < len(needs) and not columns[i].gives], needs, left)
    weights = sum(columns[i].weight for i in kept)
    placed: list[Placed] = []
    x = indent
    for i in kept:
        share = left * columns[i].weight // weights if weights else 0
        left, weights = left - share, weights - columns[i].weight
        cells = min(sizes[i] + share, max(width - x, 0))
        if cells <= 0:
            break
        placed.append(Placed(i, x, cells))
        x += cells + gap
    return tuple(placed)


def _least(column: Column, need: int) -> int:
    """What a column cannot go without: the least width, or what fills it when that is less."""
    return column.width if not column.weight or not need else min(column.width, max(need, width_of(column.title) + 1))


def _give_what_is_missing(sizes: list[int], kept: Sequence[int], needs: Sequence[int], left: int) -> int:
    """Give columns what their texts need, those that miss the least first: as many as can be are whole."""
    missing = sorted((needs[i] - sizes[i], i) for i in kept if needs[i] > sizes[i])
    for place, (cells, i) in enumerate(missing):
        given = min(cells, left // (len(missing) - place))
        sizes[i], left = sizes[i] + given, left - given
    return left


def needs_of(columns: Sequence[Column], cells: Sequence[Cell]) -> list[int]:
    """The cells that a row's texts take, by column; a picture takes what its column has at least."""
    needs = [_need(column, cell) for column, cell in zip(columns, cells, strict=False)]
    for index, column in enumerate(columns[: len(needs)]):
        if column.flows:
            needs[index] -= sum(entry.width + GAP for entry in _empty_behind(columns, cells, index))
    return needs


def _empty_behind(columns: Sequence[Column], cells: Sequence[Cell], index: int) -> list[Column]:
    behind = zip(columns[index + 1 :], cells[index + 1 :], strict=False)
    return [column for column, _ in takewhile(lambda entry: entry[1] == "", behind)]


def _need(column: Column, cell: Cell) -> int:
    if isinstance(cell, str):
        need = width_of(cell)
    elif not isinstance(cell, tuple):
        need = cell.need if isinstance(cell, Measured) else column.width
    elif len(cell) == 2 and isinstance(cell[0], str):
        need = width_of(cast(Span, cell)[0])
    else:
        need = line_width(cast(Line, cell))
    return min(need, column.most) if column.most else need


def cell_text(cell: Cell) -> str:
    """A cell as plain text: a bar is its number."""
    line = _spans(cell, 400, Column("", 400))
    words = plain(line).strip()
    return words.lstrip("█░ ") if isinstance(cell, Drawn) else words


class RowPainter:
    """Paints header and rows of one layout. Made anew when columns, width or look change."""

    def __init__(
        self,
        columns: Sequence[Column],
        width: int,
        look: Look,
        ground: str = "background",
        gap: int = GAP,
        needs: Sequence[int] = (),
    ) -> None:
        self.columns = columns
        self.width = width
        self.look = look
        self.ground = ground
        self.gap = gap
        self.placed = lay_out(columns, width, gap=gap, needs=needs)

    def stays(self, needs: Sequence[int]) -> bool:
        """Whether the columns would stand where they do with these needs."""
        return lay_out(self.columns, self.width, gap=self.gap, needs=needs) == self.placed

    def header(self, sorted_by: int | None, reverse: bool) -> Strip:
        """The titles; the sorted column carries ▾ (falling) or ▴ (rising)."""
        mark = "▾" if reverse else "▴"
        cells = tuple((c.title + (mark if i == sorted_by else ""), "dim") for i, c in enumerate(self.columns))
        return self._paint(cells, self.ground, " ", "dim")

    def row(self, cells: Sequence[Cell], cursor: int, marked: bool, stale: bool, part: int = 0) -> Strip:
        """One line of a row. `cursor` is 0 without, 1 when another list has the focus, 2 with the focus."""
        ground = ("marked" if marked else "stale" if stale else self.ground, "cursor_away", "cursor")[cursor]
        mark = ("•" if marked else " ", "◆" if marked else "·", "◆" if marked else "▸")[cursor] if not part else " "
        return self._paint(cells, ground, mark, "accent" if cursor == 2 or marked else "dim", stale)

    def words(self, text: str) -> Strip:
        """A line of plain words in place of a row."""
        return self.look.paint(((" ", "dim"), (text, "dim")), self.width, self.ground)

    def column_at(self, x: int) -> int | None:
        """Index of the column at a cell, or None beside all of them."""
        return next((p.column for p in self.placed if p.x <= x < p.x + p.width + self.gap), None)

    def _until_something(self, cells: Sequence[Cell], place: int) -> int:
        """Where a text that goes on over empty columns ends."""
        empty = takewhile(lambda entry: cells[entry.column] == "", self.placed[place + 1 :])
        last = [self.placed[place], *empty][-1]
        return last.x + last.width

    def _paint(self, cells: Sequence[Cell], ground: str, mark: str, mark_role: str, stale: bool = False) -> Strip:
        text_of, style_of = self.look.text, self.look.style
        base = style_of("text", ground)
        segments = [Segment(text_of(mark), style_of(mark_role, ground))]
        x = 1
        for place, (index, start, width) in enumerate(self.placed):
            cell = cells[index] if index < len(cells) else ""
            column = self.columns[index]
            if x > start:
                continue  # a text before it goes on over this column
            if column.flows:
                width = self._until_something(cells, place) - start
            spans = _spans(cell, width, column)
            # Reversed, a full bar would look empty; what is measured is words.
            bar = self.look.no_color and isinstance(cell, Drawn) and not isinstance(cell, Measured)
            on = "background" if bar else ground
            free = width - line_width(spans)
            before = start - x + (free if column.align == "right" else 0)
            if before:
                segments.append(Segment(" " * before, base))
            segments += [Segment(text_of(text), style_of("dim" if stale else role, on)) for text, role in spans if text]
            if free and column.align == "left":
                segments.append(Segment(" " * free, base))
            x = start + width
        if x < self.width:
            segments.append(Segment(" " * (self.width - x), base))
        return Strip(segments, max(self.width, x)).crop(0, self.width)


def _spans(cell: Cell, width: int, column: Column) -> Line:
    """A cell as spans of at most `width` cells."""
    if isinstance(cell, str):
        return ((cut(cell, width, column.cut), "text"),)
    if isinstance(cell, tuple):
        if len(cell) == 2 and isinstance(cell[0], str):
            text, role = cast(Span, cell)
            return ((cut(text, width, column.cut), role),)
        line = cast(Line, cell)
        return line if sum(width_of(text) for text, _ in line) <= width else fit_line(line, width)
    line = cell.draw(width)
    return line if line_width(line) <= width else fit_line(line, width)
