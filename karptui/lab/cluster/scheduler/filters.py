"""The filter plugins: why a node is not for a pod. Order and wording are kube-scheduler's."""

from __future__ import annotations

from typing import NamedTuple

from karptui.lab.cluster.scheduler.node_info import NodeInfo
from karptui.lab.cluster.scheduler.pod_info import PodInfo
from karptui.lab.cluster.scheduler.topology import AffinityState, SpreadState
from karptui.lab.cluster.selection import node_selected, untolerated

UNSCHEDULABLE_TAINT = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


class Refusal(NamedTuple):
    """Why a node does not do; `final` if removing pods from it would not help. `plugin` is who says so."""

    reasons: tuple[str, ...]
    final: bool
    plugin: str


WRONG_NAME = Refusal(("node(s) didn't match the requested node name",), True, "NodeName")
CORDONED = Refusal(("node(s) were unschedulable",), True, "NodeUnschedulable")
TAINTED = "node(s) had untolerated taint"
NOT_SELECTED = Refusal(("node(s) didn't match Pod's node affinity/selector",), True, "NodeAffinity")
NOT_ITS_NODE = Refusal(("node(s) didn't satisfy plugin(s) [NodeAffinity]",), True, "NodeAffinity")
NO_PORTS = Refusal(("node(s) didn't have free ports for the requested pod ports",), False, "NodePorts")


class FilterState:
    """What is worked out once for a pod and all nodes (PreFilter)."""

    def __init__(self, pod: PodInfo, nodes: list[NodeInfo]) -> None:
        self.pod = pod
        self.pinned = pinned_to(pod)
        self.spread = SpreadState(pod, nodes) if any(one.hard for one in pod.spreads) else None
        others = any(info.anti for info in nodes)
        self.affinity = AffinityState(pod, nodes) if pod.affinity or pod.anti_affinity or others else None


def refusal(state: FilterState, info: NodeInfo) -> Refusal | None:
    """Why the pod cannot go to the node, None if it can. The first plugin that says no is the one that is heard."""
    if state.pinned is not None and info.name not in state.pinned:
        return NOT_ITS_NODE
    fixed = static_refusal(state.pod, info)
    if fixed is not None:
        return fixed
    if not ports_free(state.pod, info):
        return NO_PORTS
    short = shortage(state.pod, info)
    if short is not None:
        return short
    if state.spread is not None and (reason := state.spread.refusal(info)) is not None:
        return Refusal((reason.text,), reason.final, "PodTopologySpread")
    if state.affinity is not None and (reason := state.affinity.refusal(info)) is not None:
        return Refusal((reason.text,), reason.final, "InterPodAffinity")
    return None


def static_refusal(pod: PodInfo, info: NodeInfo) -> Refusal | None:
    """What lies in the node's own spec: no pod that comes or goes changes it."""
    if info.unschedulable and untolerated((UNSCHEDULABLE_TAINT,), pod.tolerations) is not None:
        return CORDONED
    wanted = pod.spec.get("nodeName")
    if wanted and wanted != info.name:
        return WRONG_NAME
    if info.taints and (taint := untolerated(info.taints, pod.tolerations)) is not None:
        return Refusal((f"{TAINTED} {{{taint['key']}: {taint.get('value') or ''}}}",), True, "TaintToleration")
    if not node_selected(pod.spec, info.name, info.labels):
        return NOT_SELECTED
    return None


def pinned_to(pod: PodInfo) -> set[str] | None:
    """The nodes that every term of its affinity names by metadata.name, None if it is free (NodeAffinity PreFilter)."""
    node_affinity = (pod.spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or ()
    names: set[str] = set()
    for term in terms:
        fields = [
            set(field.get("values") or ())
            for field in term.get("matchFields") or ()
            if field["key"] == "metadata.name" and field["operator"] == "In"
        ]
        if not fields:
            return None
        names |= set.intersection(*fields)
    return names or None


def shortage(pod: PodInfo, info: NodeInfo) -> Refusal | None:
    """NodeResourcesFit: every resource that does not suffice; final if the node could never hold it."""
    reasons: list[str] = []
    final = False
    for name, amount in pod.requests.items():
        if not amount:
            continue
        total = info.allocatable.get(name, 0)
        if amount > total - info.requested.get(name, 0):
            reasons.append("Too many pods" if name == "pods" else f"Insufficient {name}")
            final = final or amount > total
    return Refusal(tuple(reasons), final, "NodeResourcesFit") if reasons else None


def ports_free(pod: PodInfo, info: NodeInfo) -> bool:
    """Whether no pod on the node has one of its host ports."""
    if not pod.ports:
        return True
    taken = [port for other in info.pods.values() for port in other.ports]
    return not any(port.clashes(other) for port in pod.ports for other in taken)
