"""List and watch of one resource, for ever: what the cluster holds becomes Events, whatever happens to the connection.

The way of client-go's reflector: a list in pages, a watch from its version with bookmarks, a fresh list when the
server no longer holds that version. Objects that vanished while nobody looked come as DELETED after the next list.
"""

import asyncio
import random
import time
from collections.abc import Callable
from sys import intern
from typing import Any

from msgspec import Struct

from karptui.kube.connect import Connection
from karptui.kube.decode import LONGEST_OBJECT, Page, Resource, decoded, name_in, read_page
from karptui.kube.errors import ApiError, DecodeError, KubeError
from karptui.kube.lines import Oversized
from karptui.kube.watch_event import bookmark_version, read_event, watch_error
from karptui.world.events import Change, Event, ObjectSeen, Problem, StreamChanged, StreamState

Sink = Callable[[Event], None]


class Pace(Struct, frozen=True):
    """How long everything takes, in seconds; `page` is objects a page, `slice` work before the loop gets a turn."""

    first_wait: float = 0.8
    longest_wait: float = 30.0
    healthy: float = 60.0
    forbidden: float = 60.0
    absent: float = 30.0
    shortest_watch: float = 240.0
    longest_watch: float = 480.0
    page: int = 500
    slice: float = 0.004


class Reflector:
    """Keeps one resource. `run` never ends but by cancellation; `keep_raw` says whether events carry the JSON."""

    def __init__(
        self,
        connection: Connection,
        resource: Resource,
        sink: Sink,
        *,
        namespace: str = "",
        pace: Pace | None = None,
        clock: Callable[[], float] = time.time,
        keep_raw: Callable[[], bool] = lambda: False,
    ) -> None:
        self.resource = resource
        self.state = StreamState.SYNCING
        self._connection = connection
        self._sink = sink
        self._namespace = namespace if resource.namespaced else ""
        self._pace = pace or Pace()
        self._clock = clock
        self._keep_raw = keep_raw
        self._objects: dict[str, Any] = {}
        self._problems: dict[str, str] = {}
        self._version = resource.versions[0]
        self._resource_version = ""
        self._told: tuple[StreamState, str] | None = None
        self._opened_at: float | None = None
        self._listed_at = float("-inf")
        self._good_at = 0.0
        self._failures = 0
        self._whole_list = False
        self._turn_ends = 0.0

    async def run(self) -> None:
        """List, watch, and begin again, until cancelled."""
        while True:
            self._opened_at = None
            try:
                if not self._resource_version:
                    await self.read()
                await self._watch()
                # A server that ends every watch at once is not asked a thousand times a second.
                wait = 0.0 if self._lived() > 1.0 else self._next_wait()
            except KubeError as error:
                wait = self.report(error)
            except Exception as error:
                wait = self.report(KubeError(f"karptui met a fault of its own ({type(error).__name__}: {error})."))
            await asyncio.sleep(wait)

    async def read(self) -> None:
        """One whole list; afterwards the stream is LIVE. Raises KubeError."""
        # Stale or forbidden stays so until a list succeeds: the picture must not flicker with every try.
        if self.state in (StreamState.SYNCING, StreamState.LIVE):
            self._tell(StreamState.SYNCING)
        resource_version = await self._list_any_version()
        self._resource_version = resource_version
        self._whole_list = False
        self._listed_at = time.monotonic()
        self._good_at = self._clock()
        self._tell(StreamState.LIVE)

    async def _list_any_version(self) -> str:
        versions = sorted(self.resource.versions, key=lambda version: version != self._version)
        for version in versions:
            try:
                found = await self._list(version)
            except ApiError as error:
                if error.code != 404 or version == versions[-1]:
                    raise
                continue
            self._version = version
            return found
        raise AssertionError("every resource has a version")

    async def _list(self, version: str) -> str:
        """The list's resourceVersion, once all of it was taken. A page is read while the next one is on its way."""
        path = self.resource.path(version, self._namespace)
        seen: set[str] = set()
        first, asked = "", asyncio.ensure_future(self._page(path, ""))
        try:
            while True:
                page = await asked
                first = first or page.resource_version
                if page.next:
                    asked = asyncio.ensure_future(self._page(path, page.next))
                for item in page.items:
                    key = self._take(memoryview(item), version)
                    if key:
                        seen.add(key)
                    if time.perf_counter() >= self._turn_ends:
                        await self._breathe()
                if not page.next:
                    break
        finally:
            if not asked.cancel() and not asked.cancelled():
                asked.exception()  # what failed unseen is asked for again with the next list
        for key in [key for key in self._objects if key not in seen]:
            self._drop(key)
        return first

    async def _page(self, path: str, token: str) -> Page:
        query: dict[str, str | int] = {} if self._whole_list else {"limit": self._pace.page}
        if token:
            query["continue"] = token
        try:
            return read_page(await self._connection.request("GET", path, query=query, verb="list"))
        except ApiError as error:
            # The pages behind a token live for minutes only: on a slow line the next try asks for all at once.
            self._whole_list = error.code == 410 and bool(token)
            raise

    async def _watch(self) -> None:
        """Events until the server ends the stream."""
        path = self.resource.path(self._version, self._namespace)
        lasting = random.uniform(self._pace.shortest_watch, self._pace.longest_watch)
        query: dict[str, str | int | bool] = {
            "watch": True,
            "allowWatchBookmarks": True,
            "resourceVersion": self._resource_version,
            "timeoutSeconds": int(lasting),
        }
        async for lines in self._connection.stream(path, query, timeout=lasting + 30, opened=self._opened):
            for line in lines:
                if isinstance(line, Oversized):
                    self._skipped(line)
                else:
                    self._event(line, path)
                if time.perf_counter() >= self._turn_ends:
                    await self._breathe()

    def _opened(self) -> None:
        self._opened_at = time.monotonic()
        self._tell(StreamState.LIVE)

    def _lived(self) -> float:
        """Seconds that the last watch lived."""
        return time.monotonic() - self._opened_at if self._opened_at is not None else 0.0

    def _event(self, line: bytes, path: str) -> None:
        kind, raw = read_event(line)
        match kind:
            case "ADDED" | "MODIFIED":
                self._take(raw, self._version)
            case "DELETED":
                self._gone(raw)
            case "BOOKMARK":
                self._resource_version = bookmark_version(raw) or self._resource_version
            case "ERROR":
                raise watch_error(raw, path)
            case _:
                pass

    def _take(self, raw: memoryview, version: str) -> str:
        """An object as it is now; its key, also if it cannot be read."""
        try:
            found = decoded(self.resource, raw, version)
        except DecodeError as error:
            self._unreadable(error)
            # So that a relist does not take what is known of it for deleted.
            return error.name
        key = intern(found.key)  # the World keeps the same text
        old = self._objects.get(key)
        if len(raw) > LONGEST_OBJECT:
            self._problem(
                key, f"{self.resource.kind} {key} is {len(raw) / 2**20:.1f} MiB of JSON: look at what fills it."
            )
        elif self._problems:
            self._problems.pop(key, None)
        if old is None:
            self._emit(Change.ADDED, found, raw)
        elif old.metadata.uid != found.metadata.uid:
            self._emit(Change.DELETED, old, None)
            self._emit(Change.ADDED, found, raw)
        elif old.metadata.resource_version != found.metadata.resource_version or not found.metadata.resource_version:
            self._emit(Change.MODIFIED, found, raw)
        self._objects[key] = found
        if self._resource_version:
            self._resource_version = found.metadata.resource_version or self._resource_version
        return key

    def _gone(self, raw: memoryview) -> None:
        try:
            found = decoded(self.resource, raw, self._version)
        except DecodeError as error:
            self._drop(error.name)
            return
        self._objects.pop(found.key, None)
        self._problems.pop(found.key, None)
        self._resource_version = found.metadata.resource_version or self._resource_version
        self._emit(Change.DELETED, found, raw)

    def _drop(self, key: str) -> None:
        """An object that is gone, of which only what was known before is left."""
        self._problems.pop(key, None)
        old = self._objects.pop(key, None)
        if old is not None:
            self._emit(Change.DELETED, old, None)

    def _skipped(self, line: Oversized) -> None:
        name = name_in(line.start) or "of an unknown name"
        size = line.size / 2**20
        self._problem(name, f"{self.resource.kind} {name} is over {size:.0f} MiB of JSON and is left out: shrink it.")

    def _unreadable(self, error: DecodeError) -> None:
        self._problem(error.name, str(error))

    def _problem(self, key: str, sentence: str) -> None:
        # A broken object that changes every second is one problem, not one a second.
        if self._problems.get(key) != sentence:
            self._problems[key] = sentence
            self._sink(Problem(self._clock(), self.resource.plural, sentence))

    def _emit(self, change: Change, found: Any, raw: memoryview | None) -> None:
        kept = bytes(raw) if raw is not None and self._keep_raw() else None
        self._sink(ObjectSeen(self._clock(), self.resource.plural, change, found, kept))

    def _tell(self, state: StreamState, message: str = "") -> None:
        if self._told == (state, message):
            return
        self.state, self._told = state, (state, message)
        self._sink(StreamChanged(self._clock(), self.resource.plural, state, message, self._good_at))

    def report(self, error: KubeError) -> float:
        """Tell what an error means for this resource; seconds until the next try."""
        if self._lived() >= self._pace.healthy:
            self._failures = 0
        if self.state is StreamState.LIVE:
            self._good_at = self._clock()
        code = error.code if isinstance(error, ApiError) else 0
        if code == 410:
            self._resource_version = ""
            # The normal end of an old version, unless it is the answer to a list just made.
            return 0.0 if time.monotonic() - self._listed_at > self._pace.longest_wait else self._next_wait()
        if code == 403:
            self._resource_version = ""
            self._tell(StreamState.FORBIDDEN, str(error))
            return self._spread(self._pace.forbidden)
        if code == 404:
            self._resource_version = ""
            for key in list(self._objects):
                self._drop(key)
            self._tell(StreamState.ABSENT, self._absent_sentence())
            return self._spread(self._pace.absent)
        self._tell(StreamState.STALE, str(error))
        wait = self._next_wait()
        if isinstance(error, ApiError) and error.retry_after:
            # Never before what was asked for, and not all clients at the same moment.
            wait = error.retry_after * random.uniform(1.0, 1.2)
        return wait

    def _absent_sentence(self) -> str:
        api = f"{self.resource.group or 'core'} ({', '.join(self.resource.versions)})"
        advice = "; they appear here once their CRD is installed" if self.resource.custom else ""
        return f"This cluster has no {self.resource.plural} in API group {api}{advice}."

    def _next_wait(self) -> float:
        wait = min(self._pace.first_wait * 2**self._failures, self._pace.longest_wait)
        self._failures = min(self._failures + 1, 16)
        return wait * random.uniform(0.5, 1.0)

    def _spread(self, wait: float) -> float:
        return wait * random.uniform(0.9, 1.1)

    async def _breathe(self) -> None:
        """Give the loop a turn; the next slice of work begins after it."""
        await asyncio.sleep(0)
        self._turn_ends = time.perf_counter() + self._pace.slice
