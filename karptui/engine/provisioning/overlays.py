"""NodeOverlays laid over what the cloud offers (spec/scheduling.md Appendix E), behind Karpenter's gate NodeOverlay."""

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from karptui.engine.provisioning.catalogue import allocatable
from karptui.model.instance_type import Catalogue, InstanceType, Offering
from karptui.model.labels import AWS_WELL_KNOWN, IN, INSTANCE_TYPE, NODEPOOL, NOT_IN, validate_requirement
from karptui.model.node_overlay import NodeOverlay
from karptui.model.nodepool import NodePool
from karptui.model.requirements import Requirement, Requirements, from_labels, from_specs
from karptui.model.snapshot import Snapshot

GATE = "NodeOverlay"
GATE_OFF = "the feature gate NodeOverlay is off"
CONFLICT = "conflict with another overlay"
STANDARD_RESOURCES = frozenset({"cpu", "memory", "ephemeral-storage", "pods"})
"""What an overlay may not set."""

_PRICE = re.compile(r"\d+(\.\d+)?")
_ADJUSTMENT = re.compile(r"[+-](\d*\.?\d+)|\+\d*\.?\d+%|-\d{1,2}(\.\d+)?%|-100%")
_KEPT = 4


class Overlaid(NamedTuple):
    """The catalogue as NodePools see it; of every NodeOverlay why it counts for nothing, or "" where it counts."""

    catalogue: Catalogue
    standing: dict[str, str]


class _Change:
    """What overlays make of one type in one NodePool so far; they come with falling weight."""

    __slots__ = ("capacity", "last_resources", "last_weight", "prices")

    def __init__(self) -> None:
        self.prices: dict[Requirements, tuple[NodeOverlay, int]] = {}
        self.capacity: dict[str, tuple[str, int]] = {}
        self.last_resources: frozenset[str] = frozenset()
        self.last_weight = 0

    def conflicts(self, overlay: NodeOverlay, offerings: Sequence[Offering]) -> bool:
        """Whether another of equal weight has said something about the same."""
        if overlay.change is not None:
            for offering in offerings:
                known = self.prices.get(offering.requirements)
                if known is not None and known[1] == overlay.weight:
                    return True
        # Only the last one that set a capacity is looked at, as Karpenter remembers no more of them.
        return self.last_weight == overlay.weight and not self.last_resources.isdisjoint(overlay.capacity or ())

    def take(self, overlay: NodeOverlay, offerings: Sequence[Offering]) -> None:
        """Add what is not set yet."""
        if overlay.change is not None:
            for offering in offerings:
                first, _ = self.prices.get(offering.requirements, (overlay, 0))
                self.prices[offering.requirements] = (first, overlay.weight)
        if overlay.capacity is not None:
            for name, amount in overlay.capacity.items():
                self.capacity.setdefault(name, (overlay.key, amount))
            self.last_resources, self.last_weight = frozenset(overlay.capacity), overlay.weight

    def key(self) -> tuple[object, ...]:
        """Equal for changes that make the same of a type."""
        prices = tuple((requirements, overlay.key) for requirements, (overlay, _) in self.prices.items())
        return (frozenset(prices), frozenset(self.capacity.items()))


Changes = dict[str, dict[str, _Change]]
"""By NodePool and name of the type."""


def overlaid(snapshot: Snapshot) -> Overlaid:
    """What NodePools see of a Snapshot's catalogue. The same Catalogue object as long as nothing in it changes."""
    overlays = snapshot.node_overlays
    if not overlays:
        return Overlaid(snapshot.catalogue, {})
    if not snapshot.options.gate(GATE):
        return Overlaid(snapshot.catalogue, dict.fromkeys(sorted(overlays), GATE_OFF))
    key = _content(snapshot)
    known = _found.get(key)
    # The entry holds its catalogue, so an id in here cannot belong to another object.
    if known is None:
        known = _found[key] = (snapshot.catalogue, _laid_over(snapshot))
        if len(_found) > _KEPT:
            _found.popitem(last=False)
    return known[1]


_found: OrderedDict[tuple[object, ...], tuple[Catalogue, Overlaid]] = OrderedDict()


def _content(snapshot: Snapshot) -> tuple[object, ...]:
    overlays = tuple(
        (entry.key, entry.requirements, entry.price, entry.price_adjustment, entry.weight, _items(entry.capacity))
        for entry in snapshot.node_overlays.values()
    )
    pools = tuple((pool.key, _items(pool.template.labels)) for pool in snapshot.node_pools.values())
    return (id(snapshot.catalogue), overlays, pools)


def _items(mapping: Mapping[str, object] | None) -> tuple[tuple[str, object], ...] | None:
    return None if mapping is None else tuple(sorted(mapping.items()))


def _laid_over(snapshot: Snapshot) -> Overlaid:
    """Every overlay in turn: laid over all NodePools, or over none if it conflicts in one of them."""
    catalogue, pools = snapshot.catalogue, list(snapshot.node_pools.values())
    changes: Changes = {pool.key: {} for pool in pools}
    seen = {pool.key: _seen(catalogue, pool) for pool in pools}
    standing: dict[str, str] = {}
    for overlay in _in_order(snapshot.node_overlays.values()):
        refusal = "; ".join(invalid(overlay))
        if not refusal:
            meant = {pool: _meant(overlay, types) for pool, types in seen.items()}
            refusal = _take(overlay, meant, changes)
        standing[overlay.key] = refusal
    return Overlaid(_changed(catalogue, seen, changes), dict(sorted(standing.items())))


def _in_order(overlays: Iterable[NodeOverlay]) -> list[NodeOverlay]:
    """The heaviest first, among equals the later name."""
    return sorted(sorted(overlays, key=lambda entry: entry.key, reverse=True), key=lambda entry: -entry.weight)


