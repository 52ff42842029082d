"""Every node as a cell: a name with a letter over a bar where there is room, else one block a node."""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from karptui.tui.appearance.look import look_of
from karptui.tui.segments.bars import FREE, FULL, LEVELS, full_cells
from karptui.tui.segments.line import Line, fit, fit_line
from karptui.tui.widgets.row_messages import RowChosen, RowHighlighted
from karptui.views.lists.packing import PLAIN, Cell, Group
from karptui.views.wording import amount, percent, plural

CELL = 12
"""Cells of the screen for one node with its name; the last two are a letter and a space."""


class _Place(NamedTuple):
    """Where a cell is drawn: its line and column among all lines, and its size."""

    line: int
    column: int
    width: int
    height: int


class PackingMap(ScrollView, can_focus=True):
    """`show` sets the groups; the cursor stays on its node. Arrows move, tab goes to the next group, enter chooses."""

    class Reshaped(Message):
        """Another size made another form of it."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "PackingMap { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size: 0 0; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1, 0)", show=False),
        Binding("right", "move(1, 0)", show=False),
        Binding("down,j", "move(0, 1)", show=False),
        Binding("up,k", "move(0, -1)", show=False),
        Binding("g,home", "go_to_end(-1)", show=False),
        Binding("G,end", "go_to_end(1)", show=False),
        Binding("tab", "next_group(1)", show=False),
        Binding("shift+tab", "next_group(-1)", show=False),
        Binding("enter", "choose", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._groups: Sequence[Group] = ()
        self._cells: list[Cell] = []
        self._places: list[_Place] = []
        self._starts: list[int] = []
        self._titles: dict[int, Group] = {}
        self._at_line: dict[int, list[int]] = {}
        self._cursor = 0
        self._cursor_key: str | None = None
        self._marked: Collection[str] = frozenset()
        self._stale = False
        self.lines = 0
        """Lines that all groups take."""
        self.compact = False
        """One block a node; chosen by itself where the other form would need more than a few screens."""

    @property
    def cursor_cell(self) -> Cell | None:
        """The node under the cursor."""
        return self._cells[self._cursor] if self._cells else None

    def show(self, groups: Sequence[Group], marked: Collection[str] = frozenset()) -> None:
        """Show these groups; the cursor stays where its node is."""
        if groups == self._groups and frozenset(marked) == self._marked:
            return
        self._groups, self._marked = groups, frozenset(marked)
        self._lay_out()
        self.refresh()

    def set_stale(self, stale: bool) -> None:
        """Dim every cell: the stream behind them is lost and this is the last picture."""
        if stale != self._stale:
            self._stale = stale
            self.refresh()

    def on_resize(self) -> None:
        """Lay the cells out anew, and say so where that is another form."""
        before = (self.compact, self.lines)
        self._lay_out()
        if (self.compact, self.lines) != before:
            self.post_message(self.Reshaped())

    def _lay_out(self) -> None:
        width, height = self.container_size
        if width < 12:
            return
        count = sum(len(group.cells) for group in self._groups)
        per_line = max((width - 2) // CELL, 1)
        needed = sum(1 + 2 * -(-len(group.cells) // per_line) for group in self._groups)
        self.compact = width < 60 or (needed > 3 * max(height, 1) and count > 40)
        size, rows = (self._block_width(width, height) if self.compact else CELL), 1 if self.compact else 2
        per_line = max((width - 2) // size, 1)
        self._cells, self._places, self._starts = [], [], []
        self._titles, self._at_line = {}, {}
        line = 0
        for group in self._groups:
            self._titles[line] = group
            line += 1
            self._starts.append(len(self._cells))
            for index, cell in enumerate(group.cells):
                place = _Place(line + index // per_line * rows, 1 + index % per_line * size, size, rows)
                for row in range(rows):
                    self._at_line.setdefault(place.line + row, []).append(len(self._cells))
                self._cells.append(cell)
                self._places.append(place)
            line += rows * -(-len(group.cells) // per_line)
        self.lines = line
        self.virtual_size = Size(width, line)
        found = next((index for index, cell in enumerate(self._cells) if cell.key == self._cursor_key), None)
        self._move_to(min(self._cursor, len(self._cells) - 1) if found is None else found)

    def _block_width(self, width: int, height: int) -> int:
        """Blocks with a gap between them where all of them have room, else side by side."""
        per_line = max((width - 2) // 2, 1)
        return 2 if sum(1 + -(-len(group.cells) // per_line) for group in self._groups) <= height else 1

    # Painting

    def render_line(self, y: int) -> Strip:
        """One line: a group's title, or cells."""
        look, width = look_of(self.app), self.container_size.width
        line = round(self.scroll_y) + y
        if not self._groups and not y:
            return look.paint(((" No node yet.", "dim"),), width)
        if y == self.container_size.height - 1 and (hidden := self._below(line)):
            return look.paint(((f" … {plural(hidden, 'more node')}", "dim"),), width)
        plain = "stale" if self._stale else "background"
        if (group := self._titles.get(line)) is not None:
            return look.paint(_title(group, width, self._stale), width)
        strips: list[Strip] = [look.paint(((" ", "text"),), 1)]
        used = 1
        for index in self._at_line.get(line, ()):
            place, cell = self._places[index], self._cells[index]
            here = index == self._cursor
            ground = "cursor" if here and self.has_focus else "cursor_away" if here else plain
            ground = "marked" if cell.key in self._marked and not here else ground
            drawn = _block(cell) if self.compact else _half(cell, line - place.line, here, cell.key in self._marked)
            drawn = _dimmed(drawn) if self._stale else drawn
            if look.no_color and not self.compact and line > place.line and ground != "marked":
                ground = plain  # reversed, a full bar would look empty
            gap = 1 if place.width > 1 else 0
            strips.append(look.paint(fit_line(drawn, place.width - gap), place.width - gap, ground))
            if gap:
                strips.append(look.blank(gap))
            used += place.width
        if used < width:
            strips.append(look.blank(width - used))
        return Strip.join(strips).crop(0, width)

    def _below(self, line: int) -> int:
        """Nodes that are not seen as they lie below the map's last line, which tells of them."""
        if line >= self.lines - 1:
            return 0
        return len(self._places) - bisect_left(self._places, line, key=lambda place: place.line + place.height - 1)

    # Cursor

    def move_to(self, key: str) -> None:
        """Put the cursor on a node."""
        found = next((index for index, cell in enumerate(self._cells) if cell.key == key), None)
        if found is not None:
            self._move_to(found)

    def _move_to(self, index: int) -> None:
        if not self._cells:
            self._cursor, self._cursor_key = 0, None
            return
        self._cursor = max(index, 0)
        place, height = self._places[self._cursor], max(self.container_size.height, 1)
        top = round(self.scroll_y)
        if place.line < top + 1:
            self.scroll_to(y=max(place.line - 1, 0), animate=False)
        elif place.line + place.height > top + height - (top + height < self.lines):
            # One line more, which tells what is below; at the end there is none.
            self.scroll_to(y=place.line + place.height - height + 1, animate=False)
        key = self._cells[self._cursor].key
        if key != self._cursor_key:
            self._cursor_key = key
            self.post_message(RowHighlighted(self, key))
        self.refresh()

    def action_move(self, right: int, down: int) -> None:
        """By cells; down and up go to the nearest cell of the next line."""
        if not self._cells:
            return
        if right:
            self._move_to(min(max(self._cursor + right, 0), len(self._cells) - 1))
            return
        here = self._places[self._cursor]
        lines = sorted({place.line for place in self._places})
        at = lines.index(here.line) + down
        if 0 <= at < len(lines):
            row = [index for index, place in enumerate(self._places) if place.line == lines[at]]
            self._move_to(min(row, key=lambda index: abs(self._places[index].column - here.column)))

    def action_go_to_end(self, which: int) -> None:
        """The first or the last node."""
        self._move_to(0 if which < 0 else len(self._cells) - 1)

    def action_next_group(self, by: int) -> None:
        """The first node of the next group, or of the one before."""
        starts = [start for start in self._starts if start < len(self._cells)]
        if starts:
            now = max((place for place, start in enumerate(starts) if start <= self._cursor), default=0)
            self._move_to(starts[(now + by) % len(starts)])

    def action_choose(self) -> None:
        """Choose the node under the cursor."""
        if self._cursor_key is not None:
            self.post_message(RowChosen(self, self._cursor_key))

    def watch_has_focus(self, value: bool) -> None:
        """The cursor looks different with the focus."""
        super().watch_has_focus(value)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one chooses."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        line = round(self.scroll_y) + offset.y
        for index in self._at_line.get(line, ()):
            place = self._places[index]
            if place.column <= offset.x < place.column + place.width:
                self._move_to(index)
                if event.chain > 1:
                    self.action_choose()


