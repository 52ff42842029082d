"""The catalogue as one NodeClass sees it now, kept until something about it changes."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.instance_type.instance_types import NodeClassShape, Region, Unavailable, resolve, shaping
from karptui.cloud.ec2.instance_type.measured import MeasuredMemory
from karptui.cloud.ec2.nodeclass.images import family_of
from karptui.cloud.ec2.nodeclass.placement import PlacementGroup
from karptui.cloud.ec2.nodeclass.reservations import FreePlaces, from_status
from karptui.cloud.ec2.pricing.market import Market
from karptui.cloud.ec2.unavailable import UnavailableOfferings
from karptui.cloud.ec2.zonal_shift import ZonalShift
from karptui.cloud.provider import LaidOver, as_it_is
from karptui.model.instance_type import Catalogue, InstanceType, Offering
from karptui.model.labels import PLACEMENT_GROUP_PARTITION
from karptui.model.nodepool import NodeClass

_KEPT = 16
"""NodePools whose view of the types is remembered, where NodeOverlays make it another one."""

_SHAPES = 32
"""States of NodeClasses whose types are remembered, those used last: each is some megabytes, and they come and go with
reservations, subnets without addresses and zonal shifts."""

Version = tuple[int, int, int, str]


class _Current(Struct, frozen=True):
    version: Version
    market: Market
    catalogue: Catalogue
    types: dict[str, InstanceType]


class TypesOnOffer:
    """Instance types by NodeClass. A want of capacity changes only the types it is about."""

    def __init__(
        self,
        cluster: ClusterSettings,
        unavailable: UnavailableOfferings,
        places: FreePlaces,
        measured: MeasuredMemory,
        shift: ZonalShift,
    ) -> None:
        self._cluster = cluster
        self._measured = measured
        self._unavailable = unavailable
        self._places = places
        self._shift = shift
        self._plain: dict[str, tuple[Market, tuple[InstanceType, ...]]] = {}
        self._current: OrderedDict[str, _Current] = OrderedDict()
        self._seen: OrderedDict[int, tuple[Catalogue, dict[str, InstanceType]]] = OrderedDict()

    def catalogue(self, market: Market, node_class: NodeClass, group: PlacementGroup | None = None) -> Catalogue:
        """What can be bought; the same object as long as nothing changed."""
        return self._entry(market, node_class, group).catalogue

    def types(
        self,
        market: Market,
        node_class: NodeClass,
        group: PlacementGroup | None = None,
        laid_over: LaidOver = as_it_is,
    ) -> dict[str, InstanceType]:
        """The same types by name, as a NodePool sees them; the same object as long as nothing changed."""
        entry = self._entry(market, node_class, group)
        seen = laid_over(entry.catalogue)
        if seen is entry.catalogue:
            return entry.types
        known = self._seen.get(id(seen))  # the entry holds its catalogue, so that this id is no other object's
        if known is None:
            known = self._seen[id(seen)] = (seen, {item.name: item for item in seen.types})
            if len(self._seen) > _KEPT:
                self._seen.popitem(last=False)
        return known[1]

    def _entry(self, market: Market, node_class: NodeClass, group: PlacementGroup | None) -> _Current:
        zones = zone_ids(market, node_class)
        shape = self._shape(node_class, group)
        blocked, shifted = self._blocked_zones(node_class), self._shift.zones
        closed = sorted(zone for zone, zone_id in zones.items() if zone_id in shifted)
        held = node_class.status.get("capacityReservations")
        key = json.dumps([shape.family, shape.spec, zones, held, group and group.id, blocked, closed], sort_keys=True)
        trouble = self._shift.trouble
        version = (self._unavailable.version, self._places.version, self._measured.version, trouble)
        known = self._current.get(key)
        if known is not None and known.version == version and known.market is market:
            self._current.move_to_end(key)
            return known
        measured = self._measured.of(node_class)
        types = self._resolved(
            key, market, Region(market.region, zones, frozenset(closed)), shape, frozenset(blocked), measured
        )
        catalogue = Catalogue(
            types=types,
            source=market.source,
            priced=market.priced,
            spot_synthetic=market.spot_synthetic,
            commitments=market.commitments,
            commitments_unknown=market.commitments_unknown,
            shifted=tuple(closed),
            shifts_unknown=trouble,
        )
        entry = _Current(version, market, catalogue, {item.name: item for item in types})
        self._current[key] = entry
        self._current.move_to_end(key)
        if len(self._current) > _SHAPES:
            oldest, _ = self._current.popitem(last=False)
            self._plain.pop(oldest, None)
        return entry

    def _shape(self, node_class: NodeClass, group: PlacementGroup | None) -> NodeClassShape:
        cluster = self._cluster
        spec = shaping(node_class.spec)
        listed = node_class.status.get("capacityReservations") or [] if cluster.reserved_capacity else []
        return NodeClassShape(
            family_of(node_class.spec),
            spec,
            from_status(listed),
            group,
            cluster.vm_memory_overhead,
            cluster.reserved_enis,
        )

    def _blocked_zones(self, node_class: NodeClass) -> list[str]:
        """Zones in which no subnet has an address left."""
        by_zone: dict[str, list[str]] = {}
        for subnet in node_class.status.get("subnets") or []:
            by_zone.setdefault(subnet["zone"], []).append(subnet["id"])
        return sorted(zone for zone, ids in by_zone.items() if all(map(self._unavailable.has_subnet, ids)))

    def _resolved(
        self,
        key: str,
        market: Market,
        region: Region,
        shape: NodeClassShape,
        blocked: frozenset[str],
        measured: Mapping[str, int],
    ) -> tuple[InstanceType, ...]:
        plain = self._plain.get(key)
        if plain is None or plain[0] is not market:
            marks = _blocking(blocked) if blocked else None
            plain = (market, resolve(market.facts, region, market.price, shape, marks, self._places.of))
            self._plain[key] = plain
        short = (
            self._unavailable.short_types() | {entry.instance_type for entry in shape.reservations} | measured.keys()
        )
        if not short:
            return plain[1]

        group = shape.group.id if shape.group is not None else ""

        def unavailable(capacity_type: str, instance_type: str, zone: str) -> bool:
            return zone in blocked or self._unavailable.has_pool(capacity_type, instance_type, zone, group)

        facts = [entry for entry in market.facts if "*" in short or entry.name in short]
        marked = resolve(facts, region, market.price, shape, unavailable, self._places.of, measured)
        changed = {entry.name: self._in_partitions(entry, shape.group) for entry in marked}
        return tuple(changed.get(entry.name, entry) for entry in plain[1])

    def _in_partitions(self, entry: InstanceType, group: PlacementGroup | None) -> InstanceType:
        """The type without its offerings in partitions that had no room for it."""
        if group is None or not group.partitions:
            return entry

        def is_short(offering: Offering) -> bool:
            partition = offering.requirements.of(PLACEMENT_GROUP_PARTITION).any_value()
            pool = (offering.capacity_type, entry.name, offering.zone)
            return self._unavailable.has_partition(*pool, group.id, partition)

        offerings = tuple(
            replace(one, available=False, unpriced=False) if is_short(one) else one for one in entry.offerings
        )
        return replace(entry, offerings=offerings)


def _blocking(blocked: frozenset[str]) -> Unavailable:
    return lambda _capacity_type, _instance_type, zone: zone in blocked


def zone_ids(market: Market, node_class: NodeClass) -> dict[str, str]:
    """Zone → its id: those of the NodeClass' subnets, or the region's as long as none are known."""
    subnets: list[dict[str, Any]] = node_class.status.get("subnets") or []
    if not subnets:
        return dict.fromkeys(market.zones, "")
    return {entry["zone"]: entry.get("zoneID", "") for entry in sorted(subnets, key=lambda entry: entry["zone"])}
