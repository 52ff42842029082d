"""Runs reconcilers: each looks at the World, names what needs work, and works on one object at a time.

Level-triggered: nothing is remembered between two looks but what is in flight and how long to wait after a failure, so
a controller that was killed goes on where it was when it is started again.
"""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from karptui.control.hands import Hands
from karptui.control.safety.gate import Withheld
from karptui.failure import sentence_of
from karptui.kube.errors import ApiError
from karptui.world import events

LOOK_SECONDS = 0.05  # real seconds between two looks: the World is in memory, a look costs microseconds an object
STILL_SECONDS = 0.2  # the same while the World stands still: only time can have made something due
SETTLE_SECONDS = 1.0  # real seconds an object is left alone after work, until its own watch event is seen
WITHHELD_SECONDS = 5.0  # real seconds until what may not be written is looked at again
FIRST_BACK_OFF, LONGEST_BACK_OFF = 1.0, 60.0  # spec/lifecycle.md 1.2


class Reconciler(Protocol):
    """One small controller. Both methods only read the World; `reconcile` writes to Kubernetes and the cloud."""

    resource: str

    def due(self) -> Iterable[str]:
        """Keys of objects that need work now."""
        ...

    async def reconcile(self, key: str) -> None:
        """Bring one object one step further; called again until it is no longer due."""
        ...


class ControlLoop:
    """All reconcilers of one run."""

    def __init__(self, hands: Hands, reconcilers: list[Reconciler]) -> None:
        self._hands = hands
        self._reconcilers = reconcilers
        self._working: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._wait: dict[tuple[int, str], tuple[float, str]] = {}
        self._back_off: dict[tuple[int, str], float] = {}
        self._blind: dict[str, str] = {}  # reconcilers that could not name what is due, and why

    async def run(self) -> None:
        """Reconcile until cancelled; work in flight is cancelled with it."""
        loop, world = asyncio.get_running_loop(), self._hands.world
        looked, at = -1, 0.0
        try:
            while True:
                if world.synced() and (world.number != looked or loop.time() - at >= STILL_SECONDS):
                    looked, at = world.number, loop.time()
                    self._look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            for task in self._working.values():
                task.cancel()
            await asyncio.gather(*self._working.values(), return_exceptions=True)

    def _look(self) -> None:
        for index, reconciler in enumerate(self._reconcilers):
            for key in self._due(reconciler):
                place, alone = (index, key), (reconciler.resource, key)
                # One at a time works on an object: a claim is not ended while its instance is being launched.
                if alone not in self._working and not self._waits(place, *alone) and not self._behind(*alone):
                    task = asyncio.ensure_future(self._work(place, reconciler, key))
                    self._working[alone] = task

    def _due(self, reconciler: Reconciler) -> list[str]:
        where = type(reconciler).__name__.lower()
        try:
            return list(reconciler.due())
        except Exception as error:  # a fault in one must not end the others
            if self._blind.get(where) != (told := sentence_of(error)):
                self._blind[where] = told
                self._hands.sink(events.Problem(self._hands.now(), where, f"cannot say what is to be done: {told}"))
            return []

    def _waits(self, place: tuple[int, str], resource: str, key: str) -> bool:
        held = self._wait.get(place)
        if held is None:
            return False
        until, version = held
        changed = version != self._version(resource, key)
        if asyncio.get_running_loop().time() < until and (place in self._back_off or not changed):
            return True
        del self._wait[place]
        return False

    def _behind(self, resource: str, key: str) -> bool:
        """Whether the World is older than our own last write: what is due by it is done already, or else by now."""
        version = self._version(resource, key)
        return version != "" and self._hands.kube.behind(resource, key, version)

    def _version(self, resource: str, key: str) -> str:
        found = self._hands.world.of(resource).get(key)
        return found.metadata.resource_version if found is not None else ""

    async def _work(self, place: tuple[int, str], reconciler: Reconciler, key: str) -> None:
        loop = asyncio.get_running_loop()
        version = self._version(reconciler.resource, key)
        try:
            await reconciler.reconcile(key)
        except Withheld:
            self._wait[place] = (loop.time() + WITHHELD_SECONDS, version)
        except Exception as error:  # a fault in one object's work must neither end nor spin the others'
            if isinstance(error, ApiError) and error.code == 409:
                # Somebody wrote the object meanwhile: look again as soon as that is seen.
                self._wait[place] = (loop.time() + SETTLE_SECONDS, version)
                return
            pause = min(self._back_off.get(place, FIRST_BACK_OFF / 2) * 2, LONGEST_BACK_OFF)
            self._back_off[place] = pause
            self._wait[place] = (loop.time() + pause, version)
            where = f"{type(reconciler).__name__.lower()} {key}"
            self._hands.sink(events.Problem(self._hands.now(), where, f"{sentence_of(error)} (again in {pause:.0f}s)"))
        else:
            self._back_off.pop(place, None)
            self._wait[place] = (loop.time() + SETTLE_SECONDS, version)
        finally:
            self._working.pop((reconciler.resource, key), None)