def _title(group: Group, width: int, stale: bool) -> Line:
    coming = f" +{group.coming} coming" if group.coming else ""
    words = f"   {plural(group.nodes, 'node')}{coming}   "
    tail = f"   packed {percent(group.packed)}"
    told: Line = (
        (" ", "text"),
        (group.name, "strong"),
        (words, "dim"),
        (f"${amount(group.hourly)}/h", "money"),
        (tail, "dim"),
    )
    if stale:
        told = (*_dimmed(told), ("   STALE", "bad"))
    return fit_line(told, width)


def _dimmed(line: Line) -> Line:
    return tuple((text, role if role == "bar_free" else "dim") for text, role in line)


def _half(cell: Cell, row: int, here: bool, marked: bool) -> Line:
    """The upper half with name and letter, or the lower one with the bar."""
    if row:
        full = full_cells(cell.fill, CELL - 1)
        return ((FULL * full, "bar"), (FREE * (CELL - 1 - full), "bar_free"))
    mark = "◆" if marked else "▸" if here else ""
    return ((fit(f"{mark}{cell.label}", CELL - 3), "strong" if here else "text"), (" ", "text"), (cell.flag, cell.role))


def _block(cell: Cell) -> Line:
    """One block: a letter where something is to be said, else how full it is."""
    if cell.flag in f"{PLAIN} ":
        return ((LEVELS[min(int(cell.fill * 8), 7)], cell.role),)
    return ((cell.flag, cell.role),)
