"""The score plugins: which of the nodes that would do is best. Weights are those of the default profile."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from karptui.lab.cluster.scheduler.node_info import NodeInfo
from karptui.lab.cluster.scheduler.pod_info import PREFERRED, PodInfo, Spread
from karptui.lab.cluster.scheduler.topology import eligible, matching
from karptui.lab.cluster.selection import node_term_holds, untolerated

BEST = 100.0


def scores(pod: PodInfo, feasible: Sequence[NodeInfo], everything: Sequence[NodeInfo]) -> list[float]:
    """The total of each feasible node; the higher the better."""
    parts: list[tuple[float, list[float]]] = [(1, [resources(pod, info) for info in feasible])]
    # Where no node differs, the plugin's scores are all the same and decide nothing.
    wishes = _scaled([preferred_nodes(pod, info) for info in feasible]) if _prefers(pod) else None
    if wishes is not None:
        parts.append((2, wishes))
    if any(info.soft for info in feasible):
        parts.append((3, _reversed([float(soft_taints(pod, info)) for info in feasible])))
    soft = [one for one in pod.spreads if not one.hard]
    if soft or (pod.owner and not pod.spreads):
        parts.append((2, _spread_scores(pod, feasible, everything, soft)))
    if pod.preferred:
        parts.append((2, _affinity_scores(pod, feasible, everything)))
    return [sum(weight * values[index] for weight, values in parts) for index in range(len(feasible))]


def resources(pod: PodInfo, info: NodeInfo) -> float:
    """NodeResourcesFit (LeastAllocated) plus NodeResourcesBalancedAllocation, over cpu and memory after placing it.

    The first is the mean free share, the second is best where both are used to the same share.
    """
    free: list[float] = []
    used: list[float] = []
    for name in ("cpu", "memory"):
        total = info.allocatable.get(name, 0)
        if total:
            free.append(max(total - info.scored.get(name, 0) - pod.scored.get(name, 0), 0) / total)
            used.append(min((info.requested.get(name, 0) + pod.requests.get(name, 0)) / total, 1.0))
    if not free:
        return BEST
    balance = 1 - abs(used[0] - used[1]) / 2 if len(used) == 2 else 1.0
    return (sum(free) / len(free) + balance) * BEST


def _prefers(pod: PodInfo) -> bool:
    return bool(((pod.spec.get("affinity") or {}).get("nodeAffinity") or {}).get(PREFERRED))


def preferred_nodes(pod: PodInfo, info: NodeInfo) -> float:
    """NodeAffinity: the weights of the preferred terms that hold."""
    node_affinity = (pod.spec.get("affinity") or {}).get("nodeAffinity") or {}
    return sum(
        one["weight"]
        for one in node_affinity.get(PREFERRED) or ()
        if node_term_holds(one["preference"], info.name, info.labels)
    )


def soft_taints(pod: PodInfo, info: NodeInfo) -> int:
    """TaintToleration: PreferNoSchedule taints that the pod does not tolerate."""
    return sum(untolerated((taint,), pod.tolerations, ("PreferNoSchedule",)) is not None for taint in info.taints)


def _spread_scores(
    pod: PodInfo, feasible: Sequence[NodeInfo], everything: Sequence[NodeInfo], soft: Sequence[Spread]
) -> list[float]:
    """PodTopologySpread: few matching pods in the node's domains, domains weighted by how many there are.

    Pods of a controller without constraints of their own are spread over hosts and zones (the default constraints);
    siblings stand for what the real one finds through the selector of their Service or ReplicaSet.
    """
    counters: list[tuple[str, int, Callable[[NodeInfo], int]]]
    if soft:
        counters = [
            (
                one.topology_key,
                one.max_skew,
                lambda info, one=one: matching(info, pod.namespace, one) if eligible(pod, info, one) else 0,
            )
            for one in soft
        ]
    else:

        def siblings(info: NodeInfo) -> int:
            return info.owners[pod.owner]

        counters = [("kubernetes.io/hostname", 3, siblings), ("topology.kubernetes.io/zone", 5, siblings)]
    raw = [0.0] * len(feasible)
    for key, max_skew, count in counters:
        totals: dict[str, int] = {}
        for info in everything:
            domain = info.labels.get(key)
            if domain is not None:
                totals[domain] = totals.get(domain, 0) + count(info)
        weight = math.log(len({info.labels.get(key) for info in feasible}) + 2)
        for index, info in enumerate(feasible):
            raw[index] += totals.get(info.labels.get(key, ""), 0) * weight + max_skew - 1
    return _reversed(raw)


def _affinity_scores(pod: PodInfo, feasible: Sequence[NodeInfo], everything: Sequence[NodeInfo]) -> list[float]:
    """InterPodAffinity: the weights of preferred terms, once for every pod that they match in the node's domain."""
    weights: dict[tuple[str, str], float] = {}
    for info in everything:
        for other in info.pods.values():
            for term in pod.preferred:
                domain = info.labels.get(term.topology_key)
                if domain is not None and term.matches(other.namespace, other.labels):
                    pair = (term.topology_key, domain)
                    weights[pair] = weights.get(pair, 0.0) + term.weight
    keys = {term.topology_key for term in pod.preferred}
    raw = [sum(weights.get((key, info.labels.get(key, "")), 0.0) for key in keys) for info in feasible]
    low, high = min(raw), max(raw)
    return [BEST * (value - low) / (high - low) if high > low else 0.0 for value in raw]


def _scaled(values: list[float]) -> list[float]:
    high = max(values, default=0.0)
    return [BEST * value / high for value in values] if high else values


def _reversed(values: list[float]) -> list[float]:
    """The lowest becomes the best."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    if high == 0:
        return [BEST] * len(values)
    return [BEST * (high + low - value) / high for value in values]
