"""What was: every event of the last hours, packed, and the World led up to any second of them.

Events lie in segments. Each begins with a checkpoint of the World, so that any second is at most one segment of events
away. Both lie compressed in unnamed temporary files: what is kept costs the process next to nothing, and goes with it.
"""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from sys import intern
from typing import Any, TypeAlias

import msgspec

from karptui.world import events
from karptui.world.checkpoint import Checkpoint
from karptui.world.delta import Delta, changed, delta_of
from karptui.world.marks import Mark, mark_of
from karptui.world.scroll import Scroll
from karptui.world.still import still_of
from karptui.world.world import World

BATCH = 128
"""Events packed at once: some 3 ms, which no key has to wait for."""
STEPS = 3
"""Of a checkpoint while a batch comes in: until it is packed, what it holds and what changed since are both there."""
SEGMENT = 512
"""Batches between two checkpoints: 65,000 events, about a second to lead a World through."""
MOST_BYTES = 160 << 20
"""What is kept at most; the oldest segments go first."""
KEPT_MARKS = 20_000
KEPT_CATALOGUES = 64


_Packed: TypeAlias = "events.Event | Delta | int"
"""An event as it is packed: whole, as what differs, or as the number of a catalogue."""


class _Segment:
    """A checkpoint (or the World itself where the history begins) and the events after it."""

    def __init__(self, base: "World | Checkpoint", at: float) -> None:
        self.base = base
        self.at = at
        self.events = Scroll()
        self.batches = 0

    @property
    def bytes(self) -> int:
        """All of it, packed."""
        return self.events.bytes + (self.base.bytes if isinstance(self.base, Checkpoint) else 0)


class History:
    """Hears of every event after the World did. All methods belong to the event loop; only what `recall` returns may
    run elsewhere."""

    def __init__(self, world: World, most_bytes: int = MOST_BYTES) -> None:
        self._world = world
        self._most_bytes = most_bytes
        self._segments: deque[_Segment] = deque([_Segment(still_of(world), world.at)])
        self._packing: Checkpoint | None = None
        self._waiting: list[events.Event] = []
        self._catalogues: dict[int, events.CatalogueSeen] = {}
        self._numbered = 0
        self._last: dict[str, dict[str, Any]] = {resource: {} for resource in world.objects if resource != "events"}
        """Objects as they were last packed, which are nearly always those of the World."""
        self.marks: deque[Mark] = deque(maxlen=KEPT_MARKS)
        self.begins = world.at
        """Epoch seconds of the earliest moment that can be recalled."""
        self.ends = world.at
        """Of the latest event."""
        self.fault = ""
        """Why nothing more is kept, as one sentence."""

    @property
    def bytes(self) -> int:
        """What is kept takes so much, packed."""
        return sum(segment.bytes for segment in self._segments)

    def note(self, event: events.Event) -> None:
        """Keep an event. What the engine finds out about every node is left out: it is asked again when one looks."""
        if self.fault or isinstance(event, events.Surveyed):
            return
        if not self.begins:
            self.begins = event.at
        self.ends = max(self.ends, event.at)
        if (mark := mark_of(event)) is not None:
            self.marks.append(mark)
        if isinstance(event, events.ObjectSeen) and event.raw is not None:
            event = msgspec.structs.replace(event, raw=None)
        self._waiting.append(event)
        try:
            due = len(self._waiting) % max(BATCH // STEPS, 1) == 0
            if self._packing is not None and due and not self._packing.step():
                self._packing = None
            if len(self._waiting) >= BATCH:
                self._pack()
        except Exception as error:  # what cannot be packed must not end the watching
            self.fault = f"from here on nothing is kept ({type(error).__name__}: {error})"

    def recall(self, at: float) -> Callable[[], World]:
        """What leads a World up to a moment (all events until `at`, epoch seconds); may be called in a thread."""
        segment = next((s for s in reversed(self._segments) if s.at <= at), self._segments[0])
        if segment.events.open:
            segment.events.flush()
        read, base = segment.events.reader(), segment.base
        opened = base.opened() if isinstance(base, Checkpoint) else partial(still_of, base)
        waiting = self._waiting.copy() if segment is self._segments[-1] else []
        catalogues = self._catalogues.copy()

        def lead() -> World:
            world = opened()
            ahead = all(_lead_on(world, batch, catalogues, at) for batch in read())
            if ahead:
                _lead_on(world, waiting, catalogues, at)
            world.surveyed = None
            world.dirty.clear()
            return world

        return lead

    def _pack(self) -> None:
        batch, self._waiting = self._waiting, []
        segment = self._segments[-1]
        segment.events.write([self._packed(event) for event in batch])
        segment.batches += 1
        if segment.batches >= SEGMENT and self._packing is None:
            segment.events.close()
            self._packing = Checkpoint(self._world)
            self._segments.append(_Segment(self._packing, self.ends))
            self._drop_oldest()

    def _packed(self, event: events.Event) -> _Packed:
        """A catalogue is large, and seldom another one: what is packed is its number. Of an object that was packed
        before, what differs now."""
        if isinstance(event, events.ObjectSeen):
            last = self._last.get(event.resource)
            if last is None:
                return event
            key = intern(event.object.key)
            before = last.pop(key, None)
            if event.change is not events.Change.DELETED:
                last[key] = event.object
            return (delta_of(before, event) if before is not None else None) or event
        if not isinstance(event, events.CatalogueSeen):
            return event
        self._numbered += 1
        self._catalogues[self._numbered] = event
        if len(self._catalogues) > KEPT_CATALOGUES:
            del self._catalogues[next(iter(self._catalogues))]
        return self._numbered

    def _drop_oldest(self) -> None:
        while self.bytes > self._most_bytes and len(self._segments) > 2:
            self._segments.popleft()
            self.begins = self._segments[0].at
            while self.marks and self.marks[0].at < self.begins:
                self.marks.popleft()


def _lead_on(world: World, batch: Iterable[_Packed], catalogues: dict[int, events.CatalogueSeen], at: float) -> bool:
    """Apply events until `at`; whether there may be more of them."""
    for packed in batch:
        if isinstance(packed, int):
            event = catalogues.get(packed)
        elif isinstance(packed, tuple):
            before = world.objects[packed[1]].get(packed[2])
            event = changed(before, packed) if before is not None else None
        else:
            event = packed
        if event is None:
            continue
        if event.at > at:
            return False
        world.apply(event)
    return True
