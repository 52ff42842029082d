"""The loop that every controller has: keys of objects that may need work, each worked on by one worker at a time."""

from __future__ import annotations

import asyncio
import logging

from karptui.lab.cluster.api import UNREACHABLE, Refused
from karptui.lab.cluster.context import ControllerContext

FIRST_RETRY, LAST_RETRY = 0.02, 30.0
"""Real seconds between tries of a key that fails, doubling (client-go: 5 ms to 1,000 s)."""
log = logging.getLogger(__name__)


class Controller:
    """Subclasses add keys from informer handlers and do the work in `sync(key)`; raising makes it be tried again."""

    name = "controller"
    workers = 2
    settle = 0.0
    """Real seconds between two syncs of one key: a burst of changes to a large object is looked at as one."""

    def __init__(self, context: ControllerContext) -> None:
        self.context = context
        self.api = context.api
        self._waiting: dict[str, None] = {}
        self._busy: set[str] = set()
        self._failures: dict[str, int] = {}
        self._work = asyncio.Event()
        self._later: dict[str, float] = {}
        self._worked: dict[str, float] = {}
        self._settling: set[str] = set()

    async def sync(self, key: str) -> None:
        """Bring the cluster one step closer to what the object named `key` asks for."""
        raise NotImplementedError

    def add(self, key: str) -> None:
        """Have the key worked on soon; "" is nothing."""
        if not key or key in self._settling:
            return
        if self.settle:
            loop = asyncio.get_running_loop()
            left = self._worked.get(key, 0.0) + self.settle - loop.time()
            if left > 0:
                self._settling.add(key)
                loop.call_later(left, self._settled, key)
                return
        self._waiting[key] = None
        self._work.set()

    def _settled(self, key: str) -> None:
        self._settling.discard(key)
        self._waiting[key] = None
        self._work.set()

    def add_after(self, key: str, seconds: float) -> None:
        """Add the key in so many lab seconds; only the earliest of several such wishes is kept."""
        due = self.context.clock.now() + seconds
        if self._later.get(key, due + 1) <= due:
            return
        self._later[key] = due

        def wake() -> None:
            if self._later.get(key) == due:
                del self._later[key]
                self.add(key)

        self.context.timers.after(seconds, wake)

    async def run(self) -> None:
        """Work until cancelled."""
        await self.context.synced()
        async with asyncio.TaskGroup() as group:
            for _ in range(self.workers):
                group.create_task(self._worker())

    async def _worker(self) -> None:
        while True:
            key = next((key for key in self._waiting if key not in self._busy), None)
            if key is None:
                self._work.clear()
                await self._work.wait()
                continue
            del self._waiting[key]
            self._busy.add(key)
            if self.settle:
                self._worked[key] = asyncio.get_running_loop().time()
            try:
                await self.sync(key)
                self._failures.pop(key, None)
            except (Refused, *UNREACHABLE) as error:
                self._retry(key, error)
            except Exception:
                log.exception("%s: %s", self.name, key)
                self._retry(key, None)
            finally:
                self._busy.discard(key)
                if self._waiting:
                    self._work.set()

    def _retry(self, key: str, error: BaseException | None) -> None:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        # Conflicts and vanished objects are everyday life: the next event brings the truth.
        level = logging.DEBUG if isinstance(error, Refused) and error.code in (404, 409) else logging.INFO
        log.log(level, "%s: %s: %s", self.name, key, error)
        pause = min(FIRST_RETRY * 2 ** min(failures, 12), LAST_RETRY)
        asyncio.get_running_loop().call_later(pause, self.add, key)
