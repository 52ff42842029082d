"""A local copy of one kind, kept by list and watch, with indexes and handlers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from karptui.lab.cluster.api import UNREACHABLE, Api, Refused
from karptui.lab.cluster.kinds import Kind, Object, key_of

Handler = Callable[[Object | None, Object | None], None]
"""Called with the object before and after; None before means added, None after means deleted."""

LONGEST_PAUSE = 5.0
REMEMBERED = 10_000
"""Uids of removed objects that are kept; what comes late comes within seconds."""
log = logging.getLogger(__name__)


class Informer:
    """The objects of one kind by key, as the watch told them and as our own writes returned them.

    Own writes are taken over at once (`observe`), so a controller never acts twice on the same old state; later
    events with an older resourceVersion are dropped. A kind that the server does not know yet is an empty one.
    """

    def __init__(self, api: Api, kind: Kind, namespace: str = "") -> None:
        self.kind = kind
        self.items: dict[str, Object] = {}
        self.synced = asyncio.Event()
        self._api = api
        self._namespace = namespace
        self._handlers: list[Handler] = []
        self._indexers: dict[str, Callable[[Object], Iterable[str]]] = {}
        self._indexes: dict[str, dict[str, dict[str, Object]]] = {}
        self._gone: dict[str, None] = {}

    def on_change(self, handler: Handler) -> None:
        """Call `handler` for every change from now on. Handlers are added before `run`."""
        self._handlers.append(handler)

    def add_index(self, name: str, values: Callable[[Object], Iterable[str]]) -> None:
        """Keep objects findable by what `values` gives for them. A second one of the same name changes nothing."""
        if name not in self._indexers:
            self._indexers[name] = values
            self._indexes[name] = {}

    def by(self, index: str, value: str) -> list[Object]:
        """The objects that an index has under this value."""
        return list(self._indexes[index].get(value, {}).values())

    def get(self, key: str) -> Object | None:
        """The object of this key, if there is one."""
        return self.items.get(key)

    def observe(self, item: Object) -> None:
        """Take over an object that a write returned, unless something newer is known or it is gone by now."""
        if item.get("kind", self.kind.kind) == self.kind.kind:
            self._put(item)

    async def run(self) -> None:
        """List and watch for ever."""
        pause = 0.05
        while True:
            try:
                version = await self._relist()
                pause = 0.05
                while version:
                    version = await self._follow(version)
            except Refused as refusal:
                if refusal.code == 404:
                    self._replace([], 0)
                    self.synced.set()
                elif refusal.code != 410:
                    log.info("watching %s: %s", self.kind.plural, refusal)
            except UNREACHABLE as error:
                log.info("watching %s: %s", self.kind.plural, error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _relist(self) -> str:
        items, version = await self._api.list(self.kind, self._namespace)
        self._replace(items, int(version))
        self.synced.set()
        return version

    async def _follow(self, version: str) -> str:
        """One watch. Returns the version to go on from, "" if a new list is needed."""
        async for event in self._api.watch(self.kind, version, self._namespace):
            item = event["object"]
            if event["type"] == "ERROR":
                if item.get("code") != 410:
                    log.info("watching %s: %s", self.kind.plural, item.get("message"))
                return ""
            version = item["metadata"]["resourceVersion"]
            if event["type"] == "DELETED":
                self.forget(item)
            elif event["type"] != "BOOKMARK":
                self._put(item)
        return version

    def forget(self, item: Object) -> None:
        """Take over that the object is removed. What is still on its way about it, an event or the answer to a request
        of ours, is ignored: what is removed never comes back, another of its name has another uid."""
        self._gone[item["metadata"]["uid"]] = None
        if len(self._gone) > REMEMBERED:
            del self._gone[next(iter(self._gone))]
        self._remove(item)

    def _replace(self, items: list[Object], version: int) -> None:
        keys = {key_of(item) for item in items}
        for item in items:
            self._put(item)
        for key in [key for key in self.items if key not in keys]:
            if _version(self.items[key]) <= version or not version:
                self._remove(self.items[key])

    def _put(self, item: Object) -> None:
        if item["metadata"].get("uid") in self._gone:
            return
        item["metadata"].pop("managedFields", None)
        key = key_of(item)
        before = self.items.get(key)
        if before is not None:
            if _version(item) <= _version(before):
                return
            if before["metadata"].get("uid") != item["metadata"].get("uid"):
                self._remove(before)
                before = None
        self._unindex(key, before)
        self.items[key] = item
        for name, values in self._indexers.items():
            index = self._indexes[name]
            for value in values(item):
                index.setdefault(value, {})[key] = item
        self._tell(before, item)

    def _remove(self, item: Object) -> None:
        uid = item["metadata"].get("uid", "")
        key = key_of(item)
        before = self.items.get(key)
        if before is None or before["metadata"].get("uid") != uid:
            return
        del self.items[key]
        self._unindex(key, before)
        self._tell(before, None)

    def _unindex(self, key: str, before: Object | None) -> None:
        if before is None:
            return
        for name, values in self._indexers.items():
            index = self._indexes[name]
            for value in values(before):
                bucket = index.get(value)
                if bucket is not None:
                    bucket.pop(key, None)
                    if not bucket:
                        del index[value]

    def _tell(self, before: Object | None, after: Object | None) -> None:
        for handler in self._handlers:
            handler(before, after)


def _version(item: Object) -> int:
    # Comparable as a number: so says KEP-5504, and so do the lab's server and every real one.
    return int(item["metadata"].get("resourceVersion") or 0)
