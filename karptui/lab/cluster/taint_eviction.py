"""Eviction by taint: pods that do not tolerate a NoExecute taint, or not for ever, are deleted."""

from __future__ import annotations

from collections.abc import Iterable

from karptui.kube.timestamps import epoch
from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.controller import Controller
from karptui.lab.cluster.kinds import NODES, PODS, Object, deleting, key_of
from karptui.lab.cluster.pod_conditions import finished, node_name
from karptui.lab.cluster.replica_pods import delete_pod
from karptui.lab.cluster.selection import tolerates

COMPONENT = "taint-eviction-controller"


class TaintEviction(Controller):
    """Deletes pods from nodes with NoExecute taints when their time is up."""

    name = "taint-eviction"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._nodes = context.informer(NODES)
        self._pods = context.informer(PODS)
        self._pods.add_index("node", lambda pod: (node_name(pod),))
        self._nodes.on_change(self._node_changed)
        self._pods.on_change(self._pod_changed)

    def _node_changed(self, before: Object | None, after: Object | None) -> None:
        if after is None or not _no_execute(after):
            return
        if before is None or _no_execute(before) != _no_execute(after):
            for pod in self._pods.by("node", after["metadata"]["name"]):
                self.add(key_of(pod))

    def _pod_changed(self, before: Object | None, after: Object | None) -> None:
        if after is None or not node_name(after) or (before is not None and node_name(before)):
            return
        node = self._nodes.get(node_name(after))
        if node is not None and _no_execute(node):
            self.add(key_of(after))

    async def sync(self, key: str) -> None:
        """See Controller.sync."""
        pod = self._pods.get(key)
        node = self._nodes.get(node_name(pod)) if pod else None
        if pod is None or node is None or deleting(pod) or finished(pod):
            return
        deadline = eviction_time(_no_execute(node), pod["spec"].get("tolerations") or (), self.context.clock.now())
        if deadline is None:
            return
        left = deadline - self.context.clock.now()
        if left > 0:
            self.add_after(key, left)
            return
        await self._evict(pod)

    async def _evict(self, pod: Object) -> None:
        now = self.context.timestamp()
        target = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint",
            "lastTransitionTime": now,
        }
        message = f"Marking for deletion Pod {key_of(pod)}"
        self.context.events.tell(PODS, pod, "Normal", "TaintManagerEviction", message, component=COMPONENT)
        await self.api.patch(PODS, pod, {"status": {"conditions": [target]}}, "status", how="strategic")
        await delete_pod(self.context, pod)


def eviction_time(taints: list[Object], tolerations: Iterable[Object], now: float) -> float | None:
    """When the pod has to go (epoch seconds): at once if a taint is not tolerated, else when its shortest
    tolerationSeconds are over, None for never."""
    deadline: float | None = None
    for taint in taints:
        matching = [one for one in tolerations if tolerates(one, taint)]
        if not matching:
            return now
        limits = [one["tolerationSeconds"] for one in matching if one.get("tolerationSeconds") is not None]
        if limits:
            until = (epoch(taint.get("timeAdded")) or now) + max(min(limits), 0)
            deadline = until if deadline is None else min(deadline, until)
    return deadline


def _no_execute(node: Object) -> list[Object]:
    return [taint for taint in node["spec"].get("taints") or () if taint["effect"] == "NoExecute"]
