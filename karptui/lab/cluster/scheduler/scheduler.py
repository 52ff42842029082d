"""The scheduling loop: one pod at a time is given a node, bindings run beside it."""

from __future__ import annotations

import asyncio
import logging

from karptui.lab.cluster.api import UNREACHABLE, Refused
from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.kinds import NAMESPACES, NODES, PODS, Object, deleting
from karptui.lab.cluster.pod_conditions import condition_of, finished, node_name
from karptui.lab.cluster.scheduler.failure import CURRENT, unschedulable_message
from karptui.lab.cluster.scheduler.filters import FilterState, Refusal, refusal
from karptui.lab.cluster.scheduler.hints import DRAWN_BY_PODS, MOVED_BY_PODS, node_may_help
from karptui.lab.cluster.scheduler.node_info import NodeInfo, SchedulerCache
from karptui.lab.cluster.scheduler.pod_info import PodInfo, pod_info
from karptui.lab.cluster.scheduler.queue import Queued, SchedulingQueue
from karptui.lab.cluster.scheduler.scores import scores
from karptui.lab.cluster.selection import Labels

NAME = "default-scheduler"
WRITES = 24
"""Bindings and status writes under way at once; the loop waits when there are more."""
log = logging.getLogger(__name__)


class Scheduler:
    """Schedules pods whose schedulerName is default-scheduler. Preemption is not done."""

    def __init__(self, context: ControllerContext) -> None:
        self._context = context
        self._pods = context.informer(PODS)
        self._nodes = context.informer(NODES)
        self._namespaces = context.informer(NAMESPACES)
        self._cache = SchedulerCache()
        self._queue = SchedulingQueue(context.clock, context.timers)
        self._release = CURRENT
        self._writes = asyncio.Semaphore(WRITES)
        self._tasks: set[asyncio.Task[None]] = set()
        self._nodes.on_change(self._node_changed)
        self._pods.on_change(self._pod_changed)

    async def run(self) -> None:
        """Schedule until cancelled."""
        await self._context.synced()
        self._release = await self._context.release()
        try:
            while True:
                entry = await self._queue.pop()
                await self._writes.acquire()
                task = asyncio.create_task(self._cycle(entry))
                self._tasks.add(task)
                task.add_done_callback(self._done)
                # Let the cycle take its place and the watches speak before the next pod.
                await asyncio.sleep(0)
        finally:
            for task in self._tasks:
                task.cancel()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._writes.release()
        if not task.cancelled() and task.exception() is not None:
            log.error("scheduling failed", exc_info=task.exception())

    async def _cycle(self, entry: Queued) -> None:
        pod = entry.pod
        chosen, refusals = self.place(pod)
        if chosen is None:
            self._queue.give_up(entry, frozenset(refused.plugin for refused in refusals))
            await self._fail(entry, unschedulable_message(pod, refusals, self._release))
            return
        self._cache.place(pod, chosen)
        await self._bind(entry, chosen)

    def place(self, pod: PodInfo) -> tuple[str | None, list[Refusal]]:
        """The best node, or why each node refuses."""
        nodes = self._cache.nodes()
        state = FilterState(pod, nodes)
        nominated = self._cache.get(pod.nominated) if pod.nominated else None
        if nominated is not None and refusal(state, nominated) is None:
            return nominated.name, []
        feasible: list[NodeInfo] = []
        refusals: list[Refusal] = []
        for info in nodes:
            refused = refusal(state, info)
            if refused is None:
                feasible.append(info)
            else:
                refusals.append(refused)
        if not feasible:
            return None, refusals
        if len(feasible) == 1:
            return feasible[0].name, []
        totals = scores(pod, feasible, nodes)
        best = max(totals)
        choice = [info for info, total in zip(feasible, totals, strict=True) if total > best - 1e-9]
        return self._context.random.choice(choice).name, []

    async def _bind(self, entry: Queued, node: str) -> None:
        pod = entry.pod
        binding: Object = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": pod.name, "namespace": pod.namespace, "uid": pod.uid},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        try:
            await self._context.api.create(PODS, binding, "binding")
        except (Refused, *UNREACHABLE) as error:
            current = self._pods.get(pod.key)
            if current is None or current["metadata"]["uid"] != pod.uid or node_name(current):
                return
            log.info("binding %s: %s", pod.key, error)
            self._cache.remove(pod.uid)
            self._queue.again(entry)
            return
        self._queue.remove(pod.uid)
        message = f"Successfully assigned {pod.key} to {node}"
        self._tell(pod, "Normal", "Scheduled", message, "Binding")

    async def _fail(self, entry: Queued, message: str) -> None:
        pod = entry.pod
        self._tell(pod, "Warning", "FailedScheduling", message, "Scheduling")
        current = self._pods.get(pod.key)
        if current is None or current["metadata"]["uid"] != pod.uid:
            return
        old = condition_of(current, "PodScheduled") or {}
        if (old.get("status"), old.get("reason"), old.get("message")) == ("False", "Unschedulable", message):
            return
        changed = old["lastTransitionTime"] if old.get("status") == "False" else self._context.timestamp()
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": message,
            "lastProbeTime": None,
            "lastTransitionTime": changed,
        }
        try:
            await self._context.api.patch(
                PODS, current, {"status": {"conditions": [condition]}}, "status", how="strategic"
            )
        except (Refused, *UNREACHABLE) as error:
            log.info("condition of %s: %s", pod.key, error)

    def _tell(self, pod: PodInfo, type_: str, reason: str, message: str, action: str) -> None:
        item = {"metadata": {"name": pod.name, "namespace": pod.namespace, "uid": pod.uid}}
        self._context.events.tell(PODS, item, type_, reason, message, component=NAME, action=action)

    def _info(self, pod: Object) -> PodInfo:
        labels: dict[str, Labels] = {
            name: one["metadata"].get("labels") or {} for name, one in self._namespaces.items.items()
        }
        return pod_info(pod, labels)

    def _pod_changed(self, before: Object | None, after: Object | None) -> None:
        if after is None or finished(after):
            pod = after or before
            assert pod is not None
            uid = pod["metadata"]["uid"]
            self._queue.remove(uid)
            if self._cache.place_of(uid) is not None:
                self._cache.remove(uid)
                self._queue.wake(lambda entry: not entry.refused_by.isdisjoint(MOVED_BY_PODS))
            return
        if node_name(after):
            self._assigned(before, after)
        elif after["spec"].get("schedulerName", NAME) == NAME:
            self._unassigned(before, after)

    def _assigned(self, before: Object | None, after: Object) -> None:
        uid = after["metadata"]["uid"]
        self._queue.remove(uid)
        if before is not None and node_name(before) and _placing(before) == _placing(after):
            return
        self._cache.place(self._info(after), node_name(after))
        # A pod that came may be the one that others want to be near to.
        self._queue.wake(lambda entry: not entry.refused_by.isdisjoint(DRAWN_BY_PODS))

    def _unassigned(self, before: Object | None, after: Object) -> None:
        uid = after["metadata"]["uid"]
        if deleting(after) or after["spec"].get("schedulingGates"):
            self._queue.remove(uid)
        elif self._cache.place_of(uid) is None:
            retry = before is not None and _placing(before) != _placing(after)
            if before is None or retry or uid not in self._queue or _nominated(before) != _nominated(after):
                self._queue.update(self._info(after), retry)

    def _node_changed(self, before: Object | None, after: Object | None) -> None:
        if after is None:
            assert before is not None
            self._cache.drop_node(before["metadata"]["name"])
            return
        if before is not None and _offers(before) == _offers(after):
            return
        info = self._cache.set_node(after)
        old: NodeInfo | None = None
        if before is not None:
            old = NodeInfo(info.name)
            old.set_node(before)
        self._queue.wake(lambda entry: node_may_help(entry.pod, entry.refused_by, old, info))


def _placing(pod: Object) -> tuple[object, ...]:
    """What of a pod decides where it may be."""
    return (pod["metadata"].get("labels"), pod["spec"], deleting(pod))


def _nominated(pod: Object) -> object:
    return (pod.get("status") or {}).get("nominatedNodeName")


def _offers(node: Object) -> tuple[object, ...]:
    """What of a node decides who may come."""
    return (
        node["metadata"].get("labels"),
        node["spec"].get("taints"),
        node["spec"].get("unschedulable"),
        (node.get("status") or {}).get("allocatable"),
    )
