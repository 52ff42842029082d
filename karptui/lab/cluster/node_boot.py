"""From instances to Nodes: boot, registration, readiness, shutdown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from karptui.kube.timestamps import epoch
from karptui.lab.cluster.api import Refused
from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.controller import Controller
from karptui.lab.cluster.instances import Instance, InstanceFeed, is_cloud
from karptui.lab.cluster.kinds import LEASES, NODES, Object
from karptui.lab.cluster.node_lease import LEASE_NAMESPACE, lease_of
from karptui.lab.cluster.node_object import READY, SHUTTING_DOWN, node_conditions, node_object
from karptui.lab.cluster.pod_conditions import condition_of

LOOK_AGAIN = 2.0
"""Real seconds before a feed that failed is asked again."""
log = logging.getLogger(__name__)


class Machines:
    """The instances as the last picture showed them. Without a feed every node is somebody's own: always up."""

    def __init__(self) -> None:
        self.known: dict[str, Instance] = {}
        self.watched = False
        self.seen = asyncio.Event()

    def up(self, node: Object) -> bool:
        """Whether a kubelet can be running on this node."""
        if not self.watched or not is_cloud(self._provider_id(node)):
            return True
        instance = self.known.get(self._provider_id(node))
        return instance is not None and instance.up

    def exists(self, node: Object) -> bool:
        """Whether the cloud still knows the instance of this node."""
        if not self.watched or not is_cloud(self._provider_id(node)):
            return True
        instance = self.known.get(self._provider_id(node))
        return instance is not None and instance.state != "terminated"

    @staticmethod
    def _provider_id(node: Object) -> str:
        return node["spec"].get("providerID") or ""


class NodeBoot(Controller):
    """Registers a Node when an instance has booted, makes it Ready, and not ready when the instance shuts down.

    Keys are provider ids. Everything but the time of the next step is read from the instance and the Node.
    """

    name = "node-boot"

    def __init__(self, context: ControllerContext, feed: InstanceFeed, machines: Machines) -> None:
        super().__init__(context)
        self._feed = feed
        self._machines = machines
        machines.watched = True
        self._nodes = context.informer(NODES)
        self._nodes.add_index("provider", lambda node: (node["spec"].get("providerID") or "",))
        self._boots: dict[str, float] = {}
        self._readies: dict[str, float] = {}

    async def run(self) -> None:
        """Follow the feed until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(super().run())

    async def _follow(self) -> None:
        await self.context.synced()
        while True:
            try:
                async for picture in self._feed.pictures():
                    self._look(picture)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("instances cannot be read, trying again: %s", error)
            await asyncio.sleep(LOOK_AGAIN)

    def _look(self, picture: Sequence[Instance]) -> None:
        before = self._machines.known
        self._machines.known = {one.provider_id: one for one in picture}
        self._machines.seen.set()
        for provider_id, instance in self._machines.known.items():
            if before.get(provider_id) != instance:
                self.add(provider_id)

    async def sync(self, key: str) -> None:
        """See Controller.sync."""
        instance = self._machines.known.get(key)
        if instance is None:
            self._boots.pop(key, None)
            self._readies.pop(key, None)
            return
        node = next(iter(self._nodes.by("provider", key)), None)
        if instance.state in ("shutting-down", "stopping") and node is not None:
            await self._shut_down(key, node)
        elif instance.up and node is None:
            await self._boot(key, instance)
        elif instance.up and node is not None:
            await self._make_ready(key, node)

    async def _boot(self, key: str, instance: Instance) -> None:
        if key in self._readies:
            # It was registered before and somebody deleted the Node: kubelets do not register twice.
            return
        if key not in self._boots:
            self._boots[key] = (instance.launched or self.context.clock.now()) + self.context.draw(
                self.context.delays.boot
            )
        left = self._boots[key] - self.context.clock.now()
        if left > 0:
            self.add_after(key, left)
            return
        try:
            node = await self.api.create(NODES, node_object(instance, self.context.timestamp()))
        except Refused as refusal:
            if refusal.reason != "AlreadyExists":
                raise
            log.warning("the node %s exists already with another instance", instance.private_dns_name)
            return
        await renew(self.context, node)
        await self._make_ready(key, node)

    async def _make_ready(self, key: str, node: Object) -> None:
        if key not in self._readies:
            created = epoch(node["metadata"].get("creationTimestamp"))
            self._readies[key] = created + self.context.draw(self.context.delays.node_ready)
        left = self._readies[key] - self.context.clock.now()
        if left > 0:
            self.add_after(key, left)
            return
        ready = condition_of(node, "Ready")
        if ready is None or ready["reason"] != READY[1]:
            await post(self.context, node, READY)

    async def _shut_down(self, key: str, node: Object) -> None:
        ready = condition_of(node, "Ready")
        if ready is None or ready["message"] == SHUTTING_DOWN[2]:
            return
        wait_key = f"{key} shutdown"
        if wait_key not in self._boots:
            self._boots[wait_key] = self.context.clock.now() + self.context.draw(self.context.delays.node_shutdown)
        left = self._boots[wait_key] - self.context.clock.now()
        if left > 0:
            self.add_after(key, left)
            return
        del self._boots[wait_key]
        await post(self.context, node, SHUTTING_DOWN)


async def post(context: ControllerContext, node: Object, ready: tuple[str, str, str]) -> None:
    """Write the kubelet's conditions, and the event that goes with a change of Ready."""
    old = (node.get("status") or {}).get("conditions") or []
    before = condition_of(node, "Ready")
    conditions = node_conditions(old, ready, context.timestamp())
    await context.api.patch(NODES, node, {"status": {"conditions": conditions}}, "status", how="strategic")
    if before is None or before["status"] != ready[0]:
        name = node["metadata"]["name"]
        reason = "NodeReady" if ready[0] == "True" else "NodeNotReady"
        context.events.tell(NODES, node, "Normal", reason, f"Node {name} status is now: {reason}", component="kubelet")


async def renew(context: ControllerContext, node: Object) -> None:
    """Renew the node's Lease, making it if there is none."""
    lease = lease_of(node, context.clock.now())
    name = node["metadata"]["name"]
    known = context.informer(LEASES, LEASE_NAMESPACE).get(f"{LEASE_NAMESPACE}/{name}")
    try:
        if known is not None:
            await context.api.patch(LEASES, known, {"spec": lease["spec"]})
            return
    except Refused as refusal:
        if refusal.code != 404:
            raise
    try:
        await context.api.create(LEASES, lease)
    except Refused as refusal:
        if refusal.reason != "AlreadyExists":
            raise
        await context.api.patch(LEASES, lease, {"spec": lease["spec"]})
