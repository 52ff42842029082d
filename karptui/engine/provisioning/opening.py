"""Opening a new claim: the first NodePool, in order, that takes the pod (spec/scheduling.md 6.4 step 4)."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from karptui.engine.provisioning.catalogue import PreparedCatalogue
from karptui.engine.provisioning.claims import PLACEHOLDER_HOST
from karptui.engine.provisioning.classes import PodClass
from karptui.engine.provisioning.daemons import DaemonGroup
from karptui.engine.provisioning.filtering import TypeFilter
from karptui.engine.provisioning.limits import Limits
from karptui.engine.provisioning.min_values import MinValues
from karptui.engine.provisioning.pools import Template
from karptui.engine.provisioning.reasons import conflict_reason, taint_reason, topology_reason, type_reason
from karptui.engine.provisioning.requirement_sets import RequirementSet, RequirementSpace
from karptui.engine.provisioning.reservations import NONE_HELD, Reservations
from karptui.engine.provisioning.topology.groups import Group
from karptui.engine.provisioning.topology.tracker import ClassTopology, Topology
from karptui.model.decision import Reason, Refusal
from karptui.model.resources import Resources, merge
from karptui.model.taints import untolerated

NOTHING: Resources = {}

Objection = Callable[[], Reason]
"""What a NodePool has against a pod, put into a Reason only where somebody will read it."""


class Opening(NamedTuple):
    """A claim that would be opened for a pod."""

    template: Template
    requirements: RequirementSet
    types: int
    reserved: frozenset[str]
    min_values_relaxed: bool


class Openings:
    """Offers pods to NodePools."""

    def __init__(
        self,
        templates: list[Template],
        groups: list[list[DaemonGroup]],
        catalogue: PreparedCatalogue,
        space: RequirementSpace,
        topology: Topology,
        limits: Limits,
        min_values: MinValues,
        reservations: Reservations,
        typeless: tuple[Reason, ...] = (),
    ) -> None:
        self.templates = templates
        self.groups = groups
        self._typeless = typeless
        self._catalogue = catalogue
        self._topology = topology
        self._limits = limits
        self._min_values = min_values
        self._reservations = reservations
        self._filter = TypeFilter(catalogue)
        host = space.single(PLACEHOLDER_HOST)
        self._bases: list[RequirementSet] = []
        for template in templates:
            base = template.requirements.merge(host)
            self._bases.append(base if isinstance(base, RequirementSet) else template.requirements)

    def find(
        self, class_: PodClass, topology: ClassTopology, host: int, explain: bool = True
    ) -> Opening | tuple[Reason, ...]:
        """The claim to open as number `host`; or for every NodePool, in order, the first thing against it.

        A single reason RESERVED means that the decision is put off. Without `explain` there are no other reasons.
        """
        objections: list[Objection] = []
        for template in self.templates:
            answer = self._offer(template, class_, topology, host)
            if isinstance(answer, Opening):
                return answer
            if isinstance(answer, Reason):
                return (answer,)
            objections.append(answer)
        if not explain:
            return ()
        reasons = (objection() for objection in objections)
        return (*reasons, *self._typeless) or (Reason(Refusal.NO_TYPES),)

    def _offer(
        self, template: Template, class_: PodClass, topology: ClassTopology, host: int
    ) -> Opening | Objection | Reason:
        pool = template.name
        if self._limits.nodes_exhausted(pool):
            return partial(Reason, Refusal.LIMIT_NODES, pool, "nodes")
        eligible = template.types & self._limits.allowed(pool)
        if not eligible:
            return partial(self._limit_reason, template)
        taints = untolerated(template.taints, class_.spec.tolerations) if template.taints else ()
        if taints:
            return partial(taint_reason, pool, taints[0])
        merged = self._bases[template.index].merge(class_.requirements)
        if not isinstance(merged, RequirementSet):
            return partial(conflict_reason, pool, merged)
        answer: Opening | Objection | Reason | None = None
        for alternative in class_.alternatives or (None,):
            target = merged if alternative is None else merged.merge(alternative)
            if not isinstance(target, RequirementSet):
                answer = partial(conflict_reason, pool, target, Refusal.VOLUME)
                continue
            answer = self._fit(template, class_, topology, host, eligible, target)
            if isinstance(answer, Opening):
                return answer
        assert answer is not None, "there is at least one alternative"
        return answer

    def _fit(
        self,
        template: Template,
        class_: PodClass,
        topology: ClassTopology,
        host: int,
        eligible: int,
        target: RequirementSet,
    ) -> Opening | Objection | Reason:
        pool = template.name
        for group, selected in topology.hosts:
            if not group.admits_host(host, selected, topology.host_domains):
                return partial(topology_reason, pool, group)
        narrowed = self._topology.narrow(class_, topology, target)
        if isinstance(narrowed, Group):
            return partial(topology_reason, pool, narrowed)
        if not isinstance(narrowed, RequirementSet):
            return partial(conflict_reason, pool, narrowed, Refusal.TOPOLOGY)
        groups = self.groups[template.index]
        types = self._filter.opening(groups, eligible, class_, narrowed)
        if not types:
            return partial(self._type_reason, template, class_, eligible, narrowed)
        requirements = self._min_values.accept(narrowed, types, may_relax=True)
        if requirements is None:
            return partial(self._min_values_reason, pool, narrowed, types)
        reserved = self._reservations.reserve(requirements, types, NONE_HELD)
        if reserved is None:
            return Reason(Refusal.RESERVED, pool)
        return Opening(template, requirements, types, reserved, requirements is not narrowed)

    def _min_values_reason(self, pool: str, requirements: RequirementSet, types: int) -> Reason:
        unmet = self._min_values.unmet(requirements, types)
        key = min(unmet)
        return Reason(Refusal.MIN_VALUES, pool, key, str(requirements.requirements.of(key).min_values), str(unmet[key]))

    def _limit_reason(self, template: Template) -> Reason:
        remaining = self._limits.remaining(template.name) or {}
        capacity = self._catalogue.capacity
        left = template.types
        for name, amount in sorted(remaining.items()):
            if not left & capacity.at_most(name, amount):
                return Reason(Refusal.LIMIT, template.name, name, "", str(amount))
            left &= capacity.at_most(name, amount)
        return Reason(Refusal.LIMIT, template.name)

    def _type_reason(self, template: Template, class_: PodClass, eligible: int, requirements: RequirementSet) -> Reason:
        limited = template.types & ~eligible
        if limited and self._filter.opening(self.groups[template.index], limited, class_, requirements):
            # Some type would do, had the limit left it.
            remaining = self._limits.remaining(template.name) or {}
            name = min(remaining, default="")
            return Reason(Refusal.LIMIT, template.name, name, "", str(remaining.get(name, 0)))
        overheads = [group.overhead for group in self.groups[template.index] if group.types & eligible]
        least = min(overheads, key=lambda overhead: sum(overhead.values()), default=NOTHING)
        amounts = merge(dict(class_.amounts), least)
        return type_reason(template.name, self._catalogue, requirements, eligible, amounts)
