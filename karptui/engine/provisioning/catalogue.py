"""A catalogue arranged for deciding: types numbered by price, masks per requirement value, tables of amounts.

Bit i of a type mask is the i-th cheapest type; a type that NodePools see differently has one bit for each way. Where
offerings override capacity or overhead a type has further rows beside its base row (spec/scheduling.md 3.3); bit i of a
row mask is type i's base row for i < the number of types.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf

from karptui.engine.provisioning.fit import FitIndex
from karptui.engine.provisioning.launch_order import LaunchOrder
from karptui.model.instance_type import Catalogue, InstanceType, Offering, Overhead
from karptui.model.labels import AWS_WELL_KNOWN
from karptui.model.requirements import Requirement, Requirements
from karptui.model.resources import Resources

_KEPT_CATALOGUES = 4
_KEPT_ORDERS = 4096


class OfferingKind:
    """All offerings that ask the same of a claim: usually one per zone × capacity type."""

    __slots__ = ("index", "prices", "requirements", "reservation_id", "rows", "sample", "types")

    def __init__(self, index: int, sample: Offering) -> None:
        self.index = index
        self.requirements = sample.requirements
        self.reservation_id = sample.reservation_id
        self.sample = sample
        self.rows = 0
        self.types = 0
        self.prices: dict[int, float] = {}


class PreparedCatalogue:
    """What every plan over one Catalogue shares. Only memo tables change after construction."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        own = _variants(catalogue)
        self.types: tuple[InstanceType, ...] = tuple(
            sorted((*catalogue.types, *own), key=lambda t: (cheapest(t), t.name))
        )
        self.count = len(self.types)
        self.all = (1 << self.count) - 1
        places = {id(type_): bit for bit, type_ in enumerate(self.types)}
        self.rank = {type_.name: places[id(type_)] for type_ in catalogue.types}
        self._variants = {
            pool: {name: places[id(type_)] for name, type_ in types.items()}
            for pool, types in catalogue.variants.items()
        }
        self.named: dict[str, int] = {}
        for bit, type_ in enumerate(self.types):
            self.named[type_.name] = self.named.get(type_.name, 0) | 1 << bit
        self.provider_order = tuple(bit for type_ in catalogue.types for bit in bits(self.named[type_.name]))
        self.capacity = FitIndex([type_.capacity for type_ in self.types], negative_disqualifies=False)
        self.owners: list[int] = list(range(self.count))
        rows: list[Mapping[str, int]] = [type_.allocatable for type_ in self.types]
        self.kinds = self._offering_kinds(rows)
        self.extra_rows: dict[int, int] = {}
        for row in range(self.count, len(rows)):
            owner = self.owners[row]
            self.extra_rows[owner] = self.extra_rows.get(owner, 0) | 1 << row
        self.rows: Sequence[Mapping[str, int]] = rows
        self.allocatable = FitIndex(rows)
        self._keys = _keys(self.types)
        self._matching: dict[Requirement, int] = {}
        self.names = [type_.name for type_ in self.types]
        self._orders: OrderedDict[tuple[int, ...], LaunchOrder] = OrderedDict()
        self.reservations = _reservations(self.types)
        self.price_overlays: dict[str, int] = {}
        self.capacity_overlays: dict[str, int] = {}
        self._note_overlays()

    def _offering_kinds(self, rows: list[Mapping[str, int]]) -> tuple[OfferingKind, ...]:
        kinds: dict[Requirements, OfferingKind] = {}
        for bit, type_ in enumerate(self.types):
            own_rows: dict[tuple[object, ...], int] = {}
            for offering in type_.offerings:
                kind = kinds.get(offering.requirements)
                if kind is None:
                    kind = kinds[offering.requirements] = OfferingKind(len(kinds), offering)
                kind.types |= 1 << bit
                if not offering.available:
                    continue
                row = bit
                if offering.capacity_override is not None or offering.overhead_override is not None:
                    amounts = overridden(type_, offering)
                    content = tuple(sorted(amounts.items()))
                    if content not in own_rows:
                        own_rows[content] = len(rows)
                        rows.append(amounts)
                        self.owners.append(bit)
                    row = own_rows[content]
                kind.rows |= 1 << row
                kind.prices[bit] = min(kind.prices.get(bit, inf), offering.price)
        return tuple(kinds.values())

    def _note_overlays(self) -> None:
        """By NodeOverlay the masks of the types whose prices, and whose capacity, it changed."""
        for bit, type_ in enumerate(self.types):
            for name in {offering.price_overlay for offering in type_.offerings} - {""}:
                self.price_overlays[name] = self.price_overlays.get(name, 0) | 1 << bit
            for name in set(type_.capacity_overlays.values()):
                self.capacity_overlays[name] = self.capacity_overlays.get(name, 0) | 1 << bit

    def expand(self, types: int) -> int:
        """The rows of a mask of types."""
        rows = types
        for owner, extra in self.extra_rows.items():
            if types >> owner & 1:
                rows |= extra
        return rows

    def collapse(self, rows: int) -> int:
        """The types that own any row of a mask of rows."""
        if not self.extra_rows:
            return rows
        types = rows & self.all
        for owner, extra in self.extra_rows.items():
            if rows & extra:
                types |= 1 << owner
        return types

    def visible(self, pool: str) -> int:
        """The types that the cloud offers to a NodePool, as the pool sees them."""
        names, own = self.catalogue.by_pool.get(pool), self._variants.get(pool, {})
        if names is None and not self._variants:
            return self.all
        chosen = self.rank if names is None else names
        return sum({1 << own.get(name, self.rank[name]) for name in chosen if name in self.rank})

    def place(self, pool: str, name: str) -> int | None:
        """The bit of the type of this name as a NodePool sees it; None for a name that is unknown."""
        return self._variants.get(pool, {}).get(name, self.rank.get(name))

    def matching(self, wanted: Requirement) -> int:
        """The types whose requirement on this key goes with `wanted`; types that do not name the key do."""
        mask = self._matching.get(wanted)
        if mask is None:
            if len(self._matching) > _KEPT_ORDERS:
                self._matching.clear()
            mask = self._matching[wanted] = self._match(wanted)
        return mask

    def _match(self, wanted: Requirement) -> int:
        entries = self._keys.get(wanted.key)
        if entries is None:
            return self.all
        mask = self.all
        for own, types in entries.items():
            if not own.has_intersection(wanted) and not (own.allows_absence and wanted.allows_absence):
                mask &= ~types
        return mask

    def compatible_types(self, requirements: Requirements) -> int:
        """The types whose requirements intersect these."""
        mask = self.all
        for wanted in requirements.values():
            if wanted.key in self._keys:
                mask &= self.matching(wanted)
        return mask

    def compatible_kinds(self, requirements: Requirements) -> tuple[OfferingKind, ...]:
        """The kinds of offerings that these requirements admit, available or not."""
        return tuple(kind for kind in self.kinds if requirements.is_compatible(kind.requirements, AWS_WELL_KNOWN))

    def launch_order(self, kinds: tuple[OfferingKind, ...]) -> LaunchOrder:
        """Types by their lowest price among these kinds."""
        signature = tuple([kind.index for kind in kinds])
        known = self._orders.get(signature)
        if known is None:
            known = self._orders[signature] = LaunchOrder(self.names, [kind.prices for kind in kinds])
            if len(self._orders) > _KEPT_ORDERS:
                self._orders.popitem(last=False)
        return known

    def price_order(self, kinds: tuple[OfferingKind, ...]) -> tuple[list[int], dict[int, float]]:
        """Types by their lowest price among these kinds, then name; and the prices. Types without one come last."""
        known = self.launch_order(kinds)
        return known.order, known.prices

    def stated(self, key: str) -> Iterable[tuple[Requirement, int]]:
        """The requirements that types state for a key, each with the mask of its types."""
        return self._keys.get(key, {}).items()

    def stating(self, key: str) -> int:
        """Mask of the types that state anything for a key."""
        mask = 0
        for _, types in self.stated(key):
            mask |= types
        return mask

    def requirement_values(self, bit: int, key: str) -> frozenset[str]:
        """The values that a type itself states for a key, as minValues counts them (spec/scheduling.md 4.7)."""
        own = self.types[bit].requirements.get(key)
        return own.values if own is not None else frozenset()


