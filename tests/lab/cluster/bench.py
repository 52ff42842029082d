"""What tests of the cluster machinery make and look at."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from karptui.lab.clock import Clock
from karptui.lab.cluster import Delays
from karptui.lab.cluster.api import Api, Refused
from karptui.lab.cluster.kinds import EVENTS, NAMESPACES, NODES, PODS, Kind, Object
from karptui.lab.cluster.pod_conditions import condition_of, node_name, ready
from tests.control_plane.polling import until

FAST = Delays(
    boot=(0.4, 0.5),
    node_ready=(0.2, 0.3),
    node_shutdown=(0.1, 0.2),
    sandbox=(0.01, 0.02),
    image_pull=(0.05, 0.1),
    image_pull_of={},
    container_start=(0.01, 0.02),
    readiness=(0.1, 0.2),
    container_stop=(0.1, 0.2),
    job_run=0.5,
    heartbeat=2.0,
    node_monitor=1.0,
    node_monitor_grace=10.0,
)


@dataclass(frozen=True)
class Server:
    url: str
    token: str
    tls: ssl.SSLContext | None


Found = TypeVar("Found")


async def eventually(condition: Callable[[], Awaitable[Found | None]], what: str) -> Found:
    """The first truthy answer of `condition`."""
    return cast("Found", await until(condition, what))


class Bench:
    """One test's namespace and nodes. Nodes are everybody's: tests of one server run one after the other."""

    def __init__(self, api: Api, clock: Clock, server: Server) -> None:
        self.api = api
        self.clock = clock
        self.server = server
        self.namespace = f"test-{uuid.uuid4().hex[:8]}"

    async def open(self) -> None:
        await self.api.create(NAMESPACES, {"metadata": {"name": self.namespace}, **_type(NAMESPACES)})

    async def close(self) -> None:
        """Take away everything that the next test would see."""
        for kind in ("deployments", "replicasets", "daemonsets"):
            await self.api.request("DELETE", Kind("apps/v1", "", kind).path(self.namespace), body=_background())
        await self.api.request("DELETE", Kind("batch/v1", "", "jobs").path(self.namespace), body=_background())
        for node in (await self.api.list(NODES))[0]:
            await self._quietly(node, NODES)

        async def empty() -> bool:
            pods = await self.pods()
            for pod in pods:
                if pod["metadata"].get("finalizers"):
                    await self._unblock(pod)
                await self._quietly(pod, PODS, grace=0)
            return not pods and not (await self.api.list(NODES))[0]

        await eventually(empty, "an empty cluster")

    async def _quietly(self, item: Object, kind: Kind, grace: int | None = None) -> None:
        try:
            await self.api.delete(kind, item, grace=grace)
        except Refused as refusal:
            if refusal.code not in (404, 409):
                raise

    async def _unblock(self, pod: Object) -> None:
        try:
            await self.api.patch(PODS, pod, {"metadata": {"finalizers": None}})
        except Refused as refusal:
            if refusal.code != 404:
                raise

    async def make(self, kind: Kind, name: str, spec: Object, **meta: Any) -> Object:
        metadata = {"name": name, **meta}
        if kind.namespaced:
            metadata["namespace"] = self.namespace
        return await self.api.create(kind, {**_type(kind), "metadata": metadata, "spec": spec})

    async def node(
        self,
        name: str,
        *,
        cpu: str = "4",
        zone: str = "a",
        taints: list[Object] | None = None,
        wait: bool = True,
        **labels: str,
    ) -> Object:
        """A Node with `cpu`, 8Gi and room for 20 pods; with `wait` it is ready and has no taints but these."""
        room = {"cpu": cpu, "memory": "8Gi", "pods": "20"}
        item = {
            **_type(NODES),
            "metadata": {
                "name": name,
                "labels": {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone, **labels},
            },
            "spec": {"taints": taints or []},
            "status": {"capacity": room, "allocatable": room},
        }
        made = await self.api.create(NODES, item)

        async def usable() -> Object | None:
            node = await self.api.get(NODES, "", name)
            new = {taint["key"] for taint in node["spec"].get("taints") or ()} - {
                taint["key"] for taint in taints or ()
            }
            return node if ready(node) and not new else None

        return await eventually(usable, f"the node {name} to be ready") if wait else made

    async def get(self, kind: Kind, name: str) -> Object | None:
        try:
            return await self.api.get(kind, self.namespace if kind.namespaced else "", name)
        except Refused as refusal:
            if refusal.code == 404:
                return None
            raise

    async def pods(self, **labels: str) -> list[Object]:
        items, _ = await self.api.list(PODS, self.namespace)
        return [pod for pod in items if labels.items() <= (pod["metadata"].get("labels") or {}).items()]

    async def ready_pods(self, count: int, **labels: str) -> list[Object]:
        """Wait until exactly that many pods are there and all are Ready."""

        async def those() -> list[Object] | None:
            pods = await self.pods(**labels)
            return pods if len(pods) == count and all(ready(pod) for pod in pods) else None

        return await eventually(those, f"{count} ready pods") if count else await self.no_pods(**labels)

    async def no_pods(self, **labels: str) -> list[Object]:
        async def none() -> bool:
            return not await self.pods(**labels)

        await eventually(none, "no pods")
        return []

    async def bound(self, name: str) -> str:
        """The node that the pod got, in the end."""

        async def place() -> str:
            pod = await self.get(PODS, name)
            return node_name(pod) if pod else ""

        return await eventually(place, f"{name} to be bound")

    async def refused(self, name: str, holds: Callable[[str], bool] = bool) -> str:
        """The message of the pod's Unschedulable condition, once it is one that `holds`."""

        async def message() -> str:
            pod = await self.get(PODS, name)
            condition = condition_of(pod, "PodScheduled") if pod else None
            found = condition is not None and condition.get("reason") == "Unschedulable"
            return condition["message"] if condition and found and holds(condition["message"]) else ""

        return await eventually(message, f"{name} to be unschedulable")

    async def events(self, reason: str, about: str = "") -> list[Object]:
        items, _ = await self.api.list(EVENTS, self.namespace)
        return [
            item
            for item in items
            if item["reason"] == reason and (not about or item["involvedObject"]["name"] == about)
        ]


def pod_spec(cpu: str = "100m", **more: Any) -> Object:
    container = {"name": "main", "image": "registry.k8s.io/pause:3.10", "resources": {"requests": {"cpu": cpu}}}
    return {"containers": [container], "terminationGracePeriodSeconds": 1, **more}


def workload(app: str, replicas: int, spec: Object | None = None, **more: Any) -> Object:
    """The spec of a Deployment or ReplicaSet."""
    return {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": app}},
        "template": {"metadata": {"labels": {"app": app}}, "spec": spec or pod_spec()},
        **more,
    }


def _type(kind: Kind) -> Object:
    return {"apiVersion": kind.api_version, "kind": kind.kind}


def _background() -> Object:
    return {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
