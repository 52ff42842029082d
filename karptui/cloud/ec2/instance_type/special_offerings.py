"""What only some NodeClasses offer: reserved capacity, places in a placement group, Windows."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from karptui.cloud.ec2.nodeclass.placement import PlacementGroup
from karptui.cloud.ec2.nodeclass.reservations import Reservation
from karptui.model import labels
from karptui.model.instance_type import Offering
from karptui.model.requirements import Requirement, Requirements

Free = Callable[[str], int]
"""Id of a capacity reservation → how many places it has."""

RESERVED_DISCOUNT = 10_000_000
"""A reserved offering costs the on-demand price through this: next to nothing, and still in the order of price."""


def _in(key: str, values: Iterable[str]) -> Requirement:
    return Requirement(key, False, frozenset(values))


def special_requirements(
    known: Requirements, build: str, arm: bool, group: PlacementGroup | None, held: Sequence[Reservation]
) -> Iterable[Requirement]:
    """Requirements of a type beyond the `known` ones. `build` is the Windows build, "" for Linux."""
    if build:
        # Windows runs on amd64 only.
        yield _in(labels.OS, () if arm else ("windows",))
        yield _in(labels.WINDOWS_BUILD, (build,))
    if group is not None:
        yield _in(labels.PLACEMENT_GROUP_ID, (group.id,))
        if group.partitions:
            yield _in(labels.PLACEMENT_GROUP_PARTITION, map(str, range(1, group.partitions + 1)))
    if held:
        yield _in(labels.CAPACITY_TYPE, known.of(labels.CAPACITY_TYPE).values | {labels.RESERVED})
        yield _in(labels.CAPACITY_RESERVATION_ID, (entry.id for entry in held))
        yield _in(labels.CAPACITY_RESERVATION_TYPE, (entry.kind for entry in held))
        yield _in(labels.CAPACITY_RESERVATION_INTERRUPTIBLE, (_truth(entry.interruptible) for entry in held))


def reserved(
    held: Sequence[Reservation],
    zone_ids: Mapping[str, str],
    zones: Sequence[str],
    on_demand: float | None,
    usable: bool,
    free: Free | None,
) -> tuple[Offering, ...]:
    """One offering for each reservation of a type that is on offer in `zones`."""
    offerings: list[Offering] = []
    for entry in held:
        places = free(entry.id) if free is not None else 0
        told = [
            _in(labels.CAPACITY_TYPE, (labels.RESERVED,)),
            _in(labels.ZONE, (entry.zone,)),
            _in(labels.CAPACITY_RESERVATION_ID, (entry.id,)),
            _in(labels.CAPACITY_RESERVATION_TYPE, (entry.kind,)),
            _in(labels.CAPACITY_RESERVATION_INTERRUPTIBLE, (_truth(entry.interruptible),)),
        ]
        if zone_ids.get(entry.zone):
            told.append(_in(labels.ZONE_ID, (zone_ids[entry.zone],)))
        available = usable and places > 0 and entry.zone in zones and entry.state != "expiring"
        price = (on_demand or 0.0) / RESERVED_DISCOUNT
        offerings.append(Offering(Requirements(told), entry.zone, labels.RESERVED, price, available, entry.id, places))
    return tuple(offerings)


def in_group(offerings: tuple[Offering, ...], group: PlacementGroup | None) -> tuple[Offering, ...]:
    """Each offering once for every partition of the group."""
    if group is None or not group.partitions:
        return offerings
    partitions = [_in(labels.PLACEMENT_GROUP_PARTITION, (str(number),)) for number in range(1, group.partitions + 1)]
    return tuple(
        replace(offering, requirements=offering.requirements.replace(partition))
        for offering in offerings
        for partition in partitions
    )


def _truth(value: bool) -> str:
    return "true" if value else "false"
