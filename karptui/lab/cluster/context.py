"""What every controller is given: the API, the local copies, the clock, the dice, the events."""

from __future__ import annotations

import asyncio
import random

from karptui.kube.timestamps import rfc3339
from karptui.lab.clock import Clock
from karptui.lab.cluster.api import UNREACHABLE, Api, Refused
from karptui.lab.cluster.delays import Delays, Span, drawn
from karptui.lab.cluster.events import EventRecorder
from karptui.lab.cluster.informer import Informer
from karptui.lab.cluster.kinds import Kind, Object
from karptui.lab.cluster.timers import Timers


class ControllerContext:
    """Shared by the controllers of one cluster. All of its state comes from the API and can be read again."""

    def __init__(self, api: Api, clock: Clock, delays: Delays, seed: int | str) -> None:
        self.api = api
        self.clock = clock
        self.delays = delays
        self.random = random.Random(seed)
        self.timers = Timers(clock)
        self.events = EventRecorder(api, clock)
        self._informers: dict[Kind, Informer] = {}
        api.written = self._take_over

    def informer(self, kind: Kind, namespace: str = "") -> Informer:
        """The one informer of this kind; asking is what makes it be run."""
        if kind not in self._informers:
            self._informers[kind] = Informer(self.api, kind, namespace)
        return self._informers[kind]

    def informers(self) -> list[Informer]:
        """Those that somebody has asked for."""
        return list(self._informers.values())

    async def synced(self) -> None:
        """Wait until every kind has been listed once."""
        for informer in self.informers():
            await informer.synced.wait()

    async def release(self) -> tuple[int, int]:
        """Major and minor version of Kubernetes that the API says it is: components speak like those of that release.

        A server that does not say is taken for a current one.
        """
        try:
            version = await self.api.request("GET", "/version")
            return int(version["major"]), int(version["minor"].rstrip("+"))
        except (Refused, *UNREACHABLE, KeyError, ValueError):
            return (1, 35)

    def draw(self, span: Span) -> float:
        """A duration in the span, in lab seconds."""
        return drawn(self.random, span)

    def timestamp(self) -> str:
        """Lab time as the API writes it."""
        return rfc3339(self.clock.now())

    def _take_over(self, kind: Kind, item: Object) -> None:
        informer = self._informers.get(kind)
        if informer is not None:
            informer.observe(item)


async def all_of(*runs: asyncio.Task[None]) -> None:
    """Wait for tasks that never end, and end them all when one of them fails or this is cancelled."""
    try:
        await asyncio.gather(*runs)
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
