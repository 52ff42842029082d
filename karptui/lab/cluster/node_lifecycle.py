"""Nodes that fall silent or whose instances are gone, and the taints that tell the rest of the cluster."""

from __future__ import annotations

import asyncio

from karptui.kube.timestamps import epoch
from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.controller import Controller
from karptui.lab.cluster.kinds import LEASES, NODES, Object, deleting, key_of
from karptui.lab.cluster.node_boot import Machines
from karptui.lab.cluster.node_lease import LEASE_NAMESPACE, renewed_at
from karptui.lab.cluster.pod_conditions import condition_of, with_condition

COMPONENT = "node-controller"
NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
OURS = {
    (NOT_READY, "NoSchedule"),
    (NOT_READY, "NoExecute"),
    (UNREACHABLE, "NoSchedule"),
    (UNREACHABLE, "NoExecute"),
    (UNSCHEDULABLE, "NoSchedule"),
}
SILENT = ("NodeStatusUnknown", "Kubelet stopped posting node status.")


class NodeLifecycle(Controller):
    """Taints by condition, Unknown after silence, and deletion of nodes whose instances the cloud has forgotten."""

    name = "node-lifecycle"

    def __init__(self, context: ControllerContext, machines: Machines) -> None:
        super().__init__(context)
        self._machines = machines
        self._nodes = context.informer(NODES)
        self._leases = context.informer(LEASES, LEASE_NAMESPACE)
        self._known: set[str] = set()
        self._first_seen: dict[str, float] = {}
        self._nodes.on_change(self._changed)

    def _changed(self, before: Object | None, after: Object | None) -> None:
        if after is not None:
            self.add(key_of(after))
            if before is None:
                self._tell(after, "RegisteredNode", "Registered Node {} in Controller")
        elif before is not None:
            self._first_seen.pop(key_of(before), None)
            self._tell(before, "RemovingNode", "Removing Node {} from Controller")

    def _tell(self, node: Object, reason: str, what: str) -> None:
        if not self._nodes.synced.is_set():
            return
        name = node["metadata"]["name"]
        message = f"Node {name} event: {what.format(name)}"
        self.context.events.tell(NODES, node, "Normal", reason, message, component=COMPONENT)

    async def run(self) -> None:
        """Watch over the nodes until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._monitor())
            group.create_task(super().run())

    async def _monitor(self) -> None:
        await self.context.synced()
        while True:
            for name in list(self._nodes.items):
                self.add(name)
            await self.context.clock.sleep(self.context.delays.node_monitor)

    async def sync(self, key: str) -> None:
        """See Controller.sync."""
        node = self._nodes.get(key)
        if node is None:
            return
        if self._silent(node):
            await self._make_unknown(node)
            return
        if not _is_ready(node) and self._machines.seen.is_set() and not self._machines.exists(node):
            await self._forget(node)
            return
        await self._taint(node)

    def _silent(self, node: Object) -> bool:
        """Whether the kubelet has renewed nothing for the grace period (from when we first saw the node, at least)."""
        ready = condition_of(node, "Ready")
        if ready is None or ready["status"] == "Unknown":
            return False
        now = self.context.clock.now()
        first = self._first_seen.setdefault(key_of(node), now)
        lease = self._leases.get(f"{LEASE_NAMESPACE}/{node['metadata']['name']}")
        last = max(renewed_at(lease) if lease else 0.0, epoch(ready.get("lastHeartbeatTime")), first)
        return now - last > self.context.delays.node_monitor_grace

    async def _make_unknown(self, node: Object) -> None:
        now = self.context.timestamp()
        conditions = node["status"]["conditions"]
        for entry in list(conditions):
            if entry["type"] in ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure"):
                unknown = {**entry, "status": "Unknown", "reason": SILENT[0], "message": SILENT[1]}
                conditions = with_condition(conditions, unknown, now)
        await self.api.patch(NODES, node, {"status": {"conditions": conditions}}, "status", how="strategic")
        name = node["metadata"]["name"]
        message = f"Node {name} status is now: NodeNotReady"
        self.context.events.tell(NODES, node, "Normal", "NodeNotReady", message, component=COMPONENT)

    async def _forget(self, node: Object) -> None:
        if deleting(node):
            return
        name = node["metadata"]["name"]
        message = f"Deleting node {name} because it does not exist in the cloud provider"
        self.context.events.tell(
            NODES, node, "Normal", "DeletingNode", message, component="cloud-node-lifecycle-controller"
        )
        await self.api.delete(NODES, node)

    async def _taint(self, node: Object) -> None:
        taints = node["spec"].get("taints") or []
        wanted = wanted_taints(node)
        have = {(taint["key"], taint["effect"]) for taint in taints if (taint["key"], taint["effect"]) in OURS}
        if have == wanted:
            return
        kept = [taint for taint in taints if (taint["key"], taint["effect"]) not in OURS - wanted]
        for key, effect in sorted(wanted - have):
            kept.append({"key": key, "effect": effect, "timeAdded": self.context.timestamp()})
        await self.api.patch(NODES, node, {"spec": {"taints": kept or None}}, guarded=True)


def wanted_taints(node: Object) -> set[tuple[str, str]]:
    """The taints of a node's own conditions."""
    wanted: set[tuple[str, str]] = set()
    ready = condition_of(node, "Ready")
    if ready is None or ready["status"] == "False":
        wanted |= {(NOT_READY, "NoSchedule"), (NOT_READY, "NoExecute")}
    elif ready["status"] == "Unknown":
        wanted |= {(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")}
    if node["spec"].get("unschedulable"):
        wanted.add((UNSCHEDULABLE, "NoSchedule"))
    return wanted


def _is_ready(node: Object) -> bool:
    ready = condition_of(node, "Ready")
    return ready is not None and ready["status"] == "True"
