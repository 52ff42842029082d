"""From a claim of the loop to the NodeClaim that would be created (spec/scheduling.md 6.9, 8.6, 9.2)."""

from math import inf
from typing import NamedTuple

from msgspec.structs import replace

from karptui.engine.provisioning.catalogue import PreparedCatalogue
from karptui.engine.provisioning.claims import Claim
from karptui.engine.provisioning.min_values import MinValues
from karptui.engine.provisioning.pools import SIMULATION_KEYS
from karptui.engine.provisioning.requirement_sets import RequirementSet, RequirementSpace
from karptui.model.decision import PlannedClaim, Reason, Refusal
from karptui.model.labels import CAPACITY_RESERVATION_ID, CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, RESERVED
from karptui.model.node import RequirementSpec
from karptui.model.quantity import Format
from karptui.model.requirements import Requirement
from karptui.model.resources import Resources, merge, minimum
from karptui.model.written import sum_formats


class _Written(NamedTuple):
    """What claims with equal requirements and types have in common."""

    names: tuple[str, ...]
    requirements: tuple[RequirementSpec, ...]
    min_values: int | None
    price: float
    zone: str
    capacity_type: str
    price_overlays: tuple[str, ...]
    capacity_overlays: tuple[str, ...]


_Specs = tuple[tuple[RequirementSpec, ...], int | None]
"""The requirements of a NodeClaim, sorted by key, and the minValues of its instance types."""


class Closed(NamedTuple):
    """A claim after the loop: what it asks for at last, and the mask of the types that it lists."""

    claim: Claim
    requirements: RequirementSet
    types: int


