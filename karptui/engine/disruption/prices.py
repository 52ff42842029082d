"""What a replacement may cost (spec/lifecycle.md 4.5, 4.7)."""

from bisect import bisect_left
from collections.abc import Iterable
from math import inf
from typing import NamedTuple

from karptui.engine.disruption.candidates import Candidate
from karptui.engine.disruption.costs import cheapest_like
from karptui.engine.provisioning.groundwork import Groundwork
from karptui.engine.provisioning.requirement_sets import RequirementSet
from karptui.model.labels import ON_DEMAND, RESERVED, SPOT
from karptui.model.requirements import Requirements

_CLASSES = (RESERVED, SPOT, ON_DEMAND)


class _Ladder(NamedTuple):
    """Types by worst price, ascending: the price and bit of each, and for every place the mask of those before it."""

    prices: list[float]
    bits: list[int]
    masks: list[int]


class Prices:
    """Prices of types under requirements, remembered for every set of them."""

    def __init__(self, ground: Groundwork) -> None:
        self._catalogue = ground.catalogue
        self._ladders: dict[RequirementSet, _Ladder] = {}
        self._own: dict[str, float] = {}

    def below(self, requirements: RequirementSet, types: int, price: float) -> int:
        """The types whose launch costs less than this at worst, within the best capacity type that is available."""
        ladder = self._ladder(requirements)
        return types & ladder.masks[bisect_left(ladder.prices, price)]

    def least_worst(self, requirements: RequirementSet, types: int) -> float:
        """The price of the type that is cheapest at worst; inf where none can be had."""
        ladder = self._ladder(requirements)
        return next((price for price, bit in zip(ladder.prices, ladder.bits, strict=True) if types >> bit & 1), inf)

    def _ladder(self, requirements: RequirementSet) -> _Ladder:
        known = self._ladders.get(requirements)
        if known is None:
            admitted = {kind.requirements for kind in requirements.kinds}
            steps = sorted((self._worst_of(bit, admitted), bit) for bit in range(self._catalogue.count))
            steps = [step for step in steps if step[0] < inf]
            masks = [0]
            for _, bit in steps:
                masks.append(masks[-1] | 1 << bit)
            known = _Ladder([price for price, _ in steps], [bit for _, bit in steps], masks)
            self._ladders[requirements] = known
        return known

    def least_of_same_type(self, candidates: Iterable[Candidate], types: int) -> float:
        """The lowest price of any type that is both among the candidates and among these; inf: none is.

        A type of which no offering suits its node's labels counts as free, as in Karpenter.
        """
        lowest: dict[str, float] = {}
        for candidate in candidates:
            if candidate.type_ is None:
                continue
            name = candidate.type_.name
            price = self._cheapest_like(candidate)
            known = lowest.get(name)
            lowest[name] = price if known is None else min(known, price)
        named = self._catalogue.named
        return min(
            (0.0 if price == inf else price for name, price in lowest.items() if types & named[name]), default=inf
        )

    def cheapest(self, requirements: RequirementSet, types: int) -> float:
        """The price of the first type in launch order; 0 where nothing of it can be bought."""
        order, prices = self._catalogue.price_order(requirements.kinds)
        first = next((bit for bit in order if types >> bit & 1), None)
        return 0.0 if first is None or prices[first] == inf else prices[first]

    def in_order(self, requirements: RequirementSet, types: int) -> list[int]:
        """The types in launch order."""
        order, _ = self._catalogue.price_order(requirements.kinds)
        return [bit for bit in order if types >> bit & 1]

    def _worst_of(self, bit: int, admitted: set[Requirements]) -> float:
        highest: dict[str, float] = {}
        for offering in self._catalogue.types[bit].offerings:
            if offering.available and offering.requirements in admitted:
                highest[offering.capacity_type] = max(highest.get(offering.capacity_type, 0.0), offering.price)
        return next((highest[name] for name in _CLASSES if name in highest), inf)

    def _cheapest_like(self, candidate: Candidate) -> float:
        known = self._own.get(candidate.name)
        if known is None:
            known = self._own[candidate.name] = cheapest_like(candidate.type_, candidate.state.labels)
        return known
