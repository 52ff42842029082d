"""A World packed away, a few objects at a time, and unpacked again."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from karptui.world.scroll import Scroll
from karptui.world.still import small_still_of, still_of
from karptui.world.world import World

SLICE = 128
"""Objects packed at once: some 3 ms."""
SLICES = 2
"""In one step."""
_TIMELINES = ("pod_timelines", "claim_timelines")


class Checkpoint:
    """What is small is held as it is, objects, timelines and the log are packed by `step`; until all are, the World
    itself is held as a still."""

    def __init__(self, world: World) -> None:
        self._still: World | None = still_of(world)
        self._still.surveyed = None
        self._small: World | None = None
        self._scroll = Scroll()
        self._parts = _slices(self._still)

    @property
    def bytes(self) -> int:
        """Of what is packed."""
        return self._scroll.bytes

    def step(self) -> bool:
        """Pack a little more; whether there is more to do."""
        some = list(islice(self._parts, SLICES))
        for part in some:
            self._scroll.write(part)
        if some:
            return True
        assert self._still is not None
        self._scroll.close()
        self._small, self._still = _without_objects(self._still), None
        self._parts = iter(())
        return False

    def world(self) -> World:
        """The World as it was, one's own to lead on."""
        if self._still is not None:
            return still_of(self._still)
        assert self._small is not None
        world = small_still_of(self._small)
        world.objects = {resource: {} for resource in world.objects}
        world.pod_timelines, world.claim_timelines = {}, {}
        for name, some in self._scroll.reader()():
            if name == "log":
                world.log.extend(some)
            else:
                (getattr(world, name) if name in _TIMELINES else world.objects[name]).update(some)
        _index(world)
        return world


def _slices(still: World) -> Iterator[tuple[str, Any]]:
    for name, held in (*still.objects.items(), *((name, getattr(still, name)) for name in _TIMELINES)):
        entries = iter(held.items())
        while some := list(islice(entries, SLICE)):
            yield name, some
    lines = iter(still.log)
    while some := list(islice(lines, SLICE)):
        yield "log", some


def _without_objects(still: World) -> World:
    """What is small; of pods that wait and nodes that go only the keys."""
    small = small_still_of(still)
    small.objects = {resource: {} for resource in small.objects}
    small.pod_timelines, small.claim_timelines, small.usage = {}, {}, still.usage.emptied()
    pending: dict[str, Any] = dict.fromkeys(small.pending)
    going: dict[str, Any] = dict.fromkeys(small.going)
    small.pending, small.going = pending, going
    small.log.clear()
    return small


def _index(world: World) -> None:
    """What follows from the objects: who runs where, who waits, who goes."""
    pods, nodes = world.objects["pods"], world.objects["nodes"]
    world.usage = world.usage.emptied()
    world.usage.fill(pods.values())
    world.pending = {key: pods[key] for key in world.pending}
    world.going = {key: nodes[key] for key in world.going}
