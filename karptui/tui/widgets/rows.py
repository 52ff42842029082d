"""A list of any length that repaints only the lines that changed.

Textual's DataTable repaints every visible cell after any change (50 to 110 ms); this list keeps painted lines by
(key, version, ground) and asks for a repaint of the lines whose identity differs from what is on the screen.
"""

from collections.abc import Collection, Sequence
from typing import ClassVar, Literal, Protocol, runtime_checkable

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from karptui.tui.appearance.look import look_of
from karptui.tui.appearance.painting import repaint
from karptui.tui.segments.line import plain, wrap
from karptui.tui.widgets.columns import GAP, Column, Row, RowPainter, needs_of
from karptui.tui.widgets.row_line import HeaderLine, RowLine, ShownLine, WordsLine
from karptui.tui.widgets.row_messages import HeaderChosen, RowChosen, RowHighlighted
from karptui.tui.widgets.wrapping import WrappedRows, wrapped_rows

_KEPT_STRIPS = 2000
_FAR = 1_000_000_000  # past every end
_NEAR = 64  # rows to either side in which a moved cursor row is looked for before all keys are indexed


@runtime_checkable
class Indexed(Protocol):
    """Rows that know where a key stands without being made."""

    def index_of(self, key: str) -> int | None:
        """The index of the row of this key."""
        ...


