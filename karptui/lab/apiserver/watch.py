"""Watches: a ring of changes per resource, and the streams that follow it."""

from __future__ import annotations

import asyncio
import bisect
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from karptui.lab.apiserver.errors import ApiError, version_too_old
from karptui.lab.apiserver.selectors import Selector

if TYPE_CHECKING:
    from karptui.lab.apiserver.store import Stored

BOOKMARK_SECONDS = 60.0
"""How often a quiet watch hears of the current resourceVersion: about once a minute, as in the real server."""
INITIAL_EVENTS_END = "k8s.io/initial-events-end"

Encode = Callable[["Stored"], bytes]


def plain(stored: Stored) -> bytes:
    """The object as JSON in the version that it is stored in."""
    return stored.encoded


class Change:
    """What happened to one object: `before` is None for a creation, `after` for a deletion."""

    __slots__ = ("after", "before", "version")

    def __init__(self, version: int, before: Stored | None, after: Stored | None) -> None:
        self.version = version
        self.before = before
        self.after = after

    def line(self, scope: Scope, encode: Encode) -> bytes:
        """The change as a watcher of `scope` sees it, or nothing. Objects were serialised when they were stored."""
        was = self.before is not None and scope.holds(self.before)
        has = self.after is not None and scope.holds(self.after)
        if not was and not has:
            return b""
        kind = "MODIFIED" if was and has else "ADDED" if has else "DELETED"
        return event_line(kind, encode(self._shown(kind)))

    def _shown(self, kind: str) -> Stored:
        if kind != "DELETED":
            assert self.after is not None
            return self.after
        assert self.before is not None
        if self.after is None:
            return self.before
        # An object that left the selection is shown as it was, but with the version at which it left.
        from karptui.lab.apiserver.store import Stored

        return Stored(self.before.resource, self.before.manifest(), self.version)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which objects of a resource a request is about."""

    namespace: str
    selector: Selector

    def holds(self, stored: Stored) -> bool:
        """Whether an object is in the scope."""
        if self.namespace and stored.namespace != self.namespace:
            return False
        return not self.selector or self.selector.matches(stored.labels, stored.fields)


class History:
    """The last changes of one resource. Holds at least `size`, at most twice as many."""

    def __init__(self, size: int) -> None:
        self._size = max(1, size)
        self._changes: list[Change] = []
        self._dropped = 0
        """How many changes have left the ring; `_dropped + index` numbers a change for ever."""
        self._oldest = 0
        """Versions below this one can no longer be watched from."""
        self._waiting: set[asyncio.Event] = set()

    def add(self, change: Change) -> None:
        """Remember a change and wake those who wait."""
        self._changes.append(change)
        if len(self._changes) >= 2 * self._size:
            self._drop(self._size)
        self.wake()

    def expire(self, version: int) -> None:
        """Forget everything up to a version."""
        self._drop(len(self._changes))
        self._oldest = max(self._oldest, version)

    def position(self, version: int) -> int:
        """The number of the first change after `version`. Raises 410 Expired when it has been forgotten."""
        if version < self._oldest:
            raise version_too_old(version, self._oldest)
        return self._dropped + bisect.bisect_right(self._changes, version, key=lambda change: change.version)

    def end(self) -> int:
        """The number that the next change will get."""
        return self._dropped + len(self._changes)

    def since(self, position: int) -> list[Change] | None:
        """The changes from `position` on, or None when some of them have been forgotten."""
        if position < self._dropped:
            return None
        return self._changes[position - self._dropped :]

    def subscribe(self) -> asyncio.Event:
        """An event that is set at every change; give it back with `unsubscribe`."""
        waiting = asyncio.Event()
        self._waiting.add(waiting)
        return waiting

    def unsubscribe(self, waiting: asyncio.Event) -> None:
        """Stop waiting."""
        self._waiting.discard(waiting)

    def wake(self) -> None:
        """Let every waiting watch look again."""
        for waiting in self._waiting:
            waiting.set()

    def _drop(self, count: int) -> None:
        if not count:
            return
        self._oldest = max(self._oldest, self._changes[count - 1].version)
        del self._changes[:count]
        self._dropped += count


@dataclass(slots=True)
class WatchRequest:
    """What a client asked for, parsed."""

    scope: Scope
    encode: Encode
    version: int | None
    """The version to resume from; None starts with every object as ADDED."""
    initial_events: bool
    """Whether the objects come first, and a bookmark after them, whatever the version (a streaming list)."""
    from_now: bool
    """Whether to start with the next change (`sendInitialEvents=false` without a version)."""
    bookmarks: bool
    timeout: float | None
    bookmark: Callable[[int, dict[str, str] | None], bytes]
    """Makes the object of a BOOKMARK from a version and annotations."""


def event_line(kind: str, encoded: bytes) -> bytes:
    """A line of a watch stream around an encoded object."""
    return b'{"type":"' + kind.encode() + b'","object":' + encoded + b"}\n"


def error_line(error: ApiError) -> bytes:
    """The line of a watch that has failed."""
    return event_line("ERROR", orjson.dumps(error.status()))


class Stop:
    """Ends running watches: at shutdown, or on demand for tests of reconnecting."""

    def __init__(self) -> None:
        self.generation = 0


async def follow(
    history: History,
    objects: Callable[[], list[Stored]],
    current: Callable[[], int],
    request: WatchRequest,
    stop: Stop,
) -> AsyncIterator[bytes]:
    """The lines of a watch, in batches, until its timeout, its stop, or until the client has fallen behind the ring.

    Everything up to the first `await` happens at once, so the initial objects and the position in the ring agree.
    Raises 410 Expired before the first batch when the version is too old.
    """
    generation = stop.generation
    timeout = request.timeout if request.timeout is not None else random.uniform(1800, 3600)
    deadline = time.monotonic() + timeout
    if request.version is not None and not request.initial_events:
        position, initial = history.position(request.version), b""
    elif request.from_now:
        position, initial = history.end(), b""
    else:
        position, initial = history.end(), _initial(request, objects(), current())
    waiting = history.subscribe()
    try:
        if initial:
            yield initial
        next_bookmark = time.monotonic() + BOOKMARK_SECONDS
        while stop.generation == generation:
            waiting.clear()
            changes = history.since(position)
            if changes is None:
                return
            if changes:
                position += len(changes)
                lines = b"".join(change.line(request.scope, request.encode) for change in changes)
                if lines:
                    yield lines
                continue
            now = time.monotonic()
            if now >= min(next_bookmark, deadline):
                if request.bookmarks:
                    yield event_line("BOOKMARK", request.bookmark(current(), None))
                if now >= deadline:
                    return
                next_bookmark = now + BOOKMARK_SECONDS
                continue
            try:
                async with asyncio.timeout(min(next_bookmark, deadline) - now):
                    await waiting.wait()
            except TimeoutError:
                continue
    finally:
        history.unsubscribe(waiting)


def _initial(request: WatchRequest, objects: list[Stored], version: int) -> bytes:
    lines = [event_line("ADDED", request.encode(stored)) for stored in objects if request.scope.holds(stored)]
    if request.initial_events and request.bookmarks:
        lines.append(event_line("BOOKMARK", request.bookmark(version, {INITIAL_EVENTS_END: "true"})))
    return b"".join(lines)
