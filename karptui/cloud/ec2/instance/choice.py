"""Which instance types, zones and capacity type a launch asks for (the spec's 3.2, 3.3 and 3.6)."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.instance.reserved_choice import Candidate, into_reservations
from karptui.cloud.ec2.instance_type.facts import NEURON, NEURON_CORE, NVIDIA_GPU
from karptui.cloud.provider import InsufficientCapacity
from karptui.model import labels
from karptui.model.instance_type import InstanceType, Offering
from karptui.model.node import NodeClaim
from karptui.model.requirements import Requirements, from_specs, requirement

MOST_TYPES = 60
"""Instance types in one CreateFleet; Karpenter's own figure."""

EXOTIC = (NEURON, NEURON_CORE, NVIDIA_GPU, "amd.com/gpu", "habana.ai/gaudi")
"""Devices that are too dear for whoever did not ask for them."""

NOTHING_LEFT = "all requested instance types were unavailable during launch"


class Choice(Struct, frozen=True, eq=False):
    """What a fleet is asked for: one capacity type, and candidates in order of price."""

    capacity_type: str
    candidates: tuple[Candidate, ...]


def choose(claim: NodeClaim, types: Iterable[InstanceType], *, strict: bool = True) -> Choice:
    """What to ask EC2 for. Raises InsufficientCapacity with the reason where nothing is left.

    `strict` holds the claim to its minValues (minValuesPolicy Strict).
    """
    wanted = from_specs(claim.requirements)
    candidates = into_reservations(_compatible(claim, wanted, types))
    # A claim that asks for variety must not be narrowed by taste.
    if not any(entry.min_values for entry in wanted.values()):
        candidates = _without_exotic(candidates)
        candidates = _without_dear_spot(wanted, candidates)
    candidates.sort(key=_by_price)
    kept = candidates[:MOST_TYPES]
    _check(kept)
    if strict:
        _check_min_values(wanted, kept)
    offered = {offering.capacity_type for candidate in kept for offering in candidate.offerings}
    preferred = (labels.RESERVED, labels.SPOT, labels.ON_DEMAND)
    return Choice(next(kind for kind in preferred if kind in offered), tuple(kept))


def min_values_relaxed(claim: NodeClaim) -> bool:
    """Whether the scheduler could not meet the claim's minValues and was told to go on without."""
    return claim.metadata.annotations.get(labels.MIN_VALUES_RELAXED) == "true"


def usable_offerings(
    claim: NodeClaim, choice: Choice, subnets: Mapping[str, Any], partition: int | None = None
) -> list[tuple[InstanceType, Offering]]:
    """(type, offering) for every override: available, of the chosen capacity type, in a zone that has a subnet.

    Of the partitions of a placement group each zone needs one: the given one, as its template says so, or any.
    """
    narrowed = from_specs(claim.requirements).replace(
        requirement(labels.CAPACITY_TYPE, labels.IN, (choice.capacity_type,))
    )
    if partition is not None:
        narrowed = narrowed.replace(requirement(labels.PLACEMENT_GROUP_PARTITION, labels.IN, (str(partition),)))
    allowed: dict[Requirements, bool] = {}
    found: dict[tuple[str, str, str], tuple[InstanceType, Offering]] = {}
    for candidate in choice.candidates:
        for offering in candidate.offerings:
            if offering.zone in subnets and _allows(allowed, narrowed, offering.requirements):
                pool = (candidate.type.name, offering.zone, offering.reservation_id)
                found.setdefault(pool, (candidate.type, offering))
    return list(found.values())


def _allows(known: dict[Requirements, bool], wanted: Requirements, offered: Requirements) -> bool:
    answer = known.get(offered)
    if answer is None:
        answer = known[offered] = wanted.is_compatible(offered, labels.AWS_WELL_KNOWN)
    return answer


def _compatible(claim: NodeClaim, wanted: Requirements, types: Iterable[InstanceType]) -> list[Candidate]:
    names = wanted.of(labels.INSTANCE_TYPE)
    found: list[Candidate] = []
    # Offerings of one zone and capacity type share their requirements, so few are really compared.
    allowed: dict[Requirements, bool] = {}
    for entry in types:
        if not names.has(entry.name) or not _fits(claim.requests, entry.allocatable):
            continue
        if not wanted.is_compatible(entry.requirements, labels.AWS_WELL_KNOWN):
            continue
        offerings = [
            offering
            for offering in entry.offerings
            if offering.available and _allows(allowed, wanted, offering.requirements)
        ]
        if offerings:
            offerings.sort(key=lambda offering: (offering.price, offering.zone))
            found.append(Candidate(entry, tuple(offerings)))
    _check(found)
    return found


def _fits(requests: Mapping[str, int], allocatable: Mapping[str, int]) -> bool:
    return all(amount <= allocatable.get(resource, 0) for resource, amount in requests.items() if amount)


def _without_exotic(candidates: list[Candidate]) -> list[Candidate]:
    plain = [
        candidate
        for candidate in candidates
        if "metal" not in candidate.type.name.partition(".")[2]
        and not any(candidate.type.capacity.get(device) for device in EXOTIC)
    ]
    return plain or candidates


def _by_price(candidate: Candidate) -> tuple[float, str]:
    return candidate.offerings[0].price if candidate.offerings else inf, candidate.type.name


def _without_dear_spot(wanted: Requirements, candidates: list[Candidate]) -> list[Candidate]:
    """Without spot that costs more than what on demand would; a type goes only if it has nothing else at all.

    As with Karpenter, one whose other offerings cannot be used now stays, and has launch templates without overrides.
    """
    allowed = wanted.of(labels.CAPACITY_TYPE)
    if not (allowed.has(labels.SPOT) and allowed.has(labels.ON_DEMAND)):
        return candidates
    on_demand = [offering.price for offering in _all(candidates) if offering.capacity_type == labels.ON_DEMAND]
    if not on_demand or not any(offering.capacity_type == labels.SPOT for offering in _all(candidates)):
        return candidates
    limit = min(on_demand)
    kept: list[Candidate] = []
    for candidate in candidates:
        if any(_is_cheap(offering, limit) for offering in candidate.type.offerings):
            offerings = tuple(offering for offering in candidate.offerings if _is_cheap(offering, limit))
            kept.append(Candidate(candidate.type, offerings))
    return kept


def _is_cheap(offering: Offering, limit: float) -> bool:
    return offering.capacity_type != labels.SPOT or offering.price <= limit


def _all(candidates: Iterable[Candidate]) -> Iterable[Offering]:
    return (offering for candidate in candidates for offering in candidate.offerings)


def _check(candidates: Sequence[Candidate]) -> None:
    if not candidates:
        raise InsufficientCapacity(NOTHING_LEFT)


def _check_min_values(wanted: Requirements, kept: Iterable[Candidate]) -> None:
    types = [candidate.type for candidate in kept]
    for entry in wanted.values():
        if not entry.min_values:
            continue
        values = {
            value
            for instance_type in types
            if (has := instance_type.requirements.get(entry.key)) is not None
            for value in has.values
            if entry.has(value)
        }
        if len(values) < entry.min_values:
            raise InsufficientCapacity(
                f"the {len(types)} cheapest instance types have {len(values)} values of {entry.key},"
                f" and the claim asks for {entry.min_values} (minValues)"
            )
