"""The demo: an embedded cluster in which karptui is the controller, and a story that is played on it."""

import asyncio
import time
from importlib import import_module
from pathlib import Path

from karptui.cloud.ec2.client import Account, prepare
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.ec2.settings import ClusterSettings
from karptui.kube.connect import Connection, connect
from karptui.kube.source import KubeSource
from karptui.lab.lab import Lab, start_lab
from karptui.lab.manifests import CLUSTER
from karptui.lab.story import Story
from karptui.model.metadata import is_true
from karptui.model.snapshot import Options
from karptui.modes.active import Active
from karptui.world import events

SPEED = 4.0
"""Lab seconds a second: two minutes of spot notice and half a minute of boot are long on a stage."""

DELAYS = {"boot": (16.0, 22.0), "node_ready": (2.0, 4.0), "image_pull": (1.0, 3.0)}


FIRST_FRAME_SECONDS = 0.25
"""Head start of the screen before anything else wants this process."""


class Demo(Active):
    """Active mode on a cluster of its own.

    Plays the story with `seed` at `speed` lab seconds a second; with `stay` the cluster lives on when it is over.
    """

    mode = "DEMO"

    def __init__(
        self, seed: str = "talk", speed: float = SPEED, record: Path | None = None, stay: bool = False
    ) -> None:
        super().__init__(options=Options(), record=record)
        self._seed = seed
        self._speed = speed
        self._stay = stay
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

    async def pause(self, paused: bool) -> None:
        """Stop or start the lab's time."""
        if self._lab is not None:
            await self._lab.pause(paused)

    async def feed(self) -> None:
        """Start the cluster, be its controller, play the story."""
        # The cluster takes two seconds to start in its own processes: time enough to load what talks to it in this one.
        self.spawn(_load())
        self._lab = lab = await start_lab(seed=self._seed, speed=self._speed, delays=DELAYS)
        account = Account(lab.region, lab.ec2, access_key_id="lab", secret_access_key="lab")
        settings = ClusterSettings(
            CLUSTER, endpoint=lab.url, dns="10.100.0.10", service_cidr="10.100.0.0/16", queue=lab.queue
        )
        provider = Ec2Provider(account, settings, seed=self._seed, now=self.now)
        try:
            async with connect(str(lab.kubeconfig)) as connection:
                source = KubeSource(
                    connection, clock=self.now, keep_raw=lambda: self.recording, kind="lab", heartbeat=60.0
                )
                controlling = asyncio.ensure_future(self.control(connection, provider, source))
                playing = asyncio.ensure_future(self._play(connection, lab))
                try:
                    await asyncio.wait((controlling, playing), return_when=asyncio.FIRST_COMPLETED)
                    for task in (controlling, playing):
                        if task.done():
                            await task
                finally:
                    for task in (controlling, playing):
                        task.cancel()
                    await asyncio.gather(controlling, playing, return_exceptions=True)
        finally:
            await provider.close()
            await lab.stop()

    def _usable(self) -> bool:
        """Whether the cluster is seen, every pool is ready and there is something to buy."""
        pools = self.world.of("nodepools").values()
        ready = bool(pools) and all(is_true(pool.conditions, "Ready") for pool in pools)
        return self.world.synced() and ready and bool(self.world.catalogue.types)

    async def _play(self, connection: Connection, lab: Lab) -> None:
        self._story = Story(connection, self.world, self.sink, self.now, lab.clock.sleep, lab.interrupt)
        await self._story.set_up()
        while not self._usable():
            await asyncio.sleep(0.02)
        await self._story.run()
        if self._stay:
            text = (
                f"The story is over and the cluster lives on: kubectl --kubeconfig {lab.kubeconfig} get nodeclaims -w"
            )
            self.sink(events.Narrated(self.now(), 3, text))
            await lab.wait()


async def _load() -> None:
    await asyncio.sleep(FIRST_FRAME_SECONDS)
    await asyncio.to_thread(_load_clients)


def _load_clients() -> None:
    import_module("karptui.kube.kubeconfig")
    prepare(("ec2", "ssm", "iam", "sqs"))
