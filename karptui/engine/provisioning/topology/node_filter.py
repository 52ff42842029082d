"""Which nodes a spread constraint counts on (spec/scheduling.md 7.5)."""

from collections import Counter
from collections.abc import Collection, Hashable

from karptui.model.affinity import TopologySpreadConstraint
from karptui.model.pod import PodSpec
from karptui.model.requirements import Requirements, from_labels, from_selector_terms
from karptui.model.taints import Taint, Toleration, tolerates_all


class NodeFilter:
    """The node affinity and taint policies of the pod that created a group."""

    __slots__ = ("honor_affinity", "honor_taints", "identity", "terms", "tolerations")

    def __init__(self, spec: PodSpec, constraint: TopologySpreadConstraint) -> None:
        self.honor_affinity = constraint.node_affinity_policy != "Ignore"
        self.honor_taints = constraint.node_taints_policy == "Honor"
        self.tolerations: tuple[Toleration, ...] = spec.tolerations
        selector = from_labels(spec.node_selector)
        self.terms: tuple[Requirements, ...] = (selector,)
        if spec.required_node_terms:
            self.terms = tuple(
                selector.merge(from_selector_terms(term.expressions)) for term in spec.required_node_terms
            )
        # Karpenter's hash sees the keys of the terms only, and equal terms cancel each other out.
        keys = _unpaired([frozenset(term.keys()) for term in self.terms])
        self.identity: Hashable = (self.honor_affinity, self.honor_taints, keys, _unpaired(self.tolerations))

    def admits(self, taints: tuple[Taint, ...], requirements: Requirements) -> bool:
        """Whether pods on such a node or claim count. Labels that are not well-defined there fail it."""
        if self.honor_affinity and not any(requirements.is_compatible(term) for term in self.terms):
            return False
        return not self.honor_taints or tolerates_all(self.tolerations, taints)


def _unpaired(entries: Collection[Hashable]) -> frozenset[Hashable]:
    if len(entries) < 2:
        return frozenset(entries)
    return frozenset(entry for entry, times in Counter(entries).items() if times % 2)
