"""Thousands of items that pass a filter, in an order, kept up to date item by item and never in one long piece."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from time import perf_counter
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from karptui.tui.lists.filter import Filter
from karptui.tui.lists.table import Order, Table, matches
from karptui.views.kept.changes import Changes
from karptui.views.kept.ranks import Ranks, index_in

T = TypeVar("T")
_BATCH = 50
"""Items between two looks at the clock."""


@runtime_checkable
class Changing(Protocol):
    """Items that can be had one by one, and that say which of them changed."""

    @property
    def changes(self) -> Changes:
        """Which changed, and when."""
        ...

    @property
    def scope(self) -> object:
        """Another value for other items of the same kind."""
        ...

    def keys(self) -> Iterable[str]:
        """All of them."""
        ...

    def rank_of(self, key: str) -> Any:
        """What decides where an item stands; None for one that is not among them."""
        ...

    def row(self, key: str) -> Any:
        """One item."""
        ...


class Arrangement(Generic[T]):
    """What of some items passes `chosen`, by `order` (None: as they come) or, `falling`, from its end."""

    def __init__(self, table: Table[T], chosen: Filter, order: Order[T] | None, falling: bool) -> None:
        self._table, self._chosen, self._order, self._falling = table, chosen, order, falling
        self._ranks = Ranks()
        self._whole: Iterator[str] = iter(())
        self._ahead: dict[str, None] = {}
        self._from: tuple[object, object] = (None, None)
        self._number = 0

    @property
    def behind(self) -> bool:
        """Whether some items are still to be looked at."""
        self._fetch()
        return bool(self._ahead)

    def narrowed(self, chosen: Filter) -> "Arrangement[T]":
        """The same under a filter that keeps nothing which this one does not: only what it kept is looked at again."""
        found = Arrangement(self._table, chosen, self._order, self._falling)
        found._from, found._number = self._from, self._number
        found._whole, found._ahead = chain(iter(self._ranks), self._whole), self._ahead
        return found

    def take(self, items: Changing) -> None:
        """Note what changed; `work` looks at it."""
        whole = self._from[0] is not items.changes or self._from[1] != items.scope
        if whole:
            self._from = (items.changes, items.scope)
            self._ranks = Ranks()
            self._whole, self._ahead = iter(items.keys()), {}
        else:
            self._ahead.update(dict.fromkeys(items.changes.since(self._number)))
        self._number = items.changes.number

    def work(self, items: Changing, seconds: float) -> "Arranged[T]":
        """Look at items for that long at most; what is arranged so far."""
        end = perf_counter() + seconds
        while self.behind:
            batch = list(islice(self._ahead, _BATCH))
            for key in batch:
                del self._ahead[key]
            self._ranks.update({key: self._rank(items, key) for key in batch})
            if perf_counter() >= end:
                break
        return Arranged(items, self._ranks, self._falling)

    def _fetch(self) -> None:
        """Some of the items that none has looked at yet, the first of the list first."""
        if not self._ahead:
            self._ahead.update(dict.fromkeys(islice(self._whole, _BATCH)))

    def _rank(self, items: Changing, key: str) -> Any:
        rank = items.rank_of(key)
        if rank is None:
            return None
        if self._order is None and not self._chosen:
            return rank
        row: T = items.row(key)
        if self._chosen and not matches(self._table, row, self._chosen):
            return None
        return rank if self._order is None else (self._order.value(row),)


class Arranged(Sequence[T]):
    """Items in an order; each is made when it is asked for."""

    def __init__(self, items: Changing, ranks: Ranks, falling: bool) -> None:
        self._items, self._falling = items, falling
        self._entries, self._ranks = ranks.entries(), ranks.keys

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._items.row(self._entries[len(self) - 1 - index if self._falling else index][1])

    def index_of(self, key: str) -> int | None:
        """Where an item stands."""
        rank = self._ranks.get(key)
        index = None if rank is None else index_in(self._entries, rank, key)
        return index if index is None or not self._falling else len(self) - 1 - index
