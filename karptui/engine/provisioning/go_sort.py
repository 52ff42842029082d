"""The permutation that Go's ``sort.Slice`` leaves behind.

Karpenter sorts its open claims by pod count with an unstable sort before every pod, and the first claim takes the pod,
so equal elements must end where Go's routine puts them (spec/scheduling.md, Appendix A, from which this is written).
"""

from collections.abc import Sequence
from functools import lru_cache

_SMALL = 12
"""Ranges up to this length are insertion-sorted, which is stable."""

_SHORT = 50
"""Ranges shorter than this are never repaired in place, and have no probe neighbours."""

_REPAIRS = 5
_WORD = (1 << 64) - 1


def go_order(keys: Sequence[int]) -> Sequence[int]:
    """The indices of ``keys`` in the order in which ``sort.Slice`` with ``keys[i] < keys[j]`` would leave them."""
    if len(keys) >= _SHORT:
        return _order(keys)
    # A few dozen claims are like those of the plan before, and as they fill up like themselves with a pod less each.
    least = min(keys, default=0)
    return _order_of_few(tuple([key - least for key in keys]))


@lru_cache(maxsize=2048)
def _order_of_few(keys: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(_order(keys))


def _order(keys: Sequence[int]) -> list[int]:
    sorting = _Sorting(keys)
    sorting.sort(0, len(keys), len(keys).bit_length())
    return sorting.index


class _Sorting:
    """One run: values and the indices they came from, moved together."""

    def __init__(self, keys: Sequence[int]) -> None:
        self.value = list(keys)
        self.index = list(range(len(keys)))

    def swap(self, i: int, j: int) -> None:
        value, index = self.value, self.index
        value[i], value[j] = value[j], value[i]
        index[i], index[j] = index[j], index[i]

    def sort(self, low: int, high: int, limit: int) -> None:
        value = self.value
        balanced = partitioned = True
        while True:
            length = high - low
            if length <= _SMALL:
                self.insertion(low, high)
                return
            if limit == 0:
                self.heap(low, high)
                return
            if not balanced:
                self.scatter(low, high)
                limit -= 1
            pivot, swaps = self.pivot(low, high)
            increasing = swaps == 0
            if swaps == _SMALL:
                value[low:high] = value[low:high][::-1]
                self.index[low:high] = self.index[low:high][::-1]
                pivot = high - 1 - (pivot - low)
                increasing = True
            if balanced and partitioned and increasing and self.repair(low, high):
                return
            if low > 0 and not value[low - 1] < value[pivot]:
                low = self.split_equal(low, high, pivot)
                continue
            middle, partitioned = self.split(low, high, pivot)
            left, right = middle - low, high - middle
            balanced = min(left, right) >= length // 8
            if left < right:
                self.sort(low, middle, limit)
                low = middle + 1
            else:
                self.sort(middle + 1, high, limit)
                high = middle

    def insertion(self, low: int, high: int) -> None:
        value, index = self.value, self.index
        for i in range(low + 1, high):
            moving = value[i]
            if not moving < value[i - 1]:
                continue
            origin, j = index[i], i
            while j > low and moving < value[j - 1]:
                value[j], index[j] = value[j - 1], index[j - 1]
                j -= 1
            value[j], index[j] = moving, origin

    def heap(self, low: int, high: int) -> None:
        length = high - low
        for root in range((length - 1) // 2, -1, -1):
            self.sift(low, root, length)
        for end in range(length - 1, -1, -1):
            self.swap(low, low + end)
            self.sift(low, 0, end)

    def sift(self, low: int, root: int, length: int) -> None:
        value = self.value
        while (child := 2 * root + 1) < length:
            if child + 1 < length and value[low + child] < value[low + child + 1]:
                child += 1
            if not value[low + root] < value[low + child]:
                return
            self.swap(low + root, low + child)
            root = child

    def scatter(self, low: int, high: int) -> None:
        """Breaks a pattern that made the last partition lopsided."""
        length = high - low
        if length < 8:
            return
        state, mask = length, (1 << length.bit_length()) - 1
        centre = low + (length // 4) * 2
        for place in (centre - 1, centre, centre + 1):
            state ^= (state << 13) & _WORD
            state ^= state >> 7
            state ^= (state << 17) & _WORD
            other = state & mask
            if other >= length:
                other -= length
            self.swap(place, low + other)

    def pivot(self, low: int, high: int) -> tuple[int, int]:
        """The index of the pivot, and how many of the comparisons on the way found a pair the wrong way round."""
        value, length = self.value, high - low
        quarter = length // 4
        first, second, third = low + quarter, low + quarter * 2, low + quarter * 3
        swaps = 0

        def median(a: int, b: int, c: int) -> int:
            nonlocal swaps
            if value[b] < value[a]:
                a, b, swaps = b, a, swaps + 1
            if value[c] < value[b]:
                b, c, swaps = c, b, swaps + 1
            if value[b] < value[a]:
                a, b, swaps = b, a, swaps + 1
            return b

        if length >= 8:
            if length >= _SHORT:
                first = median(first - 1, first, first + 1)
                second = median(second - 1, second, second + 1)
                third = median(third - 1, third, third + 1)
            second = median(first, second, third)
        return second, swaps

    def repair(self, low: int, high: int) -> bool:
        """Sorts a range that is nearly sorted; False where it gave up."""
        value, i = self.value, low + 1
        for _ in range(_REPAIRS):
            while i < high and not value[i] < value[i - 1]:
                i += 1
            if i == high:
                return True
            if high - low < _SHORT:
                return False
            self.swap(i, i - 1)
            if i - low >= 2:
                j = i - 1
                while j >= 1 and value[j] < value[j - 1]:
                    self.swap(j, j - 1)
                    j -= 1
            if high - i >= 2:
                j = i + 1
                while j < high and value[j] < value[j - 1]:
                    self.swap(j, j - 1)
                    j += 1
        return False

    def split(self, low: int, high: int, pivot: int) -> tuple[int, bool]:
        """Partitions into smaller | pivot | not smaller: where the pivot is now, and whether nothing had to move."""
        value = self.value
        self.swap(low, pivot)
        i, j, moved = low + 1, high - 1, False
        while True:
            while i <= j and value[i] < value[low]:
                i += 1
            while i <= j and not value[j] < value[low]:
                j -= 1
            if i > j:
                break
            self.swap(i, j)
            moved = True
            i += 1
            j -= 1
        self.swap(j, low)
        return j, not moved

    def split_equal(self, low: int, high: int, pivot: int) -> int:
        """Partitions a range whose smallest element is the pivot into equal | greater: where the greater begin."""
        value = self.value
        self.swap(low, pivot)
        i, j = low + 1, high - 1
        while True:
            while i <= j and not value[low] < value[i]:
                i += 1
            while i <= j and value[low] < value[j]:
                j -= 1
            if i > j:
                return i
            self.swap(i, j)
            i += 1
            j -= 1
