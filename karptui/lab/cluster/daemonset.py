"""DaemonSets: one pod on every node that it fits, pinned there by name."""

from __future__ import annotations

import copy
from typing import Literal

from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.controller import Controller
from karptui.lab.cluster.kinds import DAEMONSETS, NODES, PODS, Object, controller_uid, deleting, key_of
from karptui.lab.cluster.pod_conditions import available_in, finished, node_name, ready
from karptui.lab.cluster.pod_template import template_hash
from karptui.lab.cluster.replica_pods import BURST, make_pods, remove_pods
from karptui.lab.cluster.replicaset import owned_key
from karptui.lab.cluster.selection import node_selected, untolerated
from karptui.lab.cluster.shares import share

COMPONENT = "daemonset-controller"
HASH = "controller-revision-hash"
GENERATION = "pod-template-generation"

Verdict = Literal["run", "keep", "no"]


def _toleration(key: str, effect: str) -> Object:
    return {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect}


DAEMON_TOLERATIONS = (
    _toleration("not-ready", "NoExecute"),
    _toleration("unreachable", "NoExecute"),
    _toleration("disk-pressure", "NoSchedule"),
    _toleration("memory-pressure", "NoSchedule"),
    _toleration("pid-pressure", "NoSchedule"),
    _toleration("unschedulable", "NoSchedule"),
)
HOST_NETWORK_TOLERATION = _toleration("network-unavailable", "NoSchedule")


def daemon_tolerations(spec: Object) -> list[Object]:
    """The pod's own tolerations and those that the controller adds to every daemon pod."""
    added = [*DAEMON_TOLERATIONS, *((HOST_NETWORK_TOLERATION,) if spec.get("hostNetwork") else ())]
    own = spec.get("tolerations") or []
    return [*own, *(one for one in added if one not in own)]


def verdict(template: Object, node: Object) -> Verdict:
    """Whether a daemon pod should run on the node, may stay there, or must not be there."""
    spec, meta = template["spec"], node["metadata"]
    if spec.get("nodeName") and spec["nodeName"] != meta["name"]:
        return "no"
    if not node_selected(spec, meta["name"], meta.get("labels") or {}):
        return "no"
    taints = node["spec"].get("taints") or ()
    tolerations = daemon_tolerations(spec)
    if untolerated(taints, tolerations) is None:
        return "run"
    return "keep" if untolerated(taints, tolerations, ("NoExecute",)) is None else "no"


def pinned(template: Object, item: Object, name: str) -> Object:
    """The template for one node: matchFields instead of whatever fields it had, tolerations and labels added."""
    pod = copy.deepcopy(template)
    field = {"key": "metadata.name", "operator": "In", "values": [name]}
    node_affinity = pod["spec"].setdefault("affinity", {}).setdefault("nodeAffinity", {})
    required = node_affinity.setdefault("requiredDuringSchedulingIgnoredDuringExecution", {})
    terms = required.get("nodeSelectorTerms") or [{}]
    required["nodeSelectorTerms"] = [{**term, "matchFields": [field]} for term in terms]
    pod["spec"]["tolerations"] = daemon_tolerations(pod["spec"])
    labels = pod.setdefault("metadata", {}).setdefault("labels", {})
    labels[HASH] = template_hash(template)
    labels[GENERATION] = str(item["metadata"].get("generation", 1))
    return pod


def target_node(pod: Object) -> str:
    """The node that a daemon pod is on or is pinned to."""
    if node_name(pod):
        return node_name(pod)
    affinity = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    for term in affinity.get("nodeSelectorTerms") or ():
        for field in term.get("matchFields") or ():
            if field["key"] == "metadata.name" and field["values"]:
                return field["values"][0]
    return ""


