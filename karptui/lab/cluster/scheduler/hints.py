"""Queueing hints: which changes are worth trying a refused pod again for."""

from __future__ import annotations

from collections.abc import Callable, Collection

from karptui.lab.cluster.scheduler.filters import UNSCHEDULABLE_TAINT
from karptui.lab.cluster.scheduler.node_info import NodeInfo
from karptui.lab.cluster.scheduler.pod_info import PodInfo
from karptui.lab.cluster.selection import node_selected, untolerated

MOVED_BY_PODS = {"NodePorts", "NodeResourcesFit", "PodTopologySpread", "InterPodAffinity"}
"""Plugins whose answer may change when a pod leaves."""

DRAWN_BY_PODS = {"PodTopologySpread", "InterPodAffinity"}
"""Plugins whose answer may change when a pod comes."""


def node_may_help(pod: PodInfo, refused_by: Collection[str], before: NodeInfo | None, after: NodeInfo) -> bool:
    """Whether any plugin that refused the pod would think better of this node than it did `before` (None: new)."""
    if not refused_by:
        return True
    for plugin in refused_by:
        judge = _JUDGES.get(plugin)
        if judge is None:
            if before is None or before.labels != after.labels:
                return True
        elif judge(pod, after) and (before is None or not judge(pod, before)):
            return True
    return "NodeResourcesFit" in refused_by and _fits_empty(pod, after) and _grown(pod, before, after)


def _tolerated(pod: PodInfo, info: NodeInfo) -> bool:
    return untolerated(info.taints, pod.tolerations) is None


def _selected(pod: PodInfo, info: NodeInfo) -> bool:
    return node_selected(pod.spec, info.name, info.labels)


def _open(pod: PodInfo, info: NodeInfo) -> bool:
    return not info.unschedulable or untolerated((UNSCHEDULABLE_TAINT,), pod.tolerations) is None


def _fits_empty(pod: PodInfo, info: NodeInfo) -> bool:
    return all(amount <= info.allocatable.get(name, 0) for name, amount in pod.requests.items() if amount)


def _named(pod: PodInfo, info: NodeInfo) -> bool:
    return pod.spec.get("nodeName") == info.name


def _grown(pod: PodInfo, before: NodeInfo | None, after: NodeInfo) -> bool:
    if before is None:
        return True
    return any(after.allocatable.get(name, 0) > before.allocatable.get(name, 0) for name in pod.requests)


_JUDGES: dict[str, Callable[[PodInfo, NodeInfo], bool]] = {
    "TaintToleration": _tolerated,
    "NodeAffinity": _selected,
    "NodeUnschedulable": _open,
    "NodeResourcesFit": _fits_empty,
    "NodeName": _named,
}
