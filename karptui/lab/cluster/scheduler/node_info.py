"""Nodes with the pods on them, as the scheduler keeps them: bound pods and those whose binding is under way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from karptui.lab.cluster.kinds import Object
from karptui.lab.cluster.scheduler.pod_info import PodInfo, Resources
from karptui.lab.cluster.selection import Labels
from karptui.model.quantity import parse


class NodeInfo:
    """One node. `node` is None while only pods of it are known."""

    __slots__ = (
        "allocatable",
        "anti",
        "labels",
        "name",
        "node",
        "owners",
        "pods",
        "requested",
        "scored",
        "soft",
        "taints",
        "unschedulable",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.node: Object | None = None
        self.labels: Labels = {}
        self.taints: list[Object] = []
        self.unschedulable = False
        self.soft = False
        self.allocatable: Resources = {}
        self.requested: Resources = {}
        self.scored: Resources = {}
        self.pods: dict[str, PodInfo] = {}
        self.anti: dict[str, PodInfo] = {}
        self.owners: Counter[str] = Counter()

    def set_node(self, node: Object) -> None:
        """Take over the Node object as it is now."""
        self.node = node
        self.labels = node["metadata"].get("labels") or {}
        self.taints = node["spec"].get("taints") or []
        self.soft = any(taint["effect"] == "PreferNoSchedule" for taint in self.taints)
        self.unschedulable = bool(node["spec"].get("unschedulable"))
        allocatable = (node.get("status") or {}).get("allocatable") or {}
        self.allocatable = {name: parse(amount) for name, amount in allocatable.items()}

    def add(self, pod: PodInfo) -> None:
        """Count a pod in."""
        self.pods[pod.uid] = pod
        self.owners[pod.owner] += 1
        if pod.anti_affinity:
            self.anti[pod.uid] = pod
        _add(self.requested, pod.requests, 1)
        _add(self.scored, pod.scored, 1)

    def remove(self, uid: str) -> None:
        """Count a pod out, if it is there."""
        pod = self.pods.pop(uid, None)
        if pod is not None:
            self.anti.pop(uid, None)
            self.owners[pod.owner] -= 1
            if not self.owners[pod.owner]:
                del self.owners[pod.owner]
            _add(self.requested, pod.requests, -1)
            _add(self.scored, pod.scored, -1)


def _add(total: Resources, amounts: Resources, sign: int) -> None:
    for name, amount in amounts.items():
        total[name] = total.get(name, 0) + sign * amount


class SchedulerCache:
    """All nodes by name, and where every pod is."""

    def __init__(self) -> None:
        self._infos: dict[str, NodeInfo] = {}
        self._places: dict[str, str] = {}

    def nodes(self) -> list[NodeInfo]:
        """Nodes that exist, in the order in which they appeared."""
        return [info for info in self._infos.values() if info.node is not None]

    def get(self, name: str) -> NodeInfo | None:
        """The node of this name, if it exists."""
        info = self._infos.get(name)
        return info if info is not None and info.node is not None else None

    def set_node(self, node: Object) -> NodeInfo:
        """Take over the Node object as it is now."""
        info = self._infos.setdefault(node["metadata"]["name"], NodeInfo(node["metadata"]["name"]))
        info.set_node(node)
        return info

    def drop_node(self, name: str) -> None:
        """The Node is gone; its pods are known until they are gone too."""
        info = self._infos.get(name)
        if info is not None:
            info.node = None
            if not info.pods:
                del self._infos[name]

    def place(self, pod: PodInfo, node: str) -> None:
        """The pod is on the node, by the API or by our own decision; it leaves wherever it was."""
        self.remove(pod.uid)
        self._infos.setdefault(node, NodeInfo(node)).add(pod)
        self._places[pod.uid] = node

    def remove(self, uid: str) -> None:
        """Count a pod out, if it is there."""
        name = self._places.pop(uid, None)
        if name is None:
            return
        info = self._infos[name]
        info.remove(uid)
        if info.node is None and not info.pods:
            del self._infos[name]

    def place_of(self, uid: str) -> str | None:
        """The node that the pod with this uid is on or is being bound to."""
        return self._places.get(uid)

    def pods(self) -> Iterable[PodInfo]:
        """All pods that have a place."""
        for info in self._infos.values():
            yield from info.pods.values()