class DaemonSetController(Controller):
    """Places, updates and counts the pods of DaemonSets."""

    name = "daemonset"
    settle = 0.1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._sets = context.informer(DAEMONSETS)
        self._nodes = context.informer(NODES)
        self._pods = context.informer(PODS)
        self._pods.add_index("controller", lambda pod: (controller_uid(pod),))
        self._sets.on_change(lambda before, after: self.add(key_of(after)) if after else None)
        self._pods.on_change(self._pod_changed)
        self._nodes.on_change(self._node_changed)

    def _pod_changed(self, before: Object | None, after: Object | None) -> None:
        pod = after or before
        assert pod is not None
        self.add(owned_key(pod, "DaemonSet"))

    def _node_changed(self, before: Object | None, after: Object | None) -> None:
        if before and after and _placing(before) == _placing(after):
            return
        for key in self._sets.items:
            self.add(key)

    async def sync(self, key: str) -> None:
        """See Controller.sync."""
        item = self._sets.get(key)
        if item is None:
            return
        if not deleting(item):
            await self._place(item)
            await self._update(item)
        await self._report(item)

    def _by_node(self, item: Object) -> dict[str, list[Object]]:
        pods: dict[str, list[Object]] = {}
        for pod in self._pods.by("controller", item["metadata"]["uid"]):
            pods.setdefault(target_node(pod), []).append(pod)
        return pods

    async def _place(self, item: Object) -> None:
        template = item["spec"]["template"]
        pods = self._by_node(item)
        missing: list[Object] = []
        surplus: list[Object] = []
        for name, node in self._nodes.items.items():
            decision = verdict(template, node)
            here = pods.pop(name, [])
            alive = [pod for pod in here if not deleting(pod)]
            failed = [pod for pod in alive if finished(pod)]
            running = [pod for pod in alive if not finished(pod)]
            surplus.extend(failed)
            if decision == "no":
                surplus.extend(running)
            elif decision == "run" and not here:
                missing.append(pinned(template, item, name))
            elif len(running) > 1:
                surplus.extend(sorted(running, key=lambda pod: pod["metadata"]["creationTimestamp"])[1:])
        for orphans in pods.values():
            surplus.extend(pod for pod in orphans if not node_name(pod) and not deleting(pod))
        await remove_pods(self.context, item, DAEMONSETS, surplus, COMPONENT)
        await make_pods(self.context, item, DAEMONSETS, missing[:BURST], COMPONENT)

    async def _update(self, item: Object) -> None:
        """Replace pods of an older template, at most maxUnavailable nodes at a time."""
        strategy = item["spec"].get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        hash_ = template_hash(item["spec"]["template"])
        pods = [pod for here in self._by_node(item).values() for pod in here]
        limit = (strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1)
        allowed = max(share(limit, self._desired(item), round_up=True), 1)
        old = [pod for pod in pods if (pod["metadata"].get("labels") or {}).get(HASH) != hash_ and not deleting(pod)]
        allowed -= sum(not ready(pod) or deleting(pod) for pod in pods if pod not in old)
        # Old pods that do not work cost no availability.
        broken = [pod for pod in old if not ready(pod)]
        working = [pod for pod in old if ready(pod)]
        going = broken + working[: max(allowed - len(broken), 0)]
        await remove_pods(self.context, item, DAEMONSETS, going, COMPONENT)

    def _desired(self, item: Object) -> int:
        return sum(verdict(item["spec"]["template"], node) == "run" for node in self._nodes.items.values())

    async def _report(self, item: Object) -> None:
        current = self._sets.get(key_of(item))
        if current is None:
            return
        status = self._status(item)
        old = current.get("status") or {}
        if any(old.get(name, 0) != value for name, value in status.items()) or "observedGeneration" not in old:
            await self.api.patch(DAEMONSETS, current, {"status": status}, "status")

    def _status(self, item: Object) -> Object:
        template, now = item["spec"]["template"], self.context.clock.now()
        hash_, wait_for = template_hash(template), item["spec"].get("minReadySeconds", 0)
        pods = self._by_node(item)
        counts = dict.fromkeys(("desired", "current", "misscheduled", "ready", "available", "updated"), 0)
        for name, node in self._nodes.items.items():
            here = [pod for pod in pods.get(name, ()) if not deleting(pod) and not finished(pod)]
            if verdict(template, node) != "run":
                counts["misscheduled"] += bool(here)
                continue
            counts["desired"] += 1
            if not here:
                continue
            counts["current"] += 1
            counts["ready"] += ready(here[0])
            counts["updated"] += (here[0]["metadata"].get("labels") or {}).get(HASH) == hash_
            wait = available_in(here[0], wait_for, now)
            counts["available"] += wait == 0
            if wait:
                self.add_after(key_of(item), wait)
        return {
            "currentNumberScheduled": counts["current"],
            "numberMisscheduled": counts["misscheduled"],
            "desiredNumberScheduled": counts["desired"],
            "numberReady": counts["ready"],
            "numberAvailable": counts["available"],
            "numberUnavailable": counts["desired"] - counts["available"],
            "updatedNumberScheduled": counts["updated"],
            "observedGeneration": item["metadata"].get("generation", 0),
        }


def _placing(node: Object) -> tuple[object, ...]:
    """What decides whether daemons go there."""
    return (node["metadata"].get("labels"), node["spec"].get("taints"), node["spec"].get("unschedulable"))
