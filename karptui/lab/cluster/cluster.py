"""Everything that a cluster has besides its API: controllers, scheduler, kubelets, nodes from instances."""

from __future__ import annotations

import asyncio
import ssl
from typing import Protocol

from karptui.lab.clock import Clock
from karptui.lab.cluster.api import Api
from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.daemonset import DaemonSetController
from karptui.lab.cluster.delays import Delays
from karptui.lab.cluster.deployment import DeploymentController
from karptui.lab.cluster.disruption_budget import DisruptionController
from karptui.lab.cluster.garbage import GarbageCollector, PodGarbageCollector
from karptui.lab.cluster.heartbeat import Heartbeats
from karptui.lab.cluster.instances import InstanceFeed
from karptui.lab.cluster.job import JobController
from karptui.lab.cluster.kubelet import Kubelets
from karptui.lab.cluster.namespace import NamespaceController
from karptui.lab.cluster.node_boot import Machines, NodeBoot
from karptui.lab.cluster.node_lifecycle import NodeLifecycle
from karptui.lab.cluster.replicaset import ReplicaSetController
from karptui.lab.cluster.scheduler.scheduler import Scheduler
from karptui.lab.cluster.startup_taints import StartupTaints
from karptui.lab.cluster.taint_eviction import TaintEviction

PARTS = (
    "deployment",
    "replicaset",
    "daemonset",
    "job",
    "disruption",
    "garbage-collector",
    "pod-garbage-collector",
    "namespace",
    "node-lifecycle",
    "taint-eviction",
    "scheduler",
    "kubelet",
    "startup-taints",
)
"""Names for `Cluster(parts=...)`. NodeBoot is there whenever there is a feed."""


class Cluster:
    """The machinery of one cluster, working on the API at `url` with a bearer token that may do everything.

    All state is in the API, so a Cluster can be stopped at any instant and another one goes on. `feed` tells which
    instances exist; without it the nodes are those that somebody creates. `parts` leaves some of PARTS out, where
    real components do the work. `tls` is for an https `url`.
    """

    def __init__(
        self,
        url: str,
        token: str,
        clock: Clock,
        *,
        seed: int | str = 0,
        profile: Delays | None = None,
        feed: InstanceFeed | None = None,
        tls: ssl.SSLContext | None = None,
        parts: tuple[str, ...] = PARTS,
    ) -> None:
        unknown = set(parts) - set(PARTS)
        if unknown:
            raise ValueError(f"a cluster has no part called {', '.join(sorted(unknown))}; it has {', '.join(PARTS)}")
        self._api = Api(url, token, tls=tls, agent="lab-cluster")
        self._context = ControllerContext(self._api, clock, profile or Delays(), seed)
        self._made = _make(self._context, parts, feed)
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Run, once, until cancelled or stopped. An API that cannot be reached is tried again for ever."""
        self._task = asyncio.current_task()
        runs = [one.run() for one in self._made]
        informers = [informer.run() for informer in self._context.informers()]
        try:
            async with asyncio.TaskGroup() as group:
                for run in (*informers, self._context.timers.run(), self._context.events.run(), *runs):
                    group.create_task(run)
        finally:
            self._task = None
            await self._api.close()

    async def synced(self) -> None:
        """Wait until every kind has been listed once."""
        await self._context.synced()

    async def stop(self) -> None:
        """End `run`, wherever it is running, and wait for its end."""
        task = self._task
        if task is None or task is asyncio.current_task():
            return
        task.cancel()
        await asyncio.wait((task,))


class _Part(Protocol):
    async def run(self) -> None: ...


def _make(context: ControllerContext, parts: tuple[str, ...], feed: InstanceFeed | None) -> list[_Part]:
    """The parts. Each asks the context for the informers that it needs and adds its handlers to them."""
    machines = Machines()
    made: list[_Part] = []
    if feed is not None:
        made.append(NodeBoot(context, feed, machines))
    else:
        machines.seen.set()
    simple = {
        "deployment": DeploymentController,
        "replicaset": ReplicaSetController,
        "daemonset": DaemonSetController,
        "job": JobController,
        "disruption": DisruptionController,
        "garbage-collector": GarbageCollector,
        "pod-garbage-collector": PodGarbageCollector,
        "namespace": NamespaceController,
        "taint-eviction": TaintEviction,
        "scheduler": Scheduler,
        "startup-taints": StartupTaints,
    }
    made.extend(make(context) for name, make in simple.items() if name in parts)
    if "node-lifecycle" in parts:
        made.append(NodeLifecycle(context, machines))
    if "kubelet" in parts:
        made.extend((Kubelets(context, machines), Heartbeats(context, machines)))
    return made
