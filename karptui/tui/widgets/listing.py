"""A list of one kind of thing: Rows with a table, a filter and an order."""

from collections.abc import Sequence
from typing import Any, Generic, Literal, TypeVar

from karptui.tui.lists.arrangement import Arrangement, Changing
from karptui.tui.lists.filter import NO_FILTER, Filter
from karptui.tui.lists.money import HOUR, Unit
from karptui.tui.lists.table import Order, Table, TableRows, arranged, matches
from karptui.tui.widgets.columns import cell_text
from karptui.tui.widgets.row_messages import Rearranged
from karptui.tui.widgets.rows import Rows

T = TypeVar("T")
WORK_SECONDS = 0.005
"""A piece of sorting and filtering: 20,000 rows take twenty to fifty of them."""

PAUSE_SECONDS = 0.004
"""Between two pieces, for keys and whatever else waits."""

MOST_EXPORTED = 20_000
"""Rows of a list that go into a file."""


class Listing(Rows, Generic[T]):
    """`kind` is what its rows are (pod, node, claim ...): with a row's key it names what a person asks about."""

    def __init__(
        self,
        table: Table[T],
        kind: str,
        *,
        empty: str = "Nothing here.",
        header: bool = True,
        follow: Literal["first", "last"] | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(table.titled(HOUR), empty=empty, header=header, follow=follow, gap=table.gap, id=id)
        self.kind = kind
        self._table = table
        self._items: Sequence[T] = ()
        self._nothing = empty
        self._filter = NO_FILTER
        self._sought = NO_FILTER
        self._arrangement: Arrangement[T] | None = None
        self._working = False
        self._order: int | None = None
        self._reversed = False
        self._unit = HOUR

    @property
    def chosen_filter(self) -> Filter:
        """The filter that holds."""
        return self._filter

    @property
    def counts(self) -> tuple[int, int]:
        """How many are shown, and of how many."""
        return len(self._rows), len(self._items)

    @property
    def at_end(self) -> bool:
        """Whether the cursor is on the last row."""
        return self._cursor >= len(self._rows) - 1

    @property
    def item(self) -> T | None:
        """What is under the cursor."""
        rows = self._rows
        return rows.items[self._cursor] if isinstance(rows, TableRows) and len(rows) else None

    @property
    def cursor_text(self) -> str:
        """The row under the cursor as words, for the clipboard."""
        item = self.item
        return self._table.words(item) if item is not None else ""

    def show(self, items: Sequence[T], unit: Unit | None = None) -> None:
        """Show these items, filtered and sorted as chosen."""
        self._items = items
        if unit is not None and unit is not self._unit:
            self._unit = unit
            self.set_columns(self._table.titled(unit))
        order = self._current_order()
        falling = order is not None and order.falling != self._reversed
        if (self._filter or order is not None) and isinstance(items, Changing):
            if self._arrangement is None:
                self._arrangement = Arrangement(self._table, self._filter, order, falling)
            self._arrangement.take(items)
            self._work(items, self._arrangement)
            return
        rows = arranged(self._table, items, self._filter, order, falling, self._unit)
        self.set_rows(rows, self._words_for_nothing)

    def use(self, table: Table[T]) -> None:
        """Show the items given from now on in another table; its orders begin with those of the one before."""
        self._table = table
        self.set_columns(table.titled(self._unit))
        self._mark_order()
        self._arrangement = None

    def say_of_nothing(self, words: str) -> None:
        """What is said where there is no row."""
        self._nothing = words

    @property
    def _words_for_nothing(self) -> str:
        return f"Nothing matches {self._filter.source!r}. esc drops the filter." if self._filter else self._nothing

    def _work(self, items: Changing, arrangement: Arrangement[T]) -> None:
        """Arrange for a moment and show how far it came; the rest after the loop had a turn."""
        found = arrangement.work(items, WORK_SECONDS)
        words = "searching…" if arrangement.behind else self._words_for_nothing
        self.set_rows(TableRows(self._table, found, self._unit), words)
        if arrangement.behind and not self._working:
            self._working = True
            self.set_timer(PAUSE_SECONDS, self._work_on)

    def _work_on(self) -> None:
        self._working = False
        arrangement, items = self._arrangement, self._items
        if arrangement is None or not arrangement.behind or not isinstance(items, Changing):
            return
        self._work(items, arrangement)
        if not arrangement.behind:
            self.post_message(Rearranged(self))

    def _arrange_anew(self) -> None:
        self._arrangement = None
        self.show(self._items)

    def set_filter(self, chosen: Filter) -> None:
        """Show only what passes."""
        before, self._filter = self._filter, chosen
        if chosen:
            self._sought = chosen
        if self._arrangement is not None and chosen.narrows(before):
            self._arrangement = self._arrangement.narrowed(chosen)
            self.show(self._items)
        else:
            self._arrange_anew()

    @property
    def sought(self) -> Filter:
        """What was looked for last, whether it still filters or not."""
        return self._sought

    def seek(self, by: int) -> bool:
        """To the next row (by 1) or the one before (by -1) that matches what was looked for last; round at the end."""
        rows = self._rows
        if not self._sought or not isinstance(rows, TableRows):
            return False
        for step in range(1, len(rows) + 1):
            index = (self._cursor + by * step) % len(rows)
            if matches(self._table, rows.items[index], self._sought):
                self._move(index)
                return True
        return False

    def plain_table(self, most: int = MOST_EXPORTED) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """Titles and the rows that are shown, filtered and sorted as they are, as text."""
        columns = self._table.titled(self._unit)
        titles = tuple(column.title or f"column {index + 1}" for index, column in enumerate(columns))
        rows = self._rows[:most]
        return titles, tuple(tuple(cell_text(cell) for cell in row.cells) for row in rows)

    def sort_next(self) -> bool:
        """Sort by the next column; after the last one as the rows come. False where nothing can be sorted by."""
        count = len(self._table.orders)
        self._order = 0 if self._order is None else None if self._order >= count - 1 else self._order + 1
        self._reversed = False
        self._show_order()
        return count > 0

    def sort_by_column(self, column: int) -> None:
        """Sort by a column if it can be; a second time the other way round."""
        found = next((index for index, order in enumerate(self._table.orders) if order.column == column), None)
        if found is None:
            return
        self._order, self._reversed = found, not self._reversed if found == self._order else False
        self._show_order()

    def reverse(self) -> bool:
        """The other way round. False where nothing can be sorted by."""
        if self._order is None and self._table.orders:
            self._order = 0
        self._reversed = not self._reversed
        self._show_order()
        return bool(self._table.orders)

    def _current_order(self) -> "Order[Any] | None":
        return self._table.orders[self._order] if self._order is not None and self._table.orders else None

    def _mark_order(self) -> None:
        order = self._current_order()
        self.set_sort(order.column if order else None, bool(order and order.falling != self._reversed))

    def _show_order(self) -> None:
        self._mark_order()
        self._arrange_anew()
