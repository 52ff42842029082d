"""Which capacity reservations a launch goes into (the spec's 3.2, steps 2 to 4)."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from karptui.cloud.ec2.nodeclass.reservations import BLOCK, DEFAULT
from karptui.model import labels
from karptui.model.instance_type import InstanceType, Offering

Kind = tuple[str, bool]
_PREFERRED: tuple[Kind, ...] = ((DEFAULT, False), (BLOCK, False), (DEFAULT, True), (BLOCK, True))
"""(type, interruptible) of reservations: one launch uses one kind only, and of equal price the first."""


class Candidate(Struct, frozen=True, eq=False):
    """A type and its offerings that the claim can use, cheapest first; none where dear spot was all it could use."""

    type: InstanceType
    offerings: tuple[Offering, ...]


def kind_of(offering: Offering) -> Kind:
    """Type of a reserved offering's reservation, and whether its instances may be interrupted."""
    kind = offering.requirements.of(labels.CAPACITY_RESERVATION_TYPE).any_value() or DEFAULT
    return kind, offering.requirements.of(labels.CAPACITY_RESERVATION_INTERRUPTIBLE).any_value() == "true"


def into_reservations(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Only what is reserved, of one kind, if anything is: else the candidates as they are."""
    by_kind: dict[Kind, list[Offering]] = {}
    for candidate in candidates:
        for offering in candidate.offerings:
            if offering.capacity_type == labels.RESERVED:
                by_kind.setdefault(kind_of(offering), []).append(offering)
    if not by_kind:
        return list(candidates)
    cheapest = min(by_kind, key=lambda kind: (min(o.price for o in by_kind[kind]), _PREFERRED.index(kind)))
    kept = [_only(candidate, by_kind[cheapest]) for candidate in candidates]
    kept = [candidate for candidate in kept if candidate.offerings]
    if cheapest[0] == BLOCK:
        # A block is bought for one type: a fleet cannot spread over several.
        first = min(kept, key=lambda candidate: candidate.offerings[0].price)
        return [replace(first, offerings=first.offerings[:1])]
    return [replace(candidate, offerings=_fullest(candidate.offerings)) for candidate in kept]


def _only(candidate: Candidate, offerings: list[Offering]) -> Candidate:
    wanted = {id(offering) for offering in offerings}
    return replace(candidate, offerings=tuple(o for o in candidate.offerings if id(o) in wanted))


def _fullest(offerings: tuple[Offering, ...]) -> tuple[Offering, ...]:
    """In each zone the reservation with most places."""
    by_zone: dict[str, Offering] = {}
    for offering in offerings:
        best = by_zone.get(offering.zone)
        if best is None or offering.reservation_capacity > best.reservation_capacity:
            by_zone[offering.zone] = offering
    return tuple(by_zone.values())
