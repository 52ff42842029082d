"""An embedded cluster with karptui as its controller, for tests: everything real but the machines."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.api.client import Account, AwsClients
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.provider import Launched
from karptui.control.active import Controllers
from karptui.control.by_hand import ByHand
from karptui.control.hands import Hands
from karptui.control.objects import Objects
from karptui.control.provisioning.offerings import Offerings
from karptui.control.safety.gate import Gate, Hook
from karptui.control.safety.gated import GatedProvider
from karptui.kube.connect import Connection, connect
from karptui.kube.decode import BY_KIND
from karptui.kube.source import KubeSource
from karptui.lab import manifests
from karptui.lab.lab import Lab, start_lab
from karptui.model.labels import DISRUPTED
from karptui.model.metadata import is_true
from karptui.model.snapshot import Options
from karptui.world import events
from karptui.world.planning import Planner
from karptui.world.world import World

PATIENCE = 60.0  # real seconds
SPEED = 20.0


class ActiveCluster:
    """The World of one controller process; `restart` kills it wherever it is and starts another one."""

    def __init__(self, lab: Lab, connection: Connection) -> None:
        self.lab = lab
        self.connection = connection
        self.options = Options()
        self.world = World()
        self.seen: list[events.Event] = []
        self.hook: Hook | None = None
        self.aws_url = lab.ec2
        self.patience = PATIENCE
        self.waits: Callable[[], bool] = lambda: False
        """As long as it says so no batch closes."""
        self.prepare_aws: Callable[[AwsClients], Awaitable[None]] | None = None
        """Given the controller's own AWS clients before it begins."""
        self._rounds = 0
        self._listener: Callable[[events.Event], None] | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._provider: Ec2Provider | None = None
        self._eyes = self._provider_at(lab.ec2)

    async def start(self) -> None:
        self.world = World(self.options)
        now = self.lab.clock.now
        self._provider = self._provider_at(self.aws_url)
        gate = Gate(self.sink, now, hook=self.hook)
        if self.prepare_aws is not None:
            await self.prepare_aws(self._provider.clients)
        provider = GatedProvider(self._provider, gate)
        objects = Objects(self.connection, gate)
        hands = Hands(self.world, objects, provider, self.sink, now, self.lab.clock.sleep)
        self.by_hand = ByHand(hands.brakes, self.sink, now)
        self.by_hand.begin(hands)
        controllers = Controllers(hands)
        planner = Planner(
            self.world,
            self.sink,
            now,
            take=controllers.take,
            waits=lambda: self._holds(controllers),
            leaving=lambda: controllers.leaving,
        )
        source = KubeSource(self.connection, clock=now, kind="lab", heartbeat=60.0)
        work = (source.run(self.sink), Offerings(hands).run(), controllers.run(), planner.run())
        self._tasks = [asyncio.create_task(part) for part in work]

    def _holds(self, controllers: Controllers) -> bool:
        """What `waits` says now: it may be set while the controllers run."""
        return self.waits() or controllers.making

    async def kill(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._provider is not None:
            await self._provider.close()
            self._provider = None

    async def leave(self) -> None:
        """Kill it, and look no more either."""
        await self.kill()
        await self._eyes.close()

    def _provider_at(self, url: str) -> Ec2Provider:
        settings = ClusterSettings(
            manifests.CLUSTER,
            endpoint=self.lab.url,
            dns="10.100.0.10",
            service_cidr="10.100.0.0/16",
            queue=self.lab.queue,
        )
        account = Account(self.lab.region, url, access_key_id="lab", secret_access_key="lab")
        return Ec2Provider(account, settings, now=self.lab.clock.now)

    async def crash(self) -> None:
        """As SIGKILL does: nothing is tidied up but what would hold this process' own sockets."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._provider is not None:
            await self._provider.clients.close()

    async def ever_launched(self) -> list[dict[str, Any]]:
        """Every instance that ever was, as EC2 describes it to the test."""
        found = await (await self._eyes.clients.get("ec2")).describe_instances()
        return [instance for entry in found["Reservations"] for instance in entry["Instances"]]

    async def client(self, service: str) -> Any:
        """The controller's own client of an AWS service."""
        assert self._provider is not None
        return await self._provider.clients.get(service)

    async def restart(self) -> None:
        await self.kill()
        await self.start()

    def sink(self, event: events.Event) -> None:
        if self._listener is not None:
            self._listener(event)
        self.seen.append(event)
        self.world.apply(event)

    def listen(self, listener: Callable[[events.Event], None]) -> None:
        """Let somebody hear of each event before the World does."""
        self._listener = listener

    async def apply(self, manifest: dict[str, Any]) -> None:
        resource = BY_KIND[manifest["kind"]]
        path = resource.path(manifest["apiVersion"].rpartition("/")[2], manifest["metadata"].get("namespace", ""))
        await self.connection.request("POST", path, manifest)

    async def scale(self, deployment: str, replicas: int) -> None:
        path = f"/apis/apps/v1/namespaces/default/deployments/{deployment}/scale"
        body = json.dumps({"spec": {"replicas": replicas}}).encode()
        await self.connection.request("PATCH", path, body, content_type="application/merge-patch+json")

    def next_round(self) -> str:
        """Another text each time, for what must differ from every earlier one."""
        self._rounds += 1
        return f"round-{self._rounds}"

    async def edit_pool(self, pool: str, labels: dict[str, str]) -> None:
        """Give a NodePool's template other labels: its nodes have drifted."""
        changed = {"spec": {"template": {"metadata": {"labels": labels}}}}
        await self.patch(f"/apis/karpenter.sh/v1/nodepools/{pool}", changed)

    async def patch(self, path: str, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        await self.connection.request("PATCH", path, text, content_type="application/merge-patch+json")

    async def get(self, path: str) -> dict[str, Any]:
        return json.loads(await self.connection.request("GET", path))

    async def instances(self) -> list[Launched]:
        """What has not ended, as the test itself sees it."""
        return await self._eyes.list()

    async def until(self, done: Callable[[], bool], what: str) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self.patience
        while not done():
            running = [task for task in self._tasks if task.done() and not task.cancelled()]
            assert not running, f"waiting for {what}, but a controller ended: {running[0].exception()!r}"
            assert loop.time() < end, f"{what} did not happen in {self.patience:.0f}s; {self.told()}"
            await asyncio.sleep(0.02)

    def told(self) -> str:
        problems = [event.message for event in self.seen if isinstance(event, events.Problem)]
        claims = {key: [entry.type for entry in claim.conditions] for key, claim in self.world.of("nodeclaims").items()}
        return f"problems {problems[-3:]}, the lab said {self.lab.last_words!r}, NodeClaims {claims}"

    def bound(self, prefix: str = "default/") -> int:
        pods = self.world.of("pods").items()
        return sum(bool(pod.node_name) and not pod.terminating for key, pod in pods if key.startswith(prefix))


def settled(world: World) -> bool:
    """Nothing waits, nothing is on its way, nothing is marked to go."""
    claims = world.of("nodeclaims").values()
    going = any(taint.key == DISRUPTED for node in world.of("nodes").values() for taint in node.taints)
    ready = all(is_true(claim.conditions, "Initialized") and claim.metadata.deleted is None for claim in claims)
    return world.synced() and not world.pending and ready and not going and len(world.of("nodes")) == len(claims)


@asynccontextmanager
async def active_cluster(speed: float = SPEED, started: bool = True) -> AsyncIterator[ActiveCluster]:
    lab = await start_lab(speed=speed)
    try:
        async with connect(str(lab.kubeconfig)) as connection:
            cluster = ActiveCluster(lab, connection)
            for manifest in (manifests.node_class(), *manifests.node_pools(), *manifests.daemon_sets()):
                await cluster.apply(manifest)
            if started:
                await cluster.start()
            try:
                yield cluster
            finally:
                await cluster.leave()
    finally:
        await lab.stop()
