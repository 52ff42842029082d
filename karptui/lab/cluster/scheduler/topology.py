"""Topology spread and pod affinity, counted once for a pod over all nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from karptui.lab.cluster.scheduler.node_info import NodeInfo
from karptui.lab.cluster.scheduler.pod_info import PodInfo, Spread, Term
from karptui.lab.cluster.selection import node_selected, selects, untolerated


class Reason(NamedTuple):
    """A refusal; `final` if removing pods from the node would not help."""

    text: str
    final: bool


UNEVEN = Reason("node(s) didn't match pod topology spread constraints", False)
NO_LABEL = Reason("node(s) didn't match pod topology spread constraints (missing required label)", True)
NOT_TOGETHER = Reason("node(s) didn't match pod affinity rules", True)
NOT_APART = Reason("node(s) didn't match pod anti-affinity rules", False)
NOT_WANTED = Reason("node(s) didn't satisfy existing pods anti-affinity rules", False)


def eligible(pod: PodInfo, info: NodeInfo, spread: Spread) -> bool:
    """Whether the node's domain counts for this constraint."""
    if spread.honor_affinity and not node_selected(pod.spec, info.name, info.labels):
        return False
    return not spread.honor_taints or untolerated(info.taints, pod.tolerations) is None


def matching(info: NodeInfo, namespace: str, spread: Spread) -> int:
    """Pods of the namespace on the node that the constraint counts; terminating ones do not count."""
    return sum(
        other.namespace == namespace and not other.terminating and selects(spread.selector, other.labels)
        for other in info.pods.values()
    )


class SpreadState:
    """The hard constraints of a pod: matching pods in each domain, and the least of them."""

    def __init__(self, pod: PodInfo, nodes: Iterable[NodeInfo]) -> None:
        self._spreads = [one for one in pod.spreads if one.hard]
        self._counts: list[Counter[str]] = [Counter() for _ in self._spreads]
        self._self = [selects(one.selector, pod.labels) for one in self._spreads]
        keys = [one.topology_key for one in self._spreads]
        for info in nodes:
            if any(key not in info.labels for key in keys):
                continue
            for spread, counts in zip(self._spreads, self._counts, strict=True):
                if eligible(pod, info, spread):
                    counts[info.labels[spread.topology_key]] += matching(info, pod.namespace, spread)
        # A constraint that asks for more domains than there are takes the least to be zero.
        self._least = [
            min(counts.values(), default=0) if len(counts) >= spread.min_domains else 0
            for spread, counts in zip(self._spreads, self._counts, strict=True)
        ]

    def refusal(self, info: NodeInfo) -> Reason | None:
        """Why the pod cannot go to the node, None if it can."""
        for index, spread in enumerate(self._spreads):
            domain = info.labels.get(spread.topology_key)
            if domain is None:
                return NO_LABEL
            skew = self._counts[index][domain] + self._self[index] - self._least[index]
            if skew > spread.max_skew:
                return UNEVEN
        return None


class AffinityState:
    """Which (topology key, domain) pairs attract the pod, repel it, or hold pods that will not have it."""

    def __init__(self, pod: PodInfo, nodes: Iterable[NodeInfo]) -> None:
        self._pod = pod
        self._together: set[tuple[str, str]] = set()
        self._apart: set[tuple[str, str]] = set()
        self._unwanted: set[tuple[str, str]] = set()
        for info in nodes:
            for other in info.pods.values():
                if pod.affinity and all(term.matches(other.namespace, other.labels) for term in pod.affinity):
                    self._together.update(_domains(info, pod.affinity))
                if pod.anti_affinity:
                    hit = [term for term in pod.anti_affinity if term.matches(other.namespace, other.labels)]
                    self._apart.update(_domains(info, hit))
            for other in info.anti.values():
                hit = [term for term in other.anti_affinity if term.matches(pod.namespace, pod.labels)]
                self._unwanted.update(_domains(info, hit))
        # The first of a group that wants to be together has nobody to join but itself.
        self._first = not self._together and all(term.matches(pod.namespace, pod.labels) for term in pod.affinity)

    def refusal(self, info: NodeInfo) -> Reason | None:
        """Why the pod cannot go to the node, None if it can."""
        labels = info.labels
        for term in self._pod.affinity:
            domain = labels.get(term.topology_key)
            if domain is None or (not self._first and (term.topology_key, domain) not in self._together):
                return NOT_TOGETHER
        if any((term.topology_key, labels.get(term.topology_key)) in self._apart for term in self._pod.anti_affinity):
            return NOT_APART
        if any(labels.get(key) == domain for key, domain in self._unwanted):
            return NOT_WANTED
        return None


def _domains(info: NodeInfo, terms: Iterable[Term]) -> Iterable[tuple[str, str]]:
    return [(one.topology_key, info.labels[one.topology_key]) for one in terms if one.topology_key in info.labels]
