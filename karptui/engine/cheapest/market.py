"""How full a node of each kind can be filled, and what a pod's place is worth, before topology has its say."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from karptui.engine.bound.columns import Column
from karptui.engine.bound.demand import Demand, Rule
from karptui.engine.provisioning.catalogue import bits

ROUNDS = 12
"""So often the worth of a place is learnt anew from the nodes that it led to."""

_AT_ONCE = 4
"""A fourth of what still fits is put on a node before it is asked again what fits best; one pod at the least."""


class Fill(NamedTuple):
    """One node: how many pods of each demand, by number, and what their places are worth: together, and per USD."""

    column: Column
    pods: dict[int, int]
    worth: float
    ratio: float


class Market:
    """Demands and the nodes that may hold them."""

    def __init__(self, demands: Sequence[Demand], columns: Sequence[Column]) -> None:
        self.demands = demands
        self.columns = columns
        self._names = sorted({name for demand in demands for name, amount in demand.amounts if amount > 0})
        place = {name: number for number, name in enumerate(self._names)}
        self._amounts = [
            tuple((place[name], amount) for name, amount in demand.amounts if amount > 0) for demand in demands
        ]

    def first_worths(self) -> list[float]:
        """The share of a node that a pod takes of its scarcest resource, at the price of the best node for it."""
        worths: list[float] = []
        for number, demand in enumerate(self.demands):
            amounts = [(name, amount) for name, amount in demand.amounts if amount > 0]
            prices = [
                column.price * max((amount / column.room[name] for name, amount in amounts), default=1.0)
                for column in self.columns
                if column.takes >> number & 1
            ]
            worths.append(min(prices, default=0.0))
        return worths

    def learn(self) -> list[float]:
        """What places are worth once nodes bought by it no longer get cheaper."""
        worths = self.first_worths()
        best, best_price = worths, float("inf")
        for _ in range(ROUNDS):
            bought = self.buy(worths)
            price = sum(fill.column.price * times for fill, times in bought)
            if price < best_price:
                best, best_price = worths, price
            worths = self._paid(worths, bought)
        return best

    def buy(self, worths: Sequence[float]) -> list[tuple[Fill, int]]:
        """Nodes for all pods, each the one that gives most worth for its price; with how many of each."""
        left = {number: demand.pods for number, demand in enumerate(self.demands)}
        fills: dict[int, Fill] = {}
        bought: list[tuple[Fill, int]] = []
        while left:
            fill = self.best(worths, left, fills)
            if fill is None:
                return bought
            times = min(left[number] // count for number, count in fill.pods.items())
            bought.append((fill, times))
            for number, count in fill.pods.items():
                left[number] -= count * times
                if not left[number]:
                    del left[number]
        return bought

    def best(self, worths: Sequence[float], left: Mapping[int, int], fills: dict[int, Fill]) -> Fill | None:
        """The node that gives most worth for its price. `fills` keeps what was found out for the next question.

        A node gets no better as pods run out, so one that can no longer be filled as it was is only looked at again
        when it would be the best.
        """
        if not fills:
            fills.update((place, self.fill(column, worths, left)) for place, column in enumerate(self.columns))
        while True:
            place = max(fills, key=lambda place: fills[place].ratio, default=None)
            if place is None or fills[place].ratio <= 0:
                return None
            fill = fills[place]
            if all(left.get(number, 0) >= count for number, count in fill.pods.items()):
                return fill
            fills[place] = self.fill(fill.column, worths, left)

    def fill(self, column: Column, worths: Sequence[float], left: Mapping[int, int]) -> Fill:
        """A node filled greedily: next comes what is worth most for the share it takes of what is still free."""
        room = [column.room.get(name, 0) for name in self._names]
        pods: dict[int, int] = {}
        used: dict[Rule, int] = {}
        worth = 0.0
        open_ = [number for number in bits(column.takes) if left.get(number, 0) > 0]
        while open_:
            best, best_gain = -1, 0.0
            kept: list[int] = []
            for number in open_:
                share = 0.0
                for place, amount in self._amounts[number]:
                    free = room[place]
                    if amount > free:
                        break
                    share += amount / free
                else:
                    kept.append(number)
                    gain = worths[number] / (share or 1e-9)
                    if gain > best_gain:
                        best, best_gain = number, gain
            if best < 0:
                break
            count = self._fitting(best, room, left[best] - pods.get(best, 0), used)
            if count <= 0:
                kept.remove(best)
                open_ = kept
                continue
            open_ = kept
            taken = max(1, count // _AT_ONCE)
            pods[best] = pods.get(best, 0) + taken
            worth += worths[best] * taken
            for place, amount in self._amounts[best]:
                room[place] -= amount * taken
            for rule in self.demands[best].rules:
                used[rule] = used.get(rule, 0) + taken
        return Fill(column, pods, worth, worth / max(column.price, 1e-9))

    def order(self, column: Column, worths: Sequence[float]) -> list[int]:
        """The demands that a node may hold, those first that are worth most for the share they take of it."""
        room = column.room

        def gain(number: int) -> float:
            share = sum(amount / (room.get(self._names[place]) or 1) for place, amount in self._amounts[number])
            return -worths[number] / (share or 1e-9)

        return sorted(bits(column.takes), key=gain)

    def _fitting(self, number: int, room: Sequence[int], most: int, used: Mapping[Rule, int]) -> int:
        for place, amount in self._amounts[number]:
            most = min(most, room[place] // amount)
        for rule in self.demands[number].rules:
            most = min(most, rule[2] - used.get(rule, 0))
        return most

    def _paid(self, worths: Sequence[float], bought: Sequence[tuple[Fill, int]]) -> list[float]:
        """What places cost in these nodes, each node's price shared by worth; half of it is believed at once."""
        spent = [0.0] * len(worths)
        counts = [0] * len(worths)
        for fill, times in bought:
            rate = fill.column.price / fill.worth if fill.worth else 0.0
            for number, count in fill.pods.items():
                spent[number] += worths[number] * rate * count * times
                counts[number] += count * times
        return [
            (worth + spent[number] / counts[number]) / 2 if counts[number] else worth
            for number, worth in enumerate(worths)
        ]
