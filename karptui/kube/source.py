"""A cluster as a source of Events: one reflector a resource, who the cluster is, and whether it still answers."""

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from karptui.kube.clean import clean
from karptui.kube.connect import Connection
from karptui.kube.decode import RESOURCES, Resource, node_class_resource
from karptui.kube.errors import ApiError, ConnectError, KubeError
from karptui.kube.reflector import Pace, Reflector, Sink
from karptui.model.node import NodeClassReference
from karptui.world.events import Connected, Event, ObjectSeen, Problem

KARPENTER = "/apis/apps/v1/deployments"
VERSION_LABEL = "app.kubernetes.io/version"
HEARTBEAT = 10.0
"""Seconds between two questions whether the server is there: a dropped VPN says nothing to an idle watch."""

HEARTBEAT_ANSWER = 8.0


class KubeSource:
    """Reads one cluster. `namespace` limits pods alone: nodes and pools mean nothing in part."""

    def __init__(
        self,
        connection: Connection,
        *,
        namespace: str = "",
        pace: Pace | None = None,
        heartbeat: float = HEARTBEAT,
        clock: Callable[[], float] = time.time,
        keep_raw: Callable[[], bool] = lambda: False,
        kind: str = "cluster",
    ) -> None:
        self._connection = connection
        self._namespace = namespace
        self._pace = pace or Pace()
        self._heartbeat = heartbeat
        self._clock = clock
        self._keep_raw = keep_raw
        self._kind = kind
        self._known = Connected(0.0, "")
        self._node_classes: set[tuple[str, str]] = set()
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self, sink: Sink, resources: Iterable[str] | None = None) -> None:
        """Connected first, then every resource until cancelled. `resources` are plurals; all if not given."""
        chosen = self._chosen(resources)
        reachable = await self._introduce(sink)
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            seen = self._finding_node_classes(sink)
            for resource in chosen:
                tasks.create_task(self._reflector(resource, seen).run())
            tasks.create_task(self._watch_over(sink, reachable))

    async def read(self, sink: Sink, resources: Iterable[str] | None = None) -> None:
        """Connected, then one list of every resource: for commands that answer once.

        Raises ConnectError, and ApiError for credentials that the server does not accept: nothing can be read then.
        """
        await self._connection.server_version()
        await self._introduce(sink)
        seen = self._finding_node_classes(sink, discover=False)
        await asyncio.gather(*(self._read_one(self._reflector(table, seen)) for table in self._chosen(resources)))

    async def _read_one(self, reflector: Reflector) -> None:
        try:
            await reflector.read()
        except KubeError as error:
            if isinstance(error, ApiError) and error.code == 401:
                raise
            reflector.report(error)

    def _chosen(self, resources: Iterable[str] | None) -> list[Resource]:
        chosen = list(RESOURCES.values()) if resources is None else [RESOURCES[plural] for plural in resources]
        self._node_classes = {(resource.group, resource.kind) for resource in RESOURCES.values()}
        return chosen

    def _reflector(self, resource: Resource, sink: Sink) -> Reflector:
        return Reflector(
            self._connection,
            resource,
            sink,
            namespace=self._namespace if resource.plural == "pods" else "",
            pace=self._pace,
            clock=self._clock,
            keep_raw=self._keep_raw,
        )

    async def _introduce(self, sink: Sink) -> bool:
        """Say which cluster this is, as far as it tells; whether it answers."""
        try:
            kubernetes = await self._connection.server_version()
        except ApiError as error:
            # It answers; /version is just not for everybody.
            kubernetes = ""
            if error.code == 401:
                sink(Problem(self._clock(), "cluster", str(error)))
        except KubeError as error:
            self._connected(sink, "", "")
            sink(Problem(self._clock(), "cluster", str(error)))
            return False
        self._connected(sink, kubernetes, await self._karpenter_version())
        return True

    def _connected(self, sink: Sink, kubernetes: str, karpenter: str) -> None:
        told = Connected(self._clock(), self._connection.cluster_name, kubernetes, karpenter, self._kind)
        if (told.cluster, kubernetes, karpenter) != (
            self._known.cluster,
            self._known.kubernetes_version,
            self._known.karpenter_version,
        ):
            self._known = told
            sink(told)

    async def _karpenter_version(self) -> str:
        """The version of the Deployment that runs Karpenter, without a `v`; "" if that cannot be read."""
        query = {"labelSelector": "app.kubernetes.io/name=karpenter", "limit": 5}
        try:
            answer = await self._connection.request("GET", KARPENTER, query=query, verb="list", timeout=10.0)
            items: list[Any] = json.loads(answer).get("items") or []
        except (KubeError, ValueError, AttributeError):
            return ""
        for item in items:
            version = _deployment_version(item)
            if version:
                return version
        return ""

    async def _watch_over(self, sink: Sink, reachable: bool) -> None:
        """Ask regularly whether the server is there; break streams off that would hang for minutes."""
        failures = 0
        while True:
            await asyncio.sleep(self._heartbeat)
            try:
                async with asyncio.timeout(HEARTBEAT_ANSWER):
                    await self._connection.server_version()
            except (ConnectError, TimeoutError):
                failures += 1
                # One slow answer is no outage; later ones find nothing left to break but what was opened since.
                if failures % 2 == 0:
                    self._connection.break_off()
                reachable = False
            except KubeError:
                failures = 0
            else:
                failures = 0
                if not reachable:
                    reachable = await self._introduce(sink)

    def _finding_node_classes(self, sink: Sink, discover: bool = True) -> Sink:
        """A sink that also looks for NodeClasses of providers that the table does not name."""

        def seen(event: Event) -> None:
            sink(event)
            if discover and isinstance(event, ObjectSeen) and event.resource == "nodepools":
                reference: NodeClassReference = event.object.template.node_class
                key = (reference.group, reference.kind)
                if reference.group and reference.kind and key not in self._node_classes and self._tasks is not None:
                    self._node_classes.add(key)
                    self._tasks.create_task(self._follow_node_class(*key, sink))

        return seen

    async def _follow_node_class(self, group: str, kind: str, sink: Sink) -> None:
        try:
            version = json.loads(await self._connection.request("GET", f"/apis/{group}"))["preferredVersion"]["version"]
            answer = json.loads(await self._connection.request("GET", f"/apis/{group}/{version}"))
            plural = next(entry["name"] for entry in answer["resources"] if entry["kind"] == kind)
        except (KubeError, ValueError, KeyError, TypeError, StopIteration):
            self._node_classes.discard((group, kind))
            return
        await self._reflector(node_class_resource(plural, kind, group, (version,)), sink).run()


def _deployment_version(item: Any) -> str:
    """Of its version label, else of its image's tag."""
    try:
        label = item["metadata"].get("labels", {}).get(VERSION_LABEL)
        if label:
            return clean(str(label)).removeprefix("v")
        for container in item["spec"]["template"]["spec"]["containers"]:
            name, _, tag = str(container["image"]).partition("@")[0].rpartition(":")
            if name.rpartition("/")[2] == "controller" or "karpenter" in name:
                return clean(tag).removeprefix("v")
    except (KeyError, TypeError, AttributeError):
        pass
    return ""