class Rows(ScrollView, can_focus=True):
    """Rows under a header line, with a cursor that stays on its object whatever happens to the order.

    `follow` keeps the cursor at the first or last row as long as it stands there, which is what a log wants.
    `always_active` draws the cursor as with the focus, for a list that is moved from elsewhere (the palette).
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "Rows { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size: 0 0; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move_cursor(1)", show=False),
        Binding("k,up", "move_cursor(-1)", show=False),
        Binding("g,home", f"move_cursor(-{_FAR})", show=False),
        Binding("G,end", f"move_cursor({_FAR})", show=False),
        Binding("pagedown", "move_page(1)", show=False),
        Binding("pageup", "move_page(-1)", show=False),
        Binding("enter", "choose", show=False),
    ]

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        empty: str = "Nothing here.",
        header: bool = True,
        hint: str = "",
        follow: Literal["first", "last"] | None = None,
        ground: str = "background",
        always_active: bool = False,
        gap: int = GAP,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._columns = tuple(columns)
        self._empty = empty
        self._header = 1 if header else 0
        self._hint = hint
        self._follow = follow
        self._ground = ground
        self._always_active = always_active
        self._gap = gap
        self._rows: Sequence[Row] = ()
        self._cursor = 0
        self._cursor_key: str | None = None
        self._known_last = 0
        self._reached = False
        """Whether somebody has moved here, so that the cursor is where it is for a reason."""
        self._marked: Collection[str] = frozenset()
        self._sorted: tuple[int | None, bool] = (None, False)
        self._stale = False
        self._painter: RowPainter | None = None
        self._strips: dict[ShownLine, Strip] = {}
        self._shown: dict[int, ShownLine] = {}
        self._needs: list[int] = []
        self._wrapped: WrappedRows | None = None

    # What is shown

    @property
    def cursor_key(self) -> str | None:
        """Key of the row under the cursor; None while there is no row."""
        return self._cursor_key

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self._cursor] if self._rows else None

    def set_rows(self, rows: Sequence[Row], empty: str | None = None) -> None:
        """Show these rows. Only the lines on the screen are looked at, so a lazy sequence of any length is fine."""
        count, self._rows = self.lines, rows
        self._empty = self._empty if empty is None else empty
        self._wrap()
        self._find_cursor()
        if self.lines != count:
            self._set_virtual_size()
        self._refresh_changed()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Other columns; the rows given next must have their cells."""
        self._columns = tuple(columns)
        self._needs = []
        self._wrap()
        self._repaint_all()

    def set_sort(self, column: int | None, reverse: bool = False) -> None:
        """Mark the column by which the rows are sorted; sorting itself is the model's."""
        if (column, reverse) != self._sorted:
            self._sorted = (column, reverse)
            self._refresh_changed()

    def set_marked(self, keys: Collection[str]) -> None:
        """Mark these rows."""
        self._marked = frozenset(keys)
        self._refresh_changed()

    def set_stale(self, stale: bool) -> None:
        """Dim every row: the stream behind them is lost and this is the last picture."""
        if stale != self._stale:
            self._stale = stale
            self._refresh_changed()

    def move_to(self, key: str) -> bool:
        """Put the cursor on a row; False when there is none of that key."""
        index = self._index_of(key)
        if index is not None:
            self._move(index)
        return index is not None

    def begin_anew(self) -> None:
        """What is shown next is about something else: from its top, with the columns that it needs."""
        self._cursor, self._cursor_key, self._needs = 0, None, []
        self._reached = False
        self._shown.clear()
        self._painter = None
        self.scroll_to(y=0, animate=False, immediate=True)

    # Geometry

    # container_size is the size without the border, kept by Textual; `size` walks the whole layout at each use.

    @property
    def _top(self) -> int:
        return round(self.scroll_y)

    @property
    def _room(self) -> int:
        """Rows that fit, without header and hint line."""
        room = self.container_size.height - self._header
        return max(room - 1, 0) if self._has_hint else max(room, 0)

    @property
    def _has_hint(self) -> bool:
        return self.lines > self.container_size.height - self._header

    @property
    def lines(self) -> int:
        """Of all rows, without the header."""
        return len(self._rows) if self._wrapped is None else len(self._wrapped)

    def _row_at(self, line: int) -> int:
        return line if self._wrapped is None else self._wrapped.at(line)[0]

    def _line_of(self, row: int) -> int:
        return row if self._wrapped is None else self._wrapped.first(row)

    def _wrap(self) -> None:
        """Which line shows which part of which row, where texts are wrapped."""
        self._wrapped = wrapped_rows(self._columns, self._rows, self.container_size.width, self._gap, self._needs)
        if self._wrapped is not None:
            self._needs = self._wrapped.needs
            if self._painter is not None and not self._painter.stays(self._needs):
                self._repaint_all()

    def _set_virtual_size(self) -> None:
        lines = self.lines + self._header + (1 if self._has_hint else 0)
        self.virtual_size = Size(self.container_size.width, lines)

    def on_resize(self) -> None:
        """Lay the columns out for the new width."""
        self._wrap()
        self._shown.clear()  # painted at the old width, or before there was room to measure anything
        self._measure(self._top)
        self._repaint_all()
        self._set_virtual_size()
        self._scroll_to_cursor()

    def _repaint_all(self) -> None:
        self._painter = None
        self._shown.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        """Textual calls this after a change of theme or focus style."""
        super().notify_style_update()
        if self._painter is not None and self._painter.look is not look_of(self.app):
            self._repaint_all()

    # Painting

    def _line(self, y: int, height: int, top: int) -> ShownLine:
        if y < self._header:
            return HeaderLine(*self._sorted)
        if not self._rows:
            words = wrap(((self._empty, "dim"),), max(self.container_size.width - 2, 1))
            return WordsLine(plain(words[y - self._header]) if y - self._header < len(words) else "")
        if self._has_hint and y == height - 1:
            return WordsLine(self._hint_text())
        index, part = top + y - self._header, 0
        if self._wrapped is not None:
            index, part = self._wrapped.at(index)
        if index >= len(self._rows):
            return WordsLine("")
        key, version, _ = self._rows[index]
        cursor = 0 if index != self._cursor else 2 if self._always_active or self.has_focus else 1
        return RowLine(key, version, cursor, key in self._marked, self._stale, part)

    def _hint_text(self) -> str:
        below = len(self._rows) - self._row_at(self._top + self._room)
        count = f"… {below:,} more" if below > 0 else f"end of {len(self._rows):,}"
        return f"{count}   {self._hint}" if self._hint else count

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        look, width = look_of(self.app), self.container_size.width
        painter = self._painter
        if painter is None or painter.width != width or painter.look is not look:
            painter = self._painter = RowPainter(self._columns, width, look, self._ground, self._gap, self._needs)
            self._strips.clear()
        line = self._shown[y] = self._line(y, self.container_size.height, self._top)
        strip = self._strips.get(line)
        if strip is None:
            if len(self._strips) >= _KEPT_STRIPS:
                self._strips.clear()
            strip = self._strips[line] = self._paint(painter, y, line)
        return strip

    def _paint(self, painter: RowPainter, y: int, line: ShownLine) -> Strip:
        if isinstance(line, HeaderLine):
            return painter.header(line.column, line.reverse)
        if isinstance(line, WordsLine):
            return painter.words(line.words)
        index = self._top + y - self._header
        cells = (
            self._rows[index].cells if self._wrapped is None else self._wrapped.cells(self._row_at(index), line.part)
        )
        return painter.row(cells, line.cursor, line.marked, line.stale, line.part)

    def _refresh_changed(self) -> None:
        """Ask for a repaint of the lines that would look different now."""
        height, top = self.container_size.height, self._top
        if self._measure(top):
            self._repaint_all()
            return
        if changed := [y for y in range(height) if self._shown.get(y) != self._line(y, height, top)]:
            repaint(self, *changed)

    def _measure(self, top: int) -> bool:
        """Whether a row that comes on the screen moves the columns. They are never asked for less while there are rows:
        a column that goes to and fro cannot be read."""
        if not self._rows:
            self._needs = []
            return False
        if self._wrapped is not None:
            return False
        before = self._needs
        needs = before or [0] * len(self._columns)
        for y in range(self._header, self.container_size.height):
            index = top + y - self._header
            if index >= len(self._rows):
                break
            shown, row = self._shown.get(y), self._rows[index]
            if not isinstance(shown, RowLine) or (shown.key, shown.version) != (row.key, row.version):
                needs = list(map(max, needs, needs_of(self._columns, row.cells)))
        self._needs = needs
        painter = self._painter
        return needs != before and painter is not None and not painter.stays(needs)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The columns are as wide as what comes on the screen needs before it is painted."""
        if self._measure(int(new_value)):
            self._painter = None
            self._shown.clear()
        super().watch_scroll_y(old_value, new_value)

    # Cursor

    def _index_of(self, key: str) -> int | None:
        rows = self._rows
        if isinstance(rows, Indexed):  # it knows without making every row
            return rows.index_of(key)
        last = len(rows) - 1
        near = range(max(self._cursor - _NEAR, 0), min(self._cursor + _NEAR, last) + 1)
        found = next((i for i in near if rows[i].key == key), None)
        if found is not None:
            return found
        return next((i for i, row in enumerate(rows) if row.key == key), None)

    def _find_cursor(self) -> None:
        """After a change of rows: stay on the key, and on its line of the screen when it was visible; at the top of a
        list that nobody has moved in."""
        rows, old = self._rows, self._cursor
        if not rows:
            self._cursor, self._cursor_key = 0, None
            return
        untouched = not self._reached and not self.has_focus and not self._always_active
        follows_first = (self._follow == "first" or untouched) and self._follow != "last" and old == 0
        follows_last = self._follow == "last" and old >= self._known_last
        self._known_last = len(rows) - 1
        index: int | None = 0 if follows_first else len(rows) - 1 if follows_last else None
        if index is None and self._cursor_key is not None:
            index = old if old < len(rows) and rows[old].key == self._cursor_key else self._index_of(self._cursor_key)
        self._move(min(old, len(rows) - 1) if index is None else index, keep_line=True)

    def _move(self, index: int, keep_line: bool = False) -> None:
        """Put the cursor on a row that exists and make it visible."""
        old, self._cursor = self._cursor, index
        was = self._line_of(min(old, len(self._rows)))
        was_visible = 0 <= was - self._top < max(self._room, 1)
        if keep_line:
            self._set_virtual_size()
            if index != old and was_visible and self._top > 0 and self._follow is None:
                self.scroll_to(y=self._top + self._line_of(index) - was, animate=False, immediate=True)
        if was_visible or not keep_line:
            self._scroll_to_cursor()
        key = self._rows[index].key
        if key != self._cursor_key:
            self._cursor_key = key
            self.post_message(RowHighlighted(self, key))
        if not keep_line:  # else the caller does, once
            self._refresh_changed()

    def _scroll_to_cursor(self) -> None:
        top, room = self._top, max(self._room, 1)
        first, last = self._line_of(self._cursor), self._line_of(self._cursor + 1) - 1
        if first < top or last - first >= room:  # of a row that does not fit the beginning is seen
            self.scroll_to(y=first, animate=False, immediate=True)
        elif last >= top + room:
            self.scroll_to(y=last - room + 1, animate=False, immediate=True)

    def action_move_cursor(self, by: int) -> None:
        """Move the cursor by rows."""
        if self._rows:
            self._move(min(max(self._cursor + by, 0), len(self._rows) - 1))

    def action_move_page(self, by: int) -> None:
        """Move the cursor by screens."""
        self.action_move_cursor(by * max(self._room - 1, 1))

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if self._cursor_key is not None:
            self.post_message(RowChosen(self, self._cursor_key))

    def watch_has_focus(self, value: bool) -> None:
        """The cursor row looks different with the focus, and stays on its object from then on."""
        self._reached = self._reached or value
        super().watch_has_focus(value)
        self._refresh_changed()

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one chooses; on a title it asks for the order."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y < self._header:
            column = self._painter.column_at(offset.x) if self._painter else None
            if column is not None:
                self.post_message(HeaderChosen(self, column))
            return
        index = self._row_at(self._top + offset.y - self._header)
        if index < len(self._rows) and offset.y < self._header + self._room:
            self._move(index)
            if event.chain > 1:
                self.action_choose()
