"""What a list of one kind of row looks like: columns, cells, what can be filtered and sorted. No widget is needed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from karptui.tui.lists.filter import NO_FILTER, Filter
from karptui.tui.lists.money import HOUR, Unit
from karptui.tui.widgets.columns import GAP, Cell, Column, Row

T = TypeVar("T")


@dataclass(frozen=True)
class Order(Generic[T]):
    """A way to sort: by which column it is marked, and by what value."""

    column: int
    value: Callable[[T], Any]
    falling: bool = False


@dataclass(frozen=True)
class Table(Generic[T]):
    """`cells` draws one item in the order of `columns`; `words` is all a person would search for, `fields` and
    `numbers` what `key=value` and `cpu>4` mean. A column titled "$" gets the unit's sign for its title."""

    columns: tuple[Column, ...]
    key: Callable[[T], str]
    cells: Callable[[T, Unit], tuple[Cell, ...]]
    words: Callable[[T], str]
    fields: Callable[[T], Mapping[str, str]] = field(default=lambda _: {})
    numbers: Callable[[T], Mapping[str, float | None]] = field(default=lambda _: {})
    orders: tuple[Order[T], ...] = ()
    gap: int = GAP

    def titled(self, unit: Unit) -> tuple[Column, ...]:
        """The columns with the unit of money in the title."""
        return tuple(
            column if column.title != "$" else Column(
                unit.sign, column.width, column.weight, column.align, column.drop, column.cut, column.most
            )
            for column in self.columns
        )  # fmt: skip


class _Searched(Generic[T]):
    """One item as a filter sees it; made only while there is a filter."""

    def __init__(self, table: Table[T], item: T) -> None:
        self._table, self._item = table, item

    @property
    def text(self) -> str:
        return self._table.words(self._item).lower()

    @property
    def fields(self) -> Mapping[str, str]:
        return self._table.fields(self._item)

    @property
    def numbers(self) -> Mapping[str, float]:
        return {name: value for name, value in self._table.numbers(self._item).items() if value is not None}


class TableRows(Sequence[Row], Generic[T]):
    """Items as rows, each drawn only when it comes on the screen."""

    def __init__(self, table: Table[T], items: Sequence[T], unit: Unit) -> None:
        self.items = items
        self._table, self._unit = table, unit
        self._made: dict[int, Row] = {}

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self.items)))]
        index = index + len(self.items) if index < 0 else index
        row = self._made.get(index)
        if row is None:
            item = self.items[index]
            cells = self._table.cells(item, self._unit)
            row = self._made[index] = Row(self._table.key(item), cells, cells)
        return row

    def index_of(self, key: str) -> int | None:
        """Where the item of this key stands."""
        if isinstance(self.items, Indexed):
            return self.items.index_of(key)
        named = self._table.key
        return next((index for index, item in enumerate(self.items) if named(item) == key), None)


@runtime_checkable
class Indexed(Protocol):
    """Items that know where a key stands without being made."""

    def index_of(self, key: str) -> int | None:
        """Where the item of this key stands."""
        ...


def matches(table: Table[T], item: T, chosen: Filter) -> bool:
    """Whether a filter would keep this item."""
    return chosen.keeps(_Searched(table, item))


def arranged(
    table: Table[T],
    items: Sequence[T],
    chosen: Filter = NO_FILTER,
    order: Order[T] | None = None,
    falling: bool = False,
    unit: Unit = HOUR,
) -> TableRows[T]:
    """The items that pass a filter, in an order (None: as they come)."""
    kept: Sequence[T] = items
    if chosen:
        kept = [item for item in items if matches(table, item, chosen)]
    if order is not None:
        kept = sorted(kept, key=order.value, reverse=falling)
    return TableRows(table, kept, unit)
