"""Giving up one preference of a pod, in Karpenter's order (spec/scheduling.md 6.6)."""

from functools import lru_cache

from msgspec.structs import replace

from karptui.engine.provisioning.go_sort import go_order
from karptui.model.affinity import NodeSelectorTerm, PodAffinityTerm, PreferredNodeTerm, PreferredPodTerm
from karptui.model.pod import PodSpec
from karptui.model.taints import PREFER_NO_SCHEDULE, Toleration

PREFER_NO_SCHEDULE_TOLERATION = Toleration(operator="Exists", effect=PREFER_NO_SCHEDULE)

KINDS = (
    "required node affinity",
    "preferred pod affinity",
    "preferred pod anti-affinity",
    "preferred node affinity",
    "topology spread",
    "PreferNoSchedule taints",
)
"""What can be given up, in the order in which it is."""


@lru_cache(maxsize=4096)
def relax(spec: PodSpec, tolerate_preferences: bool) -> tuple[PodSpec, str, str] | None:
    """The spec after the first step that applies, the kind of it and what was given up; None where nothing is left.

    `tolerate_preferences`: some usable NodePool's template has a PreferNoSchedule taint.
    """
    if len(spec.required_node_terms) > 1:
        dropped = spec.required_node_terms[0]
        return replace(spec, required_node_terms=spec.required_node_terms[1:]), KINDS[0], _expressions(dropped)
    if spec.preferred_affinity:
        rest, term = _without_heaviest(spec.preferred_affinity)
        return replace(spec, preferred_affinity=rest), KINDS[1], term.topology_key
    if spec.preferred_anti_affinity:
        rest, term = _without_heaviest(spec.preferred_anti_affinity)
        return replace(spec, preferred_anti_affinity=rest), KINDS[2], term.topology_key
    if spec.preferred_node_terms:
        ordered = heaviest_first(spec.preferred_node_terms)
        return replace(spec, preferred_node_terms=ordered[1:]), KINDS[3], _expressions(ordered[0].term)
    for place, constraint in enumerate(spec.topology_spread):
        if constraint.when_unsatisfiable == "ScheduleAnyway":
            left = list(spec.topology_spread)
            # The last one takes its place, which changes the order in which later ones go.
            left[place] = left[-1]
            left.pop()
            return replace(spec, topology_spread=tuple(left)), KINDS[4], constraint.topology_key
    if tolerate_preferences and PREFER_NO_SCHEDULE_TOLERATION not in spec.tolerations:
        tolerations = (*spec.tolerations, PREFER_NO_SCHEDULE_TOLERATION)
        return replace(spec, tolerations=tolerations), KINDS[5], ""
    return None


def heaviest_first(terms: tuple[PreferredNodeTerm, ...]) -> tuple[PreferredNodeTerm, ...]:
    """Preferred terms in the order in which Karpenter asks for them, which is that of an unstable sort (4.6)."""
    return tuple(terms[index] for index in go_order([-preferred.weight for preferred in terms]))


def _without_heaviest(
    terms: tuple[PreferredPodTerm, ...],
) -> tuple[tuple[PreferredPodTerm, ...], PodAffinityTerm]:
    ordered = sorted(terms, key=lambda preferred: -preferred.weight)
    return tuple(ordered[1:]), ordered[0].term


def _expressions(term: NodeSelectorTerm) -> str:
    return ", ".join(f"{key} {operator} [{' '.join(values)}]" for key, operator, values in term.expressions)
