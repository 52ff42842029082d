"""Shadow mode: foresee and judge, beside a running Karpenter or over a recording of one."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from karptui.cloud.catalogue import DEFAULT_REGION
from karptui.cloud.choose import catalogue_for
from karptui.failure import Failure
from karptui.kube.clean import clean
from karptui.kube.connect import Connection, connect
from karptui.kube.errors import KubeError
from karptui.kube.source import KubeSource
from karptui.model.snapshot import Options
from karptui.modes.run import Run
from karptui.shadow import deployment, metrics
from karptui.shadow.inputs import AVAILABILITY, SETTINGS, VERSION, settings_text
from karptui.shadow.journal import Journal
from karptui.shadow.judged import Judged
from karptui.shadow.judging import judge_recording
from karptui.shadow.keeping import Keeping
from karptui.shadow.memory import Memory, read_memory
from karptui.shadow.observer import Observer
from karptui.shadow.watch import Watch
from karptui.world import events
from karptui.world.planning import Planner
from karptui.world.world import World

LOOK_SECONDS = 0.1
SCRAPE_SECONDS = 30.0
ENGINE_SHARE = 4.0
"""Supposed passes may take a fifth of a core: what one costs is waited this many times over."""


class Shadow(Run):
    """Watches a cluster with a Karpenter in it and judges what it foresees; it sends nothing but reads."""

    mode = "SHADOW"
    chooses_catalogue = True

    def __init__(
        self,
        kubeconfig: str | None = None,
        context: str | None = None,
        options: Options | None = None,
        record: Path | None = None,
        region: str = DEFAULT_REGION,
        journal: Path | None = None,
        metrics_url: str = "",
    ) -> None:
        super().__init__(options, record, region)
        memory = read_memory(journal) if journal is not None else Memory()
        self._watch = Watch(self.world, super().sink, memory)
        self.watch = self._watch
        self._kubeconfig, self._context = kubeconfig, context
        self._metrics_url = metrics_url
        self._namespace = self._name = ""
        self._scraped = metrics.Told()
        self._keeping = Keeping(self.observer, Journal(journal)) if journal is not None else None

    @property
    def observer(self) -> Observer:
        """What foresees and judges."""
        return self._watch.observer

    @property
    def judged(self) -> list[Judged]:
        """Every verdict, those of earlier runs first."""
        return self._watch.cases.judged

    @property
    def blind(self) -> dict[str, str]:
        """What could not be known, and why."""
        return self._watch.inputs.blind

    def sink(self, event: events.Event) -> None:
        """What follows from an event is foreseen before it is taken in."""
        if self._keeping is not None:
            self._keeping.before(event)
        self.observer.before(event)
        super().sink(event)
        began, drafts = time.process_time(), self.observer.rounds.drafts
        self.observer.after(event)
        self._go_easy(began, drafts)
        if isinstance(event, events.CatalogueSeen):
            self._take_told(event.at)

    def planner(self) -> Planner:
        """Only previews: what is decided is Karpenter's."""
        return Planner(self.world, self.sink, self.now, decides=False)

    async def start(self) -> None:
        """Begin; returns at once."""
        await super().start()
        self.spawn(self._look())
        self.spawn(judging(self.observer))

    async def stop(self) -> None:
        """Judge what is open, finish the journal."""
        await super().stop()
        self.observer.finish()
        while await asyncio.to_thread(self.observer.judge.next):
            pass
        self._catch_up()
        if self._keeping is not None:
            self._keeping.close(self.now())
            self._keeping = None

    async def feed(self) -> None:
        """Watch until cancelled."""
        try:
            async with connect(self._kubeconfig, self._context) as connection:
                self.connection = connection
                await self._introduce(connection)
                self.spawn(self._scrape(connection))
                source = KubeSource(connection, clock=self.now, keep_raw=lambda: self.recording)
                await source.run(self.sink)
        except KubeError as error:
            raise Failure(str(error)) from error

    # -- Karpenter itself ----------------------------------------------------------------------------------------------

    async def _introduce(self, connection: Connection) -> None:
        """Find Karpenter's Deployment: its version and settings, or say what that leaves unknown."""
        query = {"labelSelector": deployment.LABEL, "limit": 5}
        try:
            answer = await connection.request("GET", deployment.PATH, query=query, verb="list", timeout=10.0)
            items = json.loads(answer).get("items") or []
            found = next((entry for entry in map(deployment.installed_by, items) if entry is not None), None)
        except (KubeError, ValueError) as error:
            self._blind("Deployment", f"Karpenter's version and settings are taken for the defaults: {error}")
            return
        if found is None:
            self._blind("Deployment", f"no Deployment has the label {deployment.LABEL}: default settings are taken")
            return
        self._namespace, self._name = found.namespace, found.name
        where = f"its Deployment {found.namespace}/{found.name}"
        self._watch.inputs.tell(VERSION, found.options.karpenter_version, where, self.now())
        self._watch.inputs.tell(SETTINGS, settings_text(found.options), where, self.now())
        self.sink(events.SettingsSeen(self.now(), found.options))

    async def _scrape(self, connection: Connection) -> None:
        """Karpenter's metrics, now and then: its prices, and what it holds for unavailable."""
        while True:
            try:
                text = await self._metrics_text(connection)
            except (KubeError, OSError, ValueError, TimeoutError) as error:
                self._blind(
                    "metrics", f"prices are not Karpenter's own, as its metrics cannot be read: {clean(str(error))}"
                )
            else:
                self.blind.pop("metrics", None)
                self._scraped = metrics.told_by(text)
                self._take_told(self.now())
                self._take_version()
            await asyncio.sleep(SCRAPE_SECONDS)

    async def _metrics_text(self, connection: Connection) -> str:
        if self._metrics_url:
            import aiohttp

            timeout = aiohttp.ClientTimeout(total=10.0)
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(self._metrics_url) as answer:
                return await answer.text()
        if not self._namespace:
            raise ValueError("it is not known where Karpenter runs; name its metrics with --metrics-url")
        path = f"/api/v1/namespaces/{self._namespace}/services/{self._name}:http-metrics/proxy/metrics"
        answer = await connection.request("GET", path, verb="get", timeout=10.0)
        return answer.decode(errors="replace")

    def _take_version(self) -> None:
        """Karpenter's metrics name its version too: where its Deployment may not be read, that is what is known."""
        version = self._scraped.version
        if self._namespace or not version or version == self.world.options.karpenter_version:
            return
        self._watch.inputs.tell(VERSION, version, "its metrics", self.now())
        self.sink(events.SettingsSeen(self.now(), replace(self.world.options, karpenter_version=version)))

    def _take_told(self, at: float) -> None:
        if self._scraped.available:
            gone = sum(not available for available in self._scraped.available.values())
            text = f"{len(self._scraped.available):,} offerings, {gone:,} not available"
            self._watch.inputs.tell(AVAILABILITY, text, "Karpenter's metrics", at)
        if not self._scraped.prices and not self._scraped.available:
            return
        catalogue = metrics.with_told(self.world.catalogue, self._scraped, at)
        if catalogue is not self.world.catalogue:
            self.take_in(events.CatalogueSeen(at, catalogue))
        self.observer.karpenters = self.world.catalogue

    def _blind(self, what: str, sentence: str) -> None:
        if self.blind.get(what) != sentence:
            self.blind[what] = sentence
            self.sink(events.Problem(self.now(), what, sentence))

    # -- foreseeing ----------------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self.world.synced():
                continue
            began, drafts = time.process_time(), self.observer.rounds.drafts
            self.observer.advance(self.now())
            self.observer.passes.go_easy(ENGINE_SHARE * (time.process_time() - began))
            self._go_easy(began, drafts)
            self._catch_up()

    def _go_easy(self, began: float, drafts: int) -> None:
        """Provisional answers take a fifth of a core at most."""
        if self.observer.rounds.drafts != drafts:
            self.observer.rounds.go_easy(ENGINE_SHARE * (time.process_time() - began))

    def _catch_up(self) -> None:
        """Tell the World and the journal what is new."""
        rounds, cases = self._watch.catch_up()
        if cases and self.bundles is not None:
            self.bundles.take([case.entry for case in cases if case.entry is not None], self.observer.pairs)
        if self._keeping is not None:
            self._keeping.take(rounds, cases, self.now())


