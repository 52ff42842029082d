"""The event recorder: what controllers tell about objects, written in the background, repeats counted."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import OrderedDict
from dataclasses import dataclass

from karptui.kube.timestamps import rfc3339, rfc3339_micro
from karptui.lab.clock import Clock
from karptui.lab.cluster.api import UNREACHABLE, Api, Refused
from karptui.lab.cluster.kinds import EVENTS, Kind, Object

WRITERS = 4
BACKLOG = 5_000
"""Events waiting to be written; more are dropped, as client-go's broadcaster does."""
SPAM_BURST, SPAM_PERIOD = 25, 300.0
"""Of one component about one object: so many at once, then one in so many lab seconds (client-go's spam filter)."""
REMEMBERED = 4_096
"""Events that a repeat can still be counted on (client-go's correlator keeps as many)."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Told:
    about: tuple[str, str]
    reason: str
    message: str
    component: str


class EventRecorder:
    """Writes core/v1 Events."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._queue: asyncio.Queue[tuple[_Told, Object]] = asyncio.Queue(BACKLOG)
        self._known: OrderedDict[_Told, Object] = OrderedDict()
        self._serial = itertools.count()
        self._allowance: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def tell(
        self, kind: Kind, item: Object, type_: str, reason: str, message: str, *, component: str, action: str = ""
    ) -> None:
        """An event about `item`. With `action` it has the form of events.k8s.io, as the scheduler writes them."""
        meta = item["metadata"]
        now = self._clock.now()
        # The recorder of events.k8s.io has no such filter.
        if not action and self._spam((component, meta.get("uid") or meta["name"]), now):
            return
        about = {"kind": kind.kind, "name": meta["name"], "apiVersion": kind.api_version}
        for field, source in (("namespace", "namespace"), ("uid", "uid"), ("resourceVersion", "resourceVersion")):
            if meta.get(source):
                about[field] = meta[source]
        suffix = f"{int(now * 1e9) + next(self._serial):x}"
        event: Object = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{meta['name']}.{suffix}", "namespace": meta.get("namespace") or "default"},
            "involvedObject": about,
            "type": type_,
            "reason": reason,
            "message": message,
            "reportingComponent": component,
            "reportingInstance": f"{component}-lab" if action else "",
        }
        if action:
            event |= {"action": action, "eventTime": rfc3339_micro(now), "source": {}}
        else:
            at = rfc3339(now)
            event |= {"source": {"component": component}, "firstTimestamp": at, "lastTimestamp": at, "count": 1}
        told = _Told((meta.get("uid") or meta["name"], meta["name"]), reason, message, component)
        try:
            self._queue.put_nowait((told, event))
        except asyncio.QueueFull:
            log.info("too many events waiting: dropped %s about %s", reason, meta["name"])

    def _spam(self, source: tuple[str, str], now: float) -> bool:
        """Whether the component has told enough about this object; a token bucket for each pair."""
        tokens, since = self._allowance.pop(source, (float(SPAM_BURST), now))
        tokens = min(tokens + (now - since) / SPAM_PERIOD, SPAM_BURST)
        spam = tokens < 1
        self._allowance[source] = (tokens if spam else tokens - 1, now)
        if len(self._allowance) > REMEMBERED:
            self._allowance.popitem(last=False)
        return spam

    async def run(self) -> None:
        """Write what is told, for ever."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(self._write_all())

    async def _write_all(self) -> None:
        while True:
            told, event = await self._queue.get()
            try:
                await self._write(told, event)
            except (Refused, *UNREACHABLE) as error:
                # The namespace may be going away, or the server: events are told once.
                log.debug("event %s: %s", told.reason, error)

    async def _write(self, told: _Told, event: Object) -> None:
        known = self._known.get(told)
        if known is not None:
            try:
                self._remember(told, await self._api.patch(EVENTS, known, _repeated(known, event)))
                return
            except Refused as refusal:
                if refusal.code != 404:
                    raise
        self._remember(told, await self._api.create(EVENTS, event))

    def _remember(self, told: _Told, event: Object) -> None:
        self._known[told] = event
        self._known.move_to_end(told)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


def _repeated(known: Object, event: Object) -> Object:
    """The patch that counts one more occurrence."""
    if event.get("eventTime"):
        count = (known.get("series") or {}).get("count", 1) + 1
        return {"series": {"count": count, "lastObservedTime": event["eventTime"]}}
    return {"count": known.get("count", 1) + 1, "lastTimestamp": event["lastTimestamp"]}
