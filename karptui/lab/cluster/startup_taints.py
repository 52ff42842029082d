"""Startup taints: removed by the daemon that they wait for."""

from __future__ import annotations

from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.controller import Controller
from karptui.lab.cluster.delays import StartupDaemon
from karptui.lab.cluster.kinds import DAEMONSETS, NODES, PODS, Object, key_of
from karptui.lab.cluster.pod_conditions import condition_of, node_name, ready
from karptui.lab.cluster.replicaset import owned_key


class StartupTaints(Controller):
    """Takes the taints of `Delays.startup_daemons` from nodes on which their daemon has come up."""

    name = "startup-taints"
    workers = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._nodes = context.informer(NODES)
        self._pods = context.informer(PODS)
        self._sets = context.informer(DAEMONSETS)
        self._pods.add_index("node", lambda pod: (node_name(pod),))
        self._due: dict[tuple[str, str], float] = {}
        self._nodes.on_change(lambda before, after: self.add(key_of(after)) if after and self._waits(after) else None)
        self._pods.on_change(self._pod_changed)

    def _waits(self, node: Object) -> bool:
        known = self.context.delays.startup_daemons
        return any(taint["key"] in known for taint in node["spec"].get("taints") or ())

    def _pod_changed(self, before: Object | None, after: Object | None) -> None:
        if after is not None and owned_key(after, "DaemonSet") and ready(after):
            node = self._nodes.get(node_name(after))
            if node is not None and self._waits(node):
                self.add(key_of(node))

    async def sync(self, key: str) -> None:
        """See Controller.sync."""
        node = self._nodes.get(key)
        if node is None or not self._waits(node):
            return
        daemons, taints = self.context.delays.startup_daemons, node["spec"]["taints"]
        over: list[Object] = []
        for taint in taints:
            daemon = daemons.get(taint["key"])
            if daemon is None or not self._up(node, daemon):
                continue
            due = self._due.setdefault(
                (node["metadata"]["uid"], taint["key"]), self.context.clock.now() + self.context.draw(daemon.after)
            )
            left = due - self.context.clock.now()
            if left > 0:
                self.add_after(key, left)
            else:
                over.append(taint)
        if over:
            kept = [taint for taint in taints if taint not in over]
            await self.api.patch(NODES, node, {"spec": {"taints": kept or None}}, guarded=True)
            for taint in over:
                self._due.pop((node["metadata"]["uid"], taint["key"]), None)

    def _up(self, node: Object, daemon: StartupDaemon) -> bool:
        if daemon.daemonset and daemon.daemonset in self._sets.items:
            pods = self._pods.by("node", node["metadata"]["name"])
            return any(owned_key(pod, "DaemonSet") == daemon.daemonset and ready(pod) for pod in pods)
        condition = condition_of(node, "Ready")
        return condition is not None and condition["status"] == "True"