def _variants(catalogue: Catalogue) -> list[InstanceType]:
    """The types that some pools see in place of others, each once."""
    found = {id(type_): type_ for types in catalogue.variants.values() for type_ in types.values()}
    return list(found.values())


def bits(mask: int) -> Iterator[int]:
    """The places of the bits that are set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def cheapest(type_: InstanceType) -> float:
    """The lowest price of any available offering, or inf."""
    return min((offering.price for offering in type_.offerings if offering.available), default=inf)


def overridden(type_: InstanceType, offering: Offering) -> Resources:
    """The allocatable of a type bought through an offering with overrides, which 1.14 adds up (3.3)."""
    capacity = dict(type_.capacity)
    for name, amount in (offering.capacity_override or {}).items():
        capacity[name] = capacity.get(name, 0) + amount
    overheads = [type_.overhead] if offering.overhead_override is None else [type_.overhead, offering.overhead_override]
    return allocatable(capacity, overheads)


def allocatable(capacity: Mapping[str, int], overheads: Sequence[Overhead]) -> Resources:
    """Capacity less overhead, and memory less what huge pages hold (spec/scheduling.md 3.3)."""
    left = dict(capacity)
    for overhead in overheads:
        for taken in (overhead.kube_reserved, overhead.system_reserved, overhead.eviction_threshold):
            for name, amount in taken.items():
                if name in left:
                    left[name] -= amount
    for name, amount in capacity.items():
        if name.startswith("hugepages-") and "memory" in left:
            left["memory"] = max(0, left["memory"] - amount)
    return left


def _keys(types: Sequence[InstanceType]) -> dict[str, dict[Requirement, int]]:
    keys: dict[str, dict[Requirement, int]] = {}
    for bit, type_ in enumerate(types):
        for own in type_.requirements.values():
            entries = keys.setdefault(own.key, {})
            entries[own] = entries.get(own, 0) | 1 << bit
    return keys


def _reservations(types: Sequence[InstanceType]) -> dict[str, int]:
    left: dict[str, int] = {}
    for type_ in types:
        for offering in type_.offerings:
            if offering.reservation_id:
                known = left.get(offering.reservation_id, offering.reservation_capacity)
                left[offering.reservation_id] = min(known, offering.reservation_capacity)
    return left


_prepared: OrderedDict[int, PreparedCatalogue] = OrderedDict()


def prepare(catalogue: Catalogue) -> PreparedCatalogue:
    """The prepared form of a catalogue, remembered by the identity of the object, which never changes."""
    known = _prepared.get(id(catalogue))
    # The entry holds its catalogue, so an id in here cannot belong to another object.
    if known is None:
        known = _prepared[id(catalogue)] = PreparedCatalogue(catalogue)
        if len(_prepared) > _KEPT_CATALOGUES:
            _prepared.popitem(last=False)
    return known