async def judging(observer: Observer) -> None:
    """Judge what waits for it, beside the event loop."""
    while True:
        if not await asyncio.to_thread(observer.judge.next):
            await asyncio.sleep(LOOK_SECONDS)


def judged_recording(
    path: Path, region: str = DEFAULT_REGION, judged: Callable[[Observer], None] | None = None
) -> Observer:
    """A recording judged to its end. Where it names no instance types, those that suit the cluster are taken.

    `judged` is called whenever there are new verdicts, and may let the Observer forget.
    """
    return judge_recording(path, Chosen(region).prepare, judged)


class Chosen:
    """The instance types of a recording that may not name its own."""

    def __init__(self, region: str = DEFAULT_REGION) -> None:
        self._region = region
        self._named = False

    def prepare(
        self, event: events.Event, world: World, take_in: Callable[[events.Event], None] | None = None
    ) -> list[events.Event]:
        """Give the World the types that suit what it has seen; `take_in` does so where more than the World listens."""
        if isinstance(event, events.CatalogueSeen):
            self._named = True
        if self._named or not isinstance(event, events.ObjectSeen):
            return []
        if event.resource not in ("nodes", "nodepools") and not event.resource.endswith("nodeclasses"):
            return []
        catalogue = catalogue_for(world, self._region)
        if catalogue is not world.catalogue:
            (take_in or world.apply)(events.CatalogueSeen(event.at, catalogue))
        return []
