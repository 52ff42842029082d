"""Instance types in the order in which a claim lists them: by their lowest price, then by name (scheduling.md 8.6)."""

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from math import inf
from operator import itemgetter

_DIGITS = bytes.maketrans(b"01", b"\x00\x01")
_STEP = 16
_PART = 128


class LaunchOrder:
    """All types of a catalogue, those without a price last. `order` are their places in masks, `prices` by place."""

    __slots__ = ("_count", "_names", "_parts", "_prefixes", "order", "prices")

    def __init__(self, names: Sequence[str], offered: Iterable[dict[int, float]]) -> None:
        """`names` by place; `offered`: of every kind of offerings in question, the prices by place."""
        self._count = len(names)
        self.prices: dict[int, float] = dict.fromkeys(range(len(names)), inf)
        for prices in offered:
            for place, price in prices.items():
                self.prices[place] = min(self.prices[place], price)
        self.order = sorted(range(len(names)), key=lambda place: (self.prices[place], names[place]))
        self._names = [names[place] for place in self.order]
        self._parts: list[Callable[[bytes], Iterable[int]]] = []
        self._prefixes: list[int] = []

    def names(self, types: int) -> tuple[str, ...]:
        """The names of the types of a mask, in order."""
        if not self._parts:
            last = self._count - 1
            self._parts = [_picker([last - place for place in self._part(at)]) for at in self._starts()]
        # One byte a type, the last one first: asking a wide int for its bits one by one takes far longer.
        chosen = f"{types:0{self._count}b}".encode().translate(_DIGITS)
        wanted, found = types.bit_count(), list[str]()
        for start, pick in zip(self._starts(), self._parts, strict=True):
            found += compress(self._names[start : start + _PART], pick(chosen))
            if len(found) == wanted:
                break
        return tuple(found)

    def first(self, types: int, number: int) -> int:
        """The mask of the first so many types of a mask."""
        if types.bit_count() <= number:
            return types
        if not self._prefixes:
            self._prefixes = _prefixes(self.order)
        low, high = 0, len(self._prefixes) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if (types & self._prefixes[middle]).bit_count() <= number:
                low = middle
            else:
                high = middle - 1
        kept = types & self._prefixes[low]
        missing = number - kept.bit_count()
        for place in self.order[low * _STEP : (low + 1) * _STEP]:
            if not missing:
                break
            if types >> place & 1:
                kept |= 1 << place
                missing -= 1
        return kept

    def _starts(self) -> range:
        return range(0, self._count, _PART)

    def _part(self, start: int) -> list[int]:
        return self.order[start : start + _PART]


def _picker(places: list[int]) -> Callable[[bytes], Iterable[int]]:
    """What picks the bytes at these places."""
    return itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))


def _prefixes(order: Sequence[int]) -> list[int]:
    """The masks of the first 0, 16, 32 ... types."""
    prefixes = [0]
    for start in range(0, len(order), _STEP):
        mask = prefixes[-1]
        for place in order[start : start + _STEP]:
            mask |= 1 << place
        prefixes.append(mask)
    return prefixes
