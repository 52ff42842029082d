"""Kubelets: on every node that is up they start pods, stop them, and say that they are alive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from karptui.kube.timestamps import epoch
from karptui.lab.cluster import pod_status
from karptui.lab.cluster.api import UNREACHABLE, Refused
from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.images import Images
from karptui.lab.cluster.kinds import NODES, PODS, Object, deleting, key_of
from karptui.lab.cluster.node_boot import Machines
from karptui.lab.cluster.pod_conditions import finished, node_name, ready

COMPONENT = "kubelet"
RUN_SECONDS = "lab.karptui.io/run-seconds"
READY_SECONDS = "lab.karptui.io/ready-seconds"
STOP_SECONDS = "lab.karptui.io/stop-seconds"
EXIT_CODE = "lab.karptui.io/exit-code"
"""Annotations of a pod (template) that say how long it runs (Jobs), gets ready, stops, and how it ends."""

RETRY = 1.0
log = logging.getLogger(__name__)


class Kubelets:
    """One task for each pod that is on its way up or down; a pod that just runs costs nothing."""

    def __init__(self, context: ControllerContext, machines: Machines) -> None:
        self._context = context
        self._machines = machines
        self._nodes = context.informer(NODES)
        self._pods = context.informer(PODS)
        self._pods.add_index("node", lambda pod: (node_name(pod),))
        self._images = Images(context, self._pods)
        self._starting: dict[str, asyncio.Task[None]] = {}
        self._stopping: dict[str, asyncio.Task[None]] = {}
        self._open = False
        self._release = (1, 35)
        self._pods.on_change(self._pod_changed)
        self._nodes.on_change(self._node_changed)

    async def run(self) -> None:
        """Start and stop pods until cancelled."""
        await self._context.synced()
        self._release = await self._context.release()
        if self._machines.watched:
            await self._machines.seen.wait()
        self._open = True
        for pod in list(self._pods.items.values()):
            self._consider(pod)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            tasks = [*self._starting.values(), *self._stopping.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _pod_changed(self, before: Object | None, after: Object | None) -> None:
        if after is not None:
            self._consider(after)
        elif before is not None:
            uid = before["metadata"]["uid"]
            for tasks in (self._starting, self._stopping):
                task = tasks.pop(uid, None)
                if task is not None:
                    task.cancel()

    def _node_changed(self, before: Object | None, after: Object | None) -> None:
        if before is None and after is not None:
            for pod in self._pods.by("node", after["metadata"]["name"]):
                self._consider(pod)
        elif after is None and before is not None:
            self._images.forget(before["metadata"]["name"])

    def _consider(self, pod: Object) -> None:
        """Begin what the pod needs, unless it is under way."""
        uid = pod["metadata"]["uid"]
        if not self._open or not self._up(pod):
            return
        if deleting(pod):
            starting = self._starting.pop(uid, None)
            if starting is not None:
                starting.cancel()
            if uid not in self._stopping:
                self._stopping[uid] = asyncio.create_task(self._persist(lambda: self._stop(pod)))
        elif uid not in self._starting and _next_stage(pod) is not None:
            task = self._starting[uid] = asyncio.create_task(self._persist(lambda: self._start(pod)))
            task.add_done_callback(lambda done: self._started(uid, done))

    def _started(self, uid: str, done: asyncio.Task[None]) -> None:
        if self._starting.get(uid) is done:
            del self._starting[uid]

    def _up(self, pod: Object) -> bool:
        node = self._nodes.get(node_name(pod))
        return node is not None and self._machines.up(node)

    async def _persist(self, act: Callable[[], Awaitable[None]]) -> None:
        """Act until it works; an object that has vanished needs nothing more."""
        while True:
            try:
                await act()
                return
            except Refused as refusal:
                if refusal.code in (404, 409, 422):
                    return
                log.info("kubelet: %s", refusal)
            except UNREACHABLE as error:
                log.info("kubelet: %s", error)
            await asyncio.sleep(RETRY)

    async def _start(self, pod: Object) -> None:
        """Walk the stages from wherever the pod's status says that it is."""
        key, uid = key_of(pod), pod["metadata"]["uid"]
        while True:
            current = self._pods.get(key)
            if current is None or current["metadata"]["uid"] != uid or deleting(current) or not self._up(current):
                return
            stage = _next_stage(current)
            if stage == "take on":
                body = pod_status.creating(current, self._nodes.get(node_name(current)), self._context.timestamp())
            elif stage == "run":
                await self._bring_up(current)
                body = pod_status.running(current, not _probe_seconds(current), self._context.timestamp())
            elif stage == "get ready":
                delays = self._context.delays
                await self._context.clock.sleep(
                    _number(current, READY_SECONDS, self._probed(current, delays.readiness))
                )
                body = pod_status.now_ready(current, self._context.timestamp())
            elif stage == "end":
                await self._run_to_end(current)
                body = pod_status.ended(current, int(_number(current, EXIT_CODE, 0)), self._context.timestamp())
            else:
                return
            if not self._up(current):
                return
            await self._context.api.patch(PODS, current, body, "status", how="strategic")

    def _probed(self, pod: Object, span: tuple[float, float]) -> float:
        return (_probe_seconds(pod) or 0.0) + self._context.draw(span)

    async def _bring_up(self, pod: Object) -> None:
        context, node = self._context, node_name(pod)
        await context.clock.sleep(context.draw(context.delays.sandbox))
        for container in [*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]]:
            await self._pull(pod, node, container["image"])
            self._tell(pod, "Created", self._worded("created", container["name"]))
            await context.clock.sleep(context.draw(context.delays.container_start))
            self._tell(pod, "Started", self._worded("started", container["name"]))

    async def _pull(self, pod: Object, node: str, image: str) -> None:
        seconds, asked = self._images.pull(node, image)
        if not seconds:
            shared = " and can be accessed by the pod" if self._release >= (1, 35) else ""
            self._tell(pod, "Pulled", f'Container image "{image}" already present on machine{shared}')
            return
        self._tell(pod, "Pulling", f'Pulling image "{image}"')
        await self._context.clock.sleep(seconds)
        took = f"{seconds:.3f}s" if seconds >= 1 else f"{seconds * 1000:.0f}ms"
        own = "1ms" if asked else took
        message = f'Successfully pulled image "{image}" in {own} ({took} including waiting). '
        self._tell(pod, "Pulled", f"{message}Image size: {self._images.size(image)} bytes.")

    async def _run_to_end(self, pod: Object) -> None:
        seconds = _number(pod, RUN_SECONDS, self._context.delays.job_run)
        since = epoch(pod_status.started_at(pod)) or self._context.clock.now()
        await self._context.clock.sleep(max(since + seconds - self._context.clock.now(), 0.0))

    async def _stop(self, pod: Object) -> None:
        if pod_status.is_running(pod):
            for container in pod["spec"]["containers"]:
                self._tell(pod, "Killing", f"Stopping container {container['name']}")
            grace = pod["metadata"].get("deletionGracePeriodSeconds", 30)
            seconds = _number(pod, STOP_SECONDS, self._context.draw(self._context.delays.container_stop))
            await self._context.clock.sleep(min(seconds, grace))
        if not self._up(pod):
            self._stopping.pop(pod["metadata"]["uid"], None)
            return
        await self._context.api.delete(PODS, pod, grace=0)

    def _worded(self, what: str, container: str) -> str:
        if self._release >= (1, 35):
            return f"Container {what}"
        return f"Created container: {container}" if what == "created" else f"Started container {container}"

    def _tell(self, pod: Object, reason: str, message: str) -> None:
        self._context.events.tell(PODS, pod, "Normal", reason, message, component=COMPONENT)


def _next_stage(pod: Object) -> str | None:
    if not node_name(pod) or finished(pod) or deleting(pod):
        return None
    if not pod_status.taken_on(pod):
        return "take on"
    if not pod_status.is_running(pod):
        return "run"
    if not ready(pod):
        return "get ready"
    return "end" if pod_status.runs_to_end(pod) else None


def _probe_seconds(pod: Object) -> float | None:
    """The longest initial delay of its readiness probes, None if there is nothing to wait for."""
    if READY_SECONDS in (pod["metadata"].get("annotations") or {}):
        return 1.0
    probes = [container["readinessProbe"] for container in pod["spec"]["containers"] if container.get("readinessProbe")]
    return max((float(probe.get("initialDelaySeconds") or 0.1) for probe in probes), default=None)


def _number(pod: Object, annotation: str, otherwise: float) -> float:
    """The annotation's number (a trailing "s" is allowed); nonsense counts as not there."""
    text = (pod["metadata"].get("annotations") or {}).get(annotation, "")
    try:
        return max(float(text.removesuffix("s")), 0.0)
    except ValueError:
        return otherwise