class Finishing:
    """Orders types by price, cuts the list, adds what DaemonSets take, and writes the requirements."""

    def __init__(
        self, catalogue: PreparedCatalogue, space: RequirementSpace, min_values: MinValues, max_types: int
    ) -> None:
        self._catalogue = catalogue
        self._space = space
        self._min_values = min_values
        self._max_types = max_types
        self._closed: dict[tuple[RequirementSet, int, frozenset[str]], tuple[RequirementSet, int] | Reason] = {}
        self._written: dict[tuple[RequirementSet, int], _Written] = {}
        self._final: dict[tuple[RequirementSet, frozenset[str]], RequirementSet] = {}
        self._specs: dict[tuple[RequirementSet, frozenset[str]], _Specs] = {}

    def finish(self, claim: Claim) -> PlannedClaim | Reason:
        """The NodeClaim; or why it cannot be made after all, which is minValues after the cut."""
        closed = self.close(claim)
        return self.write(closed) if isinstance(closed, Closed) else closed

    def close(self, claim: Claim) -> Closed | Reason:
        """The claim as it stands after the loop, with the list of types cut."""
        key = (claim.requirements, claim.types, claim.held)
        known = self._closed.get(key)
        if known is None:
            known = self._closed[key] = self._close(claim)
        if isinstance(known, Reason):
            return replace(known, pool=claim.template.name)
        return Closed(claim, *known)

    def write(self, closed: Closed) -> PlannedClaim:
        """The NodeClaim of a closed claim, whose requirements and types may have been narrowed since."""
        claim, requirements, types = closed
        written = self._written.get((requirements, types))
        if written is None:
            written = self._written[requirements, types] = self._write(requirements, types)
        overhead = daemon_overhead(claim)
        requests = merge(claim.requests, overhead) if overhead else dict(claim.requests)
        pool = claim.template.pool.template
        return PlannedClaim(
            node_pool=claim.template.name,
            pods=tuple(sorted([pod.key for pod in claim.pods])),
            requirements=written.requirements,
            instance_types=written.names,
            requests=requests,
            instance_type_min_values=written.min_values,
            taints=pool.taints,
            startup_taints=pool.startup_taints,
            price=written.price,
            zone=written.zone,
            capacity_type=written.capacity_type,
            daemon_requests=overhead,
            formats=_formats(claim, overhead),
            price_overlays=written.price_overlays,
            capacity_overlays=written.capacity_overlays,
            relaxed=tuple(claim.relaxed),
            min_values_relaxed=claim.template.min_values_relaxed,
        )

    def _close(self, claim: Claim) -> tuple[RequirementSet, int] | Reason:
        requirements = self._final_requirements(claim)
        types = self._cut(requirements, claim.types)
        unmet = self._min_values.unmet(requirements, types) if self._min_values.strict else {}
        if not unmet:
            return requirements, types
        key = min(unmet)
        wanted = requirements.requirements.of(key).min_values
        return Reason(Refusal.MIN_VALUES, "", key, str(wanted), str(unmet[key]))

    def _write(self, requirements: RequirementSet, types: int) -> _Written:
        """What claims with equal requirements and types have in common."""
        kinds = requirements.kinds
        names = self._catalogue.launch_order(kinds).names(types)
        rows = self._catalogue.expand(types)
        offered = frozenset([kind.sample.capacity_type for kind in kinds if kind.rows & rows])
        specs = self._specs.get((requirements, offered))
        if specs is None:
            specs = self._specs[requirements, offered] = _specs(requirements, offered)
        cheapest = (types & self._catalogue.named[names[0]]).bit_length() - 1
        return _Written(names, *specs, *_cheapest(requirements, cheapest), *self._overlays(types))

    def _overlays(self, types: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The NodeOverlays that a price, and those that a capacity of any of these types comes from."""
        marked = (self._catalogue.price_overlays, self._catalogue.capacity_overlays)
        by_price, by_capacity = (sorted(name for name, touched in found.items() if touched & types) for found in marked)
        return tuple(by_price), tuple(by_capacity)

    def _final_requirements(self, claim: Claim) -> RequirementSet:
        known = self._final.get((claim.requirements, claim.held))
        if known is None:
            final = claim.requirements.requirements.without(HOSTNAME)
            if claim.held:
                final = final.replace(Requirement(CAPACITY_TYPE, False, frozenset((RESERVED,))))
                final = final.add(Requirement(CAPACITY_RESERVATION_ID, False, claim.held))
            known = self._final[claim.requirements, claim.held] = self._space.intern(final)
        return known

    def _cut(self, requirements: RequirementSet, types: int) -> int:
        """The mask of as many types as a NodeClaim lists, by price."""
        if types.bit_count() <= self._max_types:
            return types
        return self._catalogue.launch_order(requirements.kinds).first(types, self._max_types)


def _cheapest(requirements: RequirementSet, bit: int) -> tuple[float, str, str]:
    """Price, zone and capacity type of the cheapest offering of a type."""
    offered = ((kind.prices.get(bit, inf), kind.sample.zone, kind.sample.capacity_type) for kind in requirements.kinds)
    return min(offered, default=(inf, "", ""))


def _specs(requirements: RequirementSet, offered: frozenset[str]) -> _Specs:
    final = requirements.requirements.without(*SIMULATION_KEYS)
    if offered:
        final = final.add(Requirement(CAPACITY_TYPE, False, offered))
    return tuple(final.without(INSTANCE_TYPE).to_specs()), final.of(INSTANCE_TYPE).min_values


def _formats(claim: Claim, overhead: Resources) -> dict[str, Format]:
    """How amounts are written: by the pods, and what they ask nothing of by the DaemonSets that ask for least."""
    found = sum_formats(claim.pods, claim.requests)
    if not any(group.formats for group in claim.groups):
        return found
    for name, amount in overhead.items():
        if claim.requests.get(name):
            continue
        least = (group for group in claim.groups if group.types & claim.types and group.overhead.get(name) == amount)
        form = next(least).formats.get(name)
        if form is not None:
            found[name] = form
    return found


def daemon_overhead(claim: Claim) -> Resources:
    """The least that DaemonSets take on any type that is left; nothing counts as not known yet, as in Karpenter."""
    least: Resources = {}
    for group in claim.groups:
        if group.types & claim.types:
            least = minimum(least, group.overhead) if least else group.overhead
    return least
