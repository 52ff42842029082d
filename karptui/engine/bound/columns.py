"""The nodes that a linear program may buy parts of: instance types with their cheapest offering, the useful ones."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple

from karptui.engine.bound.demand import Demand
from karptui.engine.provisioning.catalogue import OfferingKind, bits
from karptui.engine.provisioning.filtering import TypeFilter
from karptui.engine.provisioning.groundwork import Groundwork
from karptui.model.resources import Resources

TOLERANCE = 0.002
"""A column goes if another stands in for it at a price higher by no more than this; the bound is lowered by it."""


class Column(NamedTuple):
    """A node one could buy: `room` is allocatable less DaemonSets, `takes` the numbers of the demands it may hold.

    `instance_type` is the bit of the type, `reservation` the id of the reservation that it comes out of.
    """

    template: int
    instance_type: int
    price: float
    room: Resources
    takes: int
    reservation: str


def columns(ground: Groundwork, demands: Sequence[Demand], whole: bool = False) -> list[Column]:
    """Every node that could be of use: none is left that another can stand in for at no higher price.

    `whole`: nodes are not to be had in parts.
    """
    found: list[Column] = []
    holding = TypeFilter(ground.catalogue)
    for template in ground.templates:
        for kinds, holders in _alike(ground, demands, template.index, holding).items():
            found += _of_kinds(ground, template.index, kinds, holders)
    names = sorted({name for demand in demands for name, amount in demand.amounts if amount > 0})
    if whole:
        found.sort(key=lambda column: (column.price, -column.instance_type))
        return _pruned(found, names, 1.0, 0.0, True)
    return _useful(found, names, any(demand.rules for demand in demands))


def dearest_pod(ground: Groundwork, demands: Sequence[Demand]) -> float:
    """The highest price, over all pods, of the cheapest whole node that holds the pod: one such node there must be."""
    least = [inf] * len(demands)
    holding = TypeFilter(ground.catalogue)
    for template in ground.templates:
        for kinds, holders in _alike(ground, demands, template.index, holding).items():
            for number, types in holders.items():
                prices = (kind.prices[bit] for kind in kinds for bit in bits(types) if bit in kind.prices)
                least[number] = min(least[number], min(prices, default=inf))
    return max((price for price in least if price < inf), default=0.0)


def _alike(
    ground: Groundwork, demands: Sequence[Demand], template: int, holding: TypeFilter
) -> dict[tuple[OfferingKind, ...], dict[int, int]]:
    """Offerings that the same demands admit, each group with the types that hold a pod of a demand, by its number."""
    by_kind: dict[OfferingKind, dict[int, int]] = {}
    groups, types = ground.groups[template], ground.templates[template].types
    for number, demand in enumerate(demands):
        for place, target in demand.places:
            if place != template:
                continue
            held = holding.opening(groups, types, demand.classes[0], target)
            for kind in target.kinds if held else ():
                masks = by_kind.setdefault(kind, {})
                masks[number] = masks.get(number, 0) | held
    alike: dict[tuple[tuple[int, int], ...], list[OfferingKind]] = {}
    for kind, masks in by_kind.items():
        # A reservation is its own column: there is only so much of it.
        alike.setdefault((*sorted(masks.items()), (-1, hash(kind.reservation_id))), []).append(kind)
    return {tuple(kinds): dict(key[:-1]) for key, kinds in alike.items()}


def _of_kinds(
    ground: Groundwork, template: int, kinds: tuple[OfferingKind, ...], holders: Mapping[int, int]
) -> list[Column]:
    catalogue = ground.catalogue
    takes: dict[int, int] = {}
    for number, types in holders.items():
        for bit in bits(types):
            takes[bit] = takes.get(bit, 0) | 1 << number
    rows_of: dict[int, list[int]] = {}
    for row, owner in enumerate(catalogue.owners):
        rows_of.setdefault(owner, []).append(row)
    found: list[Column] = []
    for bit, taken in takes.items():
        price = min((kind.prices[bit] for kind in kinds if bit in kind.prices), default=None)
        if price is None:
            continue
        overhead = next(group.overhead for group in ground.groups[template] if group.types >> bit & 1)
        rows = [catalogue.rows[row] for row in rows_of[bit] if any(kind.rows >> row & 1 for kind in kinds)]
        # Of several sizes that offerings give a type the most of each amount: a bound may be too low, never too high.
        names = {name for row in rows for name in row}
        room = {name: max(row.get(name, 0) for row in rows) - overhead.get(name, 0) for name in names}
        found.append(Column(template, bit, price, room, taken, kinds[0].reservation_id))
    return found


def _useful(found: list[Column], names: Sequence[str], ruled: bool) -> list[Column]:
    """The columns that no other makes superfluous: first by those that give most for the money, then by small ones."""
    scale = {name: max(column.room.get(name, 0) for column in found) or 1 for name in names} if found else {}

    def density(column: Column) -> float:
        return column.price / (sum(column.room.get(name, 0) / scale[name] for name in names) or 1)

    found = sorted(found, key=lambda column: (density(column), column.price, column.instance_type))
    kept = _pruned(found, names, 1.0 if ruled else 0.0, 0.0)
    kept.sort(key=lambda column: (column.price, column.instance_type))
    return _pruned(kept, names, 1.0 if ruled else 0.0, TOLERANCE)


def _pruned(
    found: Sequence[Column], names: Sequence[str], least: float, tolerance: float, whole: bool = False
) -> list[Column]:
    kept: list[Column] = []
    for column in found:
        price = column.price * (1.0 + tolerance)
        shares = ((_share(other, column, names, least), other.price) for other in kept)
        if not any((share <= 1.0 if whole else share * dear <= price) for share, dear in shares):
            kept.append(column)
    return kept


def _share(other: Column, column: Column, names: Sequence[str], share: float) -> float:
    """How much of `other` can stand in for `column`, at least `share`; inf if it cannot at all."""
    if other.reservation or column.takes & ~other.takes:
        return inf
    for name in names:
        wanted, there = column.room.get(name, 0), other.room.get(name, 0)
        if wanted > 0:
            if there <= 0:
                return inf
            share = max(share, wanted / there)
    return share
