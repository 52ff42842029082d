"""A controller in a process of its own, to be killed: forked from one that has loaded everything already."""

import asyncio
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.api.client import prepare
from karptui.kube.connect import connect, load_client
from karptui.lab.clock import Clock, ClockState
from karptui.lab.lab import Lab
from tests.chaos.death import SERVICES, Death, Point
from tests.control.active_cluster import ActiveCluster

ANSWER_SECONDS = 120.0
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.chaos.loaded"])


class Place(Struct):
    """Where a controller works: what it has to know of the lab."""

    url: str
    ec2: str
    queue: str
    region: str
    kubeconfig: str
    clock: ClockState


def load() -> None:
    """Everything that a controller needs, once for all that are forked from this process."""
    prepare(SERVICES)
    load_client()


class Controller:
    """Runs from `start` until it is killed: `died` is set then, and `where` says at which call ("" if at none)."""

    def __init__(self, lab: Lab) -> None:
        self.died = asyncio.Event()
        self.where = ""
        self.fault = ""
        """What ended it if no signal did."""
        place = Place(lab.url, lab.ec2, lab.queue, lab.region, str(lab.kubeconfig), lab.clock.state())
        self._pipe, theirs = FORKS.Pipe()
        self._process = FORKS.Process(target=control, args=(place, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._answers: asyncio.Queue[int] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pipe.fileno(), self._read)

    async def arm(self, point: Point | None) -> None:
        """Count calls from one again; die at the point, if there is one."""
        await self._ask(("arm", point))

    async def calls(self) -> int:
        """How many there were since the last arming."""
        return await self._ask(("count", None))

    def kill(self) -> None:
        """SIGKILL, if it is alive."""
        self._process.kill()
        self._process.join()
        if not self._pipe.closed:
            self._loop.remove_reader(self._pipe.fileno())
            self._pipe.close()

    async def _ask(self, question: tuple[str, Point | None]) -> int:
        try:
            self._pipe.send(question)
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._answers.get()
        except (OSError, TimeoutError) as error:
            raise AssertionError(f"the controller's process does not answer: {self.fault or error!r}") from error

    def _read(self) -> None:
        try:
            found: int | str = self._pipe.recv()
        except (EOFError, OSError):
            self._loop.remove_reader(self._pipe.fileno())
            self._pipe.close()
            self._process.join()
            if self._process.exitcode != -signal.SIGKILL:
                self.fault = self.where or f"exit code {self._process.exitcode}"
            self.died.set()
            return
        if isinstance(found, int):
            self._answers.put_nowait(found)
        else:
            self.where = found


def control(place: Place, pipe: Pipe) -> None:
    """What the process does."""
    try:
        asyncio.run(_control(place, pipe))
    except BaseException as error:
        pipe.send(f"the controller ended: {error!r}")
        raise


async def _control(place: Place, pipe: Pipe) -> None:
    death = Death(pipe.send)

    def obey() -> None:
        try:
            what, point = pipe.recv()
        except (EOFError, OSError):
            os._exit(0)  # whoever started us is gone
        if what == "arm":
            death.arm(point)
        pipe.send(death.calls)

    clock = Clock()
    clock.adopt(place.clock)
    lab: Any = SimpleNamespace(
        **{name: getattr(place, name) for name in ("url", "ec2", "queue", "region")},
        kubeconfig=Path(place.kubeconfig),
        clock=clock,
        last_words="",
    )
    async with connect(place.kubeconfig) as connection:
        cluster = ActiveCluster(lab, connection)
        cluster.hook, cluster.prepare_aws = death.write, death.watch
        cluster.patience = float("inf")
        await cluster.start()
        asyncio.get_running_loop().add_reader(pipe.fileno(), obey)
        await cluster.until(lambda: False, "nothing: its controllers never end")
