"""The demo: an embedded cluster in which karptui is the controller, and a story that is played on it."""

import asyncio
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from karptui.failure import Failure
from karptui.kube.connect import Connection, connect, load_client
from karptui.lab.lab import Lab, start_lab
from karptui.model.metadata import is_true
from karptui.model.snapshot import Options
from karptui.modes.active import Active
from karptui.world import events

if TYPE_CHECKING:
    from karptui.lab.story import Story

SPEED = 4.0
"""Lab seconds a second: two minutes of spot notice and half a minute of boot are long on a stage."""

DELAYS = {"boot": (16.0, 22.0), "node_ready": (2.0, 4.0), "image_pull": (1.0, 3.0)}


FIRST_FRAME_SECONDS = 0.25
"""Head start of the screen before anything else wants this process."""


class Demo(Active):
    """Active mode on a cluster of its own.

    Plays the story with `seed` at `speed` lab seconds a second; with `stay` the cluster lives on when it is over,
    `by_hand` a presenter's key begins every step.
    """

    mode = "DEMO"

    def __init__(
        self,
        seed: str = "talk",
        speed: float = SPEED,
        record: Path | None = None,
        stay: bool = False,
        by_hand: bool = False,
    ) -> None:
        super().__init__(options=Options(), record=record)
        self._seed = seed
        self._speed = speed
        self._stay = stay
        self._by_hand = by_hand
        self._cold = True
        self._lab: Lab | None = None
        self._story: Story | None = None

    @property
    def kubeconfig(self) -> Path | None:
        """For kubectl beside the demo, once the cluster is up."""
        return self._lab.kubeconfig if self._lab is not None else None

    def now(self) -> float:
        """The lab's time."""
        return self._lab.clock.now() if self._lab is not None else time.time()

    async def sleep(self, seconds: float) -> None:
        """By the lab's time."""
        if self._lab is not None:
            await self._lab.clock.sleep(seconds)

    def advance(self) -> None:
        """On with the story."""
        if self._story is not None:
            self._story.advance()

    @property
    def paused(self) -> bool:
        """Whether the lab's time stands still."""
        return self._lab is not None and self._lab.clock.paused

    async def pause(self, paused: bool) -> None:
        """Stop or start the lab's time."""
        if self._lab is not None:
            await self._lab.pause(paused)

    def warming_up(self) -> bool:
        """Until every pool is ready and there is something to buy."""
        if self._cold:
            pools = self.world.of("nodepools").values()
            ready = bool(pools) and all(is_true(pool.conditions, "Ready") for pool in pools)
            self._cold = not (ready and self.world.catalogue.types)
        return self._cold

    async def feed(self) -> None:
        """Start the cluster, be its controller, play the story."""
        # Its processes start while this one loads what talks to them.
        starting = asyncio.ensure_future(start_lab(seed=self._seed, speed=self._speed, delays=DELAYS))
        try:
            await asyncio.sleep(FIRST_FRAME_SECONDS if self._stay else 0)
            await asyncio.to_thread(_load_clients)
            self._lab = await starting
            async with connect(str(self._lab.kubeconfig)) as connection:
                await self._run(connection, self._lab)
        finally:
            starting.cancel()
            for lab in await asyncio.gather(starting, return_exceptions=True):
                if isinstance(lab, Lab):
                    await lab.stop()

    async def _run(self, connection: Connection, lab: Lab) -> None:
        """Watch, control and play until the story is over. Raises Failure if the cluster ends before that."""
        from karptui.kube.source import KubeSource

        source = KubeSource(connection, clock=self.now, keep_raw=lambda: self.recording, kind="lab", heartbeat=60.0)
        parts = (source.run(self.sink), self._control(connection, lab), self._play(connection, lab), lab.wait())
        ending = [asyncio.ensure_future(part) for part in parts]
        try:
            done, _ = await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
            if ending[-1] in done:
                raise Failure(f"the embedded cluster ended: {lab.last_words or 'it said nothing'}")
            for task in done:
                await task
        finally:
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)

    async def _control(self, connection: Connection, lab: Lab) -> None:
        await asyncio.to_thread(_load_controllers)
        from karptui.cloud.ec2.account.settings import ClusterSettings
        from karptui.cloud.ec2.api.client import Account
        from karptui.cloud.ec2.provider import Ec2Provider
        from karptui.lab.manifests import CLUSTER

        account = Account(lab.region, lab.ec2, access_key_id="lab", secret_access_key="lab")
        settings = ClusterSettings(
            CLUSTER, endpoint=lab.url, dns="10.100.0.10", service_cidr="10.100.0.0/16", queue=lab.queue
        )
        provider = Ec2Provider(account, settings, seed=self._seed, now=self.now)
        try:
            await self.control(connection, provider)
        finally:
            await provider.close()

    async def _play(self, connection: Connection, lab: Lab) -> None:
        from karptui.lab.story import Story

        self._story = Story(connection, self.world, self.sink, self.now, lab.clock.sleep, lab.interrupt, self._by_hand)
        await self._story.set_up()
        while not self.world.synced():
            await asyncio.sleep(0.02)
        await self._story.run()
        if self._stay:
            text = (
                f"The story is over and the cluster lives on: kubectl --kubeconfig {lab.kubeconfig} get nodeclaims -w"
            )
            self.sink(events.Narrated(self.now(), 3, text))
            await lab.wait()


def _load_clients() -> None:
    load_client()
    for module in ("karptui.kube.source", "karptui.lab.story"):
        import_module(module)


def _load_controllers() -> None:
    for module in ("karptui.control.active", "karptui.cloud.ec2.provider", "karptui.lab.manifests"):
        import_module(module)
    from karptui.cloud.ec2.api.client import prepare

    prepare(("ec2", "ssm", "iam", "sqs"))
