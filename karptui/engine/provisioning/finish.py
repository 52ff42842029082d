"""From a claim of the loop to the NodeClaim that would be created (spec/scheduling.md 6.9, 8.6, 9.2)."""

from math import inf

from karptui.engine.provisioning.catalogue import OfferingKind, PreparedCatalogue
from karptui.engine.provisioning.claims import Claim
from karptui.engine.provisioning.min_values import MinValues
from karptui.engine.provisioning.pools import SIMULATION_KEYS
from karptui.engine.provisioning.requirement_sets import RequirementSet, RequirementSpace
from karptui.model.decision import PlannedClaim, Reason, Refusal
from karptui.model.labels import CAPACITY_RESERVATION_ID, CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, RESERVED
from karptui.model.quantity import is_binary_resource
from karptui.model.requirements import Requirement, Requirements
from karptui.model.resources import Resources, merge, minimum


class Finishing:
    """Orders types by price, cuts the list, adds what DaemonSets take, and writes the requirements."""

    def __init__(
        self, catalogue: PreparedCatalogue, space: RequirementSpace, min_values: MinValues, max_types: int
    ) -> None:
        self._catalogue = catalogue
        self._space = space
        self._min_values = min_values
        self._max_types = max_types
        self._kept: dict[tuple[tuple[OfferingKind, ...], int], tuple[tuple[str, ...], int]] = {}

    def finish(self, claim: Claim) -> PlannedClaim | Reason:
        """The NodeClaim; or why it cannot be made after all, which is minValues after the cut."""
        requirements = self._final_requirements(claim)
        names, types = self._cut(requirements, claim.types)
        unmet = self._min_values.unmet(requirements, types) if self._min_values.strict else {}
        if unmet:
            key = min(unmet)
            wanted = requirements.requirements.of(key).min_values
            return Reason(Refusal.MIN_VALUES, claim.template.name, key, str(wanted), str(unmet[key]))
        overhead = daemon_overhead(claim)
        written = self._written(requirements, types)
        cheapest = self._cheapest(requirements, names[0])
        pool = claim.template.pool.template
        requests = merge(claim.requests, overhead)
        return PlannedClaim(
            node_pool=claim.template.name,
            pods=tuple(sorted(pod.key for pod in claim.pods)),
            requirements=tuple(written.without(INSTANCE_TYPE).to_specs()),
            instance_types=names,
            requests=requests,
            instance_type_min_values=written.of(INSTANCE_TYPE).min_values,
            taints=pool.taints,
            startup_taints=pool.startup_taints,
            price=cheapest[0],
            zone=cheapest[1],
            capacity_type=cheapest[2],
            daemon_requests=overhead,
            binary_format=frozenset(name for name in requests if is_binary_resource(name)),
            relaxed=tuple(claim.relaxed),
            min_values_relaxed=claim.template.min_values_relaxed,
        )

    def _final_requirements(self, claim: Claim) -> RequirementSet:
        final = claim.requirements.requirements.without(HOSTNAME)
        if claim.held:
            final = final.replace(Requirement(CAPACITY_TYPE, False, frozenset((RESERVED,))))
            final = final.add(Requirement(CAPACITY_RESERVATION_ID, False, claim.held))
        return self._space.intern(final)

    def _cut(self, requirements: RequirementSet, types: int) -> tuple[tuple[str, ...], int]:
        key = (requirements.kinds, types)
        known = self._kept.get(key)
        if known is None:
            order, _ = self._catalogue.price_order(requirements.kinds)
            kept = [bit for bit in order if types >> bit & 1][: self._max_types]
            mask = sum(1 << bit for bit in kept)
            known = self._kept[key] = (tuple(self._catalogue.types[bit].name for bit in kept), mask)
        return known

    def _written(self, requirements: RequirementSet, types: int) -> Requirements:
        rows = self._catalogue.expand(types)
        offered = frozenset(kind.sample.capacity_type for kind in requirements.kinds if kind.rows & rows)
        written = requirements.requirements.without(*SIMULATION_KEYS)
        return written.add(Requirement(CAPACITY_TYPE, False, offered))

    def _cheapest(self, requirements: RequirementSet, name: str) -> tuple[float, str, str]:
        """Price, zone and capacity type of the cheapest offering of a type."""
        bit = self._catalogue.rank[name]
        offered = (
            (kind.prices.get(bit, inf), kind.sample.zone, kind.sample.capacity_type) for kind in requirements.kinds
        )
        return min(offered, default=(inf, "", ""))


def daemon_overhead(claim: Claim) -> Resources:
    """The least that DaemonSets take on any type that is left; nothing counts as not known yet, as in Karpenter."""
    least: Resources = {}
    for group in claim.groups:
        if group.types & claim.types:
            least = minimum(least, group.overhead) if least else group.overhead
    return least
