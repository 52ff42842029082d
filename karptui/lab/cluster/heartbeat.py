"""What kubelets say without being asked: leases, and the node's status every five minutes."""

from __future__ import annotations

import asyncio
import logging

from karptui.kube.timestamps import epoch
from karptui.lab.cluster.api import UNREACHABLE, Refused
from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.instances import is_cloud
from karptui.lab.cluster.kinds import LEASES, NODES, Object, key_of
from karptui.lab.cluster.node_boot import Machines, post, renew
from karptui.lab.cluster.node_lease import LEASE_NAMESPACE
from karptui.lab.cluster.node_object import READY
from karptui.lab.cluster.pod_conditions import condition_of

STATUS_REPORT = 300.0
"""Lab seconds between reports of a status that has not changed (nodeStatusReportFrequency)."""
log = logging.getLogger(__name__)


class Heartbeats:
    """Renews the Lease of every node that is up and keeps its Ready condition fresh."""

    def __init__(self, context: ControllerContext, machines: Machines) -> None:
        self._context = context
        self._machines = machines
        self._nodes = context.informer(NODES)
        context.informer(LEASES, LEASE_NAMESPACE)
        self._appeared = asyncio.Event()
        self._nodes.on_change(lambda before, after: self._appeared.set() if before is None else None)

    async def run(self) -> None:
        """Beat until cancelled."""
        await self._context.synced()
        if self._machines.watched:
            await self._machines.seen.wait()
        rounds = asyncio.create_task(self._rounds())
        try:
            while True:
                # Nodes that somebody else made become ready at once, not at the next beat.
                await self._appeared.wait()
                self._appeared.clear()
                await self._beat([node for node in self._nodes.items.values() if self._unready(node)])
        finally:
            rounds.cancel()

    async def _rounds(self) -> None:
        while True:
            await self._beat(list(self._nodes.items.values()))
            await self._context.clock.sleep(self._context.delays.heartbeat)

    async def _beat(self, nodes: list[Object]) -> None:
        await asyncio.gather(*(self._report(node) for node in nodes if self._machines.up(node)))

    async def _report(self, node: Object) -> None:
        try:
            await renew(self._context, node)
            current = self._nodes.get(key_of(node))
            if current is not None and (self._unready(current) or self._due(current)):
                await post(self._context, current, READY)
        except (Refused, *UNREACHABLE) as error:
            log.info("heartbeat of %s: %s", key_of(node), error)

    def _unready(self, node: Object) -> bool:
        """Whether a kubelet that is up would say Ready where the status does not."""
        ready = condition_of(node, "Ready")
        if ready is not None and ready["status"] == "Unknown":
            return True
        # Nodes of instances are made ready by NodeBoot, in their time.
        booted = self._machines.watched and is_cloud(node["spec"].get("providerID") or "")
        return ready is None and not booted

    def _due(self, node: Object) -> bool:
        ready = condition_of(node, "Ready")
        if ready is None or ready["status"] != "True":
            return False
        return self._context.clock.now() - epoch(ready.get("lastHeartbeatTime")) > STATUS_REPORT
