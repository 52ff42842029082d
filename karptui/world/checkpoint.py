"""A World packed away, a few objects at a time, and unpacked again."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from itertools import chain
from typing import Any, TypeAlias

from karptui.world.scroll import Scroll
from karptui.world.still import small_still_of
from karptui.world.world import World

SLICE = 128
"""Objects packed at once: some 3 ms."""
SLICES = 3
"""In one step."""
_TIMELINES = ("pod_timelines", "claim_timelines")


Slice: TypeAlias = tuple[str, list[str], list[Any]]
"""Where things belong, and some of them: keys and things. Two lists, as 20,000 pairs would take two megabytes."""


class Checkpoint:
    """What is small is held as it is; objects, timelines and the log are packed by `step`, and held until then."""

    def __init__(self, world: World) -> None:
        self._small = _without_objects(world)
        self._scroll = Scroll()
        self._waiting = deque(_slices(world))

    @property
    def bytes(self) -> int:
        """Of what is packed."""
        return self._scroll.bytes

    def step(self) -> bool:
        """Pack a little more; whether there is more to do."""
        for _ in range(min(SLICES, len(self._waiting))):
            self._scroll.write(self._waiting.popleft())
        if not self._waiting and self._scroll.open:
            self._scroll.close()
        return bool(self._waiting)

    def opened(self) -> Callable[[], World]:
        """What gives the World as it was, one's own to lead on; may be called in a thread while more is packed here."""
        if self._scroll.open:
            self._scroll.flush()
        read, waiting, small = self._scroll.reader(), tuple(self._waiting), self._small

        def world() -> World:
            return _whole(small, chain(read(), waiting))

        return world


def _slices(world: World) -> Iterator[Slice]:
    for name, held in world.objects.items():
        yield from _sliced(name, list(held), list(held.values()))
    for name in _TIMELINES:
        timelines: dict[str, Any] = getattr(world, name)
        yield from _sliced(name, list(timelines), [copy(timeline) for timeline in timelines.values()])
    yield from _sliced("log", [], list(world.log))


def _sliced(name: str, keys: list[str], things: list[Any]) -> Iterator[Slice]:
    for start in range(0, len(things), SLICE):
        yield name, keys[start : start + SLICE], things[start : start + SLICE]


def _without_objects(world: World) -> World:
    """What is small; of pods that wait and nodes that go only the keys."""
    small = small_still_of(world)
    small.surveyed = None
    small.objects = {resource: {} for resource in small.objects}
    small.pod_timelines, small.claim_timelines, small.usage = {}, {}, world.usage.emptied()
    pending: dict[str, Any] = dict.fromkeys(small.pending)
    going: dict[str, Any] = dict.fromkeys(small.going)
    small.pending, small.going = pending, going
    small.log.clear()
    return small


def _whole(small: World, slices: Iterable[Slice]) -> World:
    world = small_still_of(small)
    world.objects = {resource: {} for resource in world.objects}
    world.pod_timelines, world.claim_timelines = {}, {}
    for name, keys, things in slices:
        if name == "log":
            world.log.extend(things)
        elif name in _TIMELINES:
            # Timelines change in place, and those that wait to be packed must not.
            getattr(world, name).update(zip(keys, map(copy, things), strict=True))
        else:
            world.objects[name].update(zip(keys, things, strict=True))
    _index(world)
    return world


def _index(world: World) -> None:
    """What follows from the objects: who runs where, who waits, who goes."""
    pods, nodes = world.objects["pods"], world.objects["nodes"]
    world.usage = world.usage.emptied()
    world.usage.fill(pods.values())
    world.pending = {key: pods[key] for key in world.pending}
    world.going = {key: nodes[key] for key in world.going}
