"""Whether a claim takes a pod: every test of Karpenter (spec/scheduling.md 6.4), and that the node stays cheap."""

from typing import NamedTuple

from karptui.engine.bound.columns import Column
from karptui.engine.provisioning.claims import PLACEHOLDER_HOST, Claim
from karptui.engine.provisioning.classes import PodClass
from karptui.engine.provisioning.filtering import TypeFilter
from karptui.engine.provisioning.groundwork import Groundwork
from karptui.engine.provisioning.limits import Limits
from karptui.engine.provisioning.requirement_sets import RequirementSet
from karptui.engine.provisioning.reservations import NONE_HELD, Reservations
from karptui.engine.provisioning.topology.tracker import ClassTopology, Topology
from karptui.model.taints import untolerated


class Taken(NamedTuple):
    """What a claim becomes with the pod."""

    requirements: RequirementSet
    types: int
    reserved: frozenset[str]


class Taking:
    """The tests of one packing. What passes them is still to be recorded."""

    def __init__(self, ground: Groundwork, topology: Topology, limits: Limits, reservations: Reservations) -> None:
        self._ground = ground
        self._topology = topology
        self._limits = limits
        self._reservations = reservations
        self._filter = TypeFilter(ground.catalogue)
        self._host = ground.space.single(PLACEHOLDER_HOST)

    def open(self, column: Column, class_: PodClass, groups: ClassTopology, host: int) -> Taken | None:
        """The claim that a node of a column would be with this pod first; None if it must not be."""
        template = self._ground.templates[column.template]
        if self._limits.nodes_exhausted(template.name):
            return None
        eligible = template.types & self._limits.allowed(template.name)
        if self._limits.remaining(template.name) is not None:
            # A limit counts the largest type that a claim may become: none but those as small as the one meant.
            capacity = self._ground.catalogue.capacity
            for name, amount in self._ground.catalogue.types[column.instance_type].capacity.items():
                eligible &= capacity.at_most(name, amount)
        if not eligible >> column.instance_type & 1:
            return None
        if untolerated(template.pool.template.taints, class_.spec.tolerations):
            return None
        base = template.requirements.merge(self._host)
        merged = (base if isinstance(base, RequirementSet) else template.requirements).merge(class_.requirements)
        if not isinstance(merged, RequirementSet) or not self._topology.admits_host(groups, host):
            return None
        for target in _reached(merged, class_):
            narrowed = self._topology.narrow(class_, groups, target)
            if not isinstance(narrowed, RequirementSet):
                continue
            types = self._filter.opening(self._ground.groups[template.index], eligible, class_, narrowed)
            accepted = self._accept(narrowed, types, column, NONE_HELD, may_relax=True)
            if accepted is not None:
                return accepted
        return None

    def join(self, claim: Claim, column: Column, class_: PodClass, groups: ClassTopology) -> Taken | None:
        """The claim with one pod more; None if it must not be, or if the column's type could not hold it then."""
        if untolerated(claim.template.pool.template.taints, class_.spec.tolerations):
            return None
        merged = claim.requirements.merge(class_.requirements)
        if not isinstance(merged, RequirementSet) or not self._topology.admits_host(groups, claim.index):
            return None
        for target in _reached(merged, class_):
            narrowed = self._topology.narrow(class_, groups, target)
            if not isinstance(narrowed, RequirementSet):
                continue
            types = self._filter.joining(claim, class_, narrowed)
            accepted = self._accept(narrowed, types, column, claim.held, may_relax=False)
            if accepted is not None:
                return accepted
        return None

    def _accept(
        self, target: RequirementSet, types: int, column: Column, held: frozenset[str], may_relax: bool
    ) -> Taken | None:
        if not types >> column.instance_type & 1:
            return None
        requirements = self._ground.min_values.accept(target, types, may_relax)
        reserved = None if requirements is None else self._reservations.reserve(requirements, types, held)
        return None if requirements is None or reserved is None else Taken(requirements, types, reserved)


def _reached(merged: RequirementSet, class_: PodClass) -> list[RequirementSet]:
    """With every way to reach the pod's volumes."""
    reached = [merged.merge(alternative) for alternative in class_.alternatives] if class_.alternatives else [merged]
    return [target for target in reached if isinstance(target, RequirementSet)]
