"""The scheduling queue: active, backing off, and waiting for something to change."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass

from karptui.lab.clock import Clock
from karptui.lab.cluster.scheduler.pod_info import PodInfo
from karptui.lab.cluster.timers import Timers

FIRST_BACKOFF, LAST_BACKOFF = 1.0, 10.0
"""podInitialBackoffSeconds and podMaxBackoffSeconds."""

LONGEST_WAIT = 300.0
"""An unschedulable pod is tried again after this long even if nothing happens (podMaxInUnschedulablePodsDuration)."""


@dataclass(slots=True, eq=False)
class Queued:
    """A pod in the queue. `tried` is the lab time of the last attempt."""

    pod: PodInfo
    since: float
    attempts: int = 0
    tried: float = 0.0
    state: str = "active"
    refused_by: frozenset[str] = frozenset()
    """The plugins that refused it at the last attempt; none if there was no node."""

    def backoff(self) -> float:
        """Seconds to keep away from the scheduler after the last attempt: 1, 2, 4, 8, 10, 10, ..."""
        return min(FIRST_BACKOFF * 2.0 ** min(self.attempts - 1, 8), LAST_BACKOFF) if self.attempts else 0.0


class SchedulingQueue:
    """Pods by priority, then by how long they have been waiting."""

    def __init__(self, clock: Clock, timers: Timers) -> None:
        self._clock = clock
        self._timers = timers
        self._entries: dict[str, Queued] = {}
        self._active: list[tuple[int, float, int, Queued]] = []
        self._count = 0
        self._filled = asyncio.Event()

    def __contains__(self, uid: str) -> bool:
        return uid in self._entries

    def add(self, pod: PodInfo) -> None:
        """A pod that is new, or that came back from a binding that failed."""
        known = self._entries.get(pod.uid)
        if known is not None:
            known.pod = pod
            return
        entry = self._entries[pod.uid] = Queued(pod, self._clock.now())
        self._activate(entry)

    def update(self, pod: PodInfo, retry: bool) -> None:
        """Take over the pod as it is now; `retry` if something changed that may let it fit."""
        entry = self._entries.get(pod.uid)
        if entry is None:
            self.add(pod)
            return
        entry.pod = pod
        if retry and entry.state == "unschedulable":
            self._wake(entry)

    def remove(self, uid: str) -> None:
        """The pod needs no scheduling any more."""
        entry = self._entries.pop(uid, None)
        if entry is not None:
            entry.state = "gone"

    async def pop(self) -> Queued:
        """The next pod; it stays known until it is removed or put back."""
        while True:
            while self._active:
                entry = heapq.heappop(self._active)[3]
                if entry.state == "active" and self._entries.get(entry.pod.uid) is entry:
                    entry.state = "trying"
                    entry.attempts += 1
                    entry.tried = self._clock.now()
                    return entry
            self._filled.clear()
            await self._filled.wait()

    def give_up(self, entry: Queued, refused_by: frozenset[str]) -> None:
        """The pod fits nowhere: wait until something changes."""
        if entry.state != "trying":
            return
        entry.refused_by = refused_by
        entry.state = "unschedulable"
        attempts = entry.attempts
        self._timers.after(
            LONGEST_WAIT,
            lambda: self._wake(entry) if entry.state == "unschedulable" and entry.attempts == attempts else None,
        )

    def again(self, entry: Queued) -> None:
        """Something else failed: try again after the backoff."""
        if entry.state == "trying":
            entry.state = "unschedulable"
            self._wake(entry)

    def wake(self, worth_it: Callable[[Queued], bool]) -> None:
        """Something changed in the cluster: try those again that it may help."""
        for entry in list(self._entries.values()):
            if entry.state == "unschedulable" and worth_it(entry):
                self._wake(entry)

    def _wake(self, entry: Queued) -> None:
        left = entry.tried + entry.backoff() - self._clock.now()
        if left <= 0:
            self._activate(entry)
            return
        entry.state = "backoff"
        self._timers.after(left, lambda: self._activate(entry) if entry.state == "backoff" else None)

    def _activate(self, entry: Queued) -> None:
        entry.state = "active"
        self._count += 1
        heapq.heappush(self._active, (-entry.pod.priority, entry.since, self._count, entry))
        self._filled.set()