def _seen(catalogue: Catalogue, pool: NodePool) -> list[tuple[InstanceType, Requirements]]:
    """The types that a pool sees, each with the labels that its nodes would have."""
    visible, variants = catalogue.by_pool.get(pool.key), catalogue.variants.get(pool.key, {})
    types = (variants.get(type_.name, type_) for type_ in catalogue.types)
    own = Requirements([Requirement(NODEPOOL, False, frozenset({pool.key}))]).merge(from_labels(pool.template.labels))
    return [(type_, own.merge(type_.requirements)) for type_ in types if visible is None or type_.name in visible]


def _meant(
    overlay: NodeOverlay, types: Iterable[tuple[InstanceType, Requirements]]
) -> list[tuple[str, list[Offering]]]:
    """The types that an overlay is about, by name, with the offerings it is about."""
    wanted = from_specs(overlay.requirements)
    found: list[tuple[str, list[Offering]]] = []
    for type_, labels in types:
        if not labels.is_compatible(wanted):
            continue
        offerings = [entry for entry in type_.offerings if wanted.is_compatible(entry.requirements, AWS_WELL_KNOWN)]
        if offerings:
            found.append((type_.name, offerings))
    return found


def _take(overlay: NodeOverlay, meant: Mapping[str, list[tuple[str, list[Offering]]]], changes: Changes) -> str:
    """Lay an overlay over all that it is about, or say why not."""
    for pool, types in meant.items():
        for name, offerings in types:
            known = changes[pool].get(name)
            if known is not None and known.conflicts(overlay, offerings):
                return CONFLICT
    for pool, types in meant.items():
        for name, offerings in types:
            changes[pool].setdefault(name, _Change()).take(overlay, offerings)
    return ""


def invalid(overlay: NodeOverlay) -> list[str]:
    """Why an overlay counts for nothing by itself; empty if it does not."""
    errors: list[str] = []
    for entry in overlay.requirements:
        errors += validate_requirement(entry.key, entry.operator, entry.values)
        if entry.operator == NOT_IN and not entry.values:
            errors.append(f"key {entry.key} with operator {NOT_IN} needs a value")
    errors += [
        f"capacity {name} may not be set" for name in sorted(STANDARD_RESOURCES.intersection(overlay.capacity or ()))
    ]
    # An API server with Karpenter's CRD lets neither of these in.
    if overlay.price is not None and not _PRICE.fullmatch(overlay.price):
        errors.append(f"price {overlay.price!r} is no decimal number")
    if overlay.price_adjustment is not None and not _ADJUSTMENT.fullmatch(overlay.price_adjustment):
        errors.append(f"priceAdjustment {overlay.price_adjustment!r} is neither like +0.5 nor like -10%")
    return errors


def adjusted(price: float, change: str) -> float:
    """A price after an overlay: `0.5` is the price, `+0.1` and `-10%` change it, never to less than nothing."""
    if change[0] not in "+-":
        return float(change)
    moved = price * (1 + float(change[:-1]) / 100) if change.endswith("%") else price + float(change)
    return moved if moved >= 0 else 0.0


def _changed(
    catalogue: Catalogue, seen: Mapping[str, list[tuple[InstanceType, Requirements]]], changes: Changes
) -> Catalogue:
    """The catalogue with a type replaced where all pools that see it agree, and a variant where pools differ."""
    made: dict[str, dict[tuple[object, ...], InstanceType]] = {}
    views: dict[str, dict[str, tuple[object, ...] | None]] = {}
    for pool, types in seen.items():
        for type_, _ in types:
            change = changes[pool].get(type_.name)
            key = None if change is None else (id(type_), *change.key())
            views.setdefault(type_.name, {})[pool] = key
            if change is not None and key is not None and key not in made.setdefault(type_.name, {}):
                made[type_.name][key] = _rebuilt(type_, change)
    if not made:
        return catalogue
    agreed = {name: next(iter(made[name].values())) for name in made if len(set(views[name].values())) == 1}
    variants = {pool: dict(types) for pool, types in catalogue.variants.items()}
    for name in made:
        for pool, key in views[name].items():
            if key is not None and (name not in agreed or name in variants.get(pool, {})):
                variants.setdefault(pool, {})[name] = made[name][key]
    types = tuple(agreed.get(type_.name, type_) for type_ in catalogue.types)
    return replace(catalogue, types=types, variants=variants)


def _rebuilt(type_: InstanceType, change: _Change) -> InstanceType:
    capacity = {**type_.capacity, **{name: amount for name, (_, amount) in change.capacity.items()}}
    return replace(
        type_,
        capacity=capacity,
        allocatable=allocatable(capacity, [type_.overhead]) if change.capacity else type_.allocatable,
        offerings=tuple(_repriced(entry, change) for entry in type_.offerings),
        capacity_overlays={name: overlay for name, (overlay, _) in change.capacity.items()},
    )


def _prices_types(overlay: NodeOverlay) -> bool:
    """Whether an overlay gives a price to types that have none (spec/aws.md 1.8): it names them, and nothing else."""
    named = [entry.operator == IN and entry.key == INSTANCE_TYPE for entry in overlay.requirements]
    return overlay.price is not None and named == [True]


def _repriced(offering: Offering, change: _Change) -> Offering:
    known = change.prices.get(offering.requirements)
    if known is None or known[0].change is None:
        return offering
    overlay = known[0]
    # Karpenter makes the offering anew and leaves its overrides behind.
    return replace(
        offering,
        price=adjusted(offering.price, overlay.change or ""),
        available=offering.available or (offering.unpriced and _prices_types(overlay)),
        capacity_override=None,
        overhead_override=None,
        price_overlay=overlay.key,
    )
