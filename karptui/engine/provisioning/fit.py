"""Which rows of a table of amounts hold a request: one bisection and one AND per resource.

A row is an allocatable (or a capacity) of an instance type; a mask is an int whose bit i stands for row i.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence


class FitIndex:
    """Amounts of rows, arranged so that `fits` costs about 1 µs whatever the number of rows.

    Per resource the rows stand in descending order of amount, and a prefix mask for every place in that order.
    """

    def __init__(self, rows: Sequence[Mapping[str, int]], negative_disqualifies: bool = True) -> None:
        """`negative_disqualifies`: a row with any amount below zero holds nothing (spec/scheduling.md 3.1)."""
        self.count = len(rows)
        self.all = (1 << len(rows)) - 1
        usable = self.all
        if negative_disqualifies:
            for bit, row in enumerate(rows):
                if any(amount < 0 for amount in row.values()):
                    usable &= ~(1 << bit)
        self.usable = usable
        self.tables: dict[str, tuple[list[int], list[int]]] = {}
        """By resource: the amounts negated, ascending, and the mask of the first so many of them."""
        for resource in {name for row in rows for name in row}:
            self.tables[resource] = _table(rows, resource, usable)

    def at_least(self, resource: str, amount: int) -> int:
        """The rows that have this much of one resource; a resource that no row has is zero everywhere."""
        table = self.tables.get(resource)
        if table is None:
            return self.usable if amount <= 0 else 0
        negated, prefixes = table
        return prefixes[bisect_right(negated, -amount)]

    def fits(self, amounts: Iterable[tuple[str, int]]) -> int:
        """The rows that hold all amounts (nano-units by resource)."""
        mask = self.usable
        tables = self.tables
        for resource, amount in amounts:
            table = tables.get(resource)
            if table is not None:
                mask &= table[1][bisect_right(table[0], -amount)]
            elif amount > 0:
                return 0
            if not mask:
                return 0
        return mask

    def at_most(self, resource: str, amount: int) -> int:
        """The rows whose amount of a resource is not above this one."""
        return self.usable & ~self.at_least(resource, amount + 1)

    def maximum(self, resource: str, mask: int) -> int:
        """The greatest amount among the rows of a mask that is not empty."""
        table = self.tables.get(resource)
        if table is None:
            return 0
        negated, prefixes = table
        low, high = 1, len(negated)
        while low < high:
            middle = (low + high) // 2
            if prefixes[middle] & mask:
                high = middle
            else:
                low = middle + 1
        return -negated[low - 1] if prefixes[low] & mask else 0

    @property
    def resources(self) -> Iterable[str]:
        """The resources that any row names."""
        return self.tables.keys()


def _table(rows: Sequence[Mapping[str, int]], resource: str, usable: int) -> tuple[list[int], list[int]]:
    order = sorted((-row.get(resource, 0), bit) for bit, row in enumerate(rows) if usable >> bit & 1)
    prefixes, mask = [0], 0
    for _, bit in order:
        mask |= 1 << bit
        prefixes.append(mask)
    return [negated for negated, _ in order], prefixes
