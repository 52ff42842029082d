"""The demo's story: three acts, each a few things a user does, and what to wait for before the next."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from karptui.kube.connect import Connection
from karptui.kube.decode import BY_KIND
from karptui.lab import manifests
from karptui.model.decision import DecisionKind
from karptui.model.metadata import is_true
from karptui.world import events
from karptui.world.world import World

BY_HAND_SECONDS = 86400.0
"""A presenter may take a day for a step."""
PATIENCE_SECONDS = 150.0  # of the lab's clock: a step that does not come about is passed over, so a demo never hangs

ACTS = ("Nothing fits", "A burst, and spot is lost", "The evening")


@dataclass(frozen=True, slots=True)
class Step:
    """Say `text`, do `action`, wait until `done`, then pause (seconds of the lab's clock) or until somebody goes on.

    `name` is the step in two or three words.
    """

    act: int
    name: str
    text: str
    action: Callable[[], Awaitable[None]]
    done: Callable[[], bool]
    pause: float = 6.0


class Story:
    """Plays the steps. `now` and `sleep` are the lab's clock; `interrupt(id)` makes EC2 reclaim an instance.

    `by_hand`: a step that has come about waits for `advance`, and one that has not cannot be left, so that one key is
    one step.
    """

    def __init__(
        self,
        connection: Connection,
        world: World,
        sink: Callable[[events.Event], None],
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        interrupt: Callable[[str], Awaitable[None]],
        by_hand: bool = False,
    ) -> None:
        self._connection = connection
        self._world = world
        self._sink = sink
        self._now = now
        self._sleep = sleep
        self._interrupt = interrupt
        self._go_on = asyncio.Event()
        self._by_hand = by_hand
        self._waits = False
        self._victim = ""

    def advance(self) -> None:
        """Do not wait any longer: go on with the next step."""
        if self._waits or not self._by_hand:
            self._go_on.set()

    async def set_up(self) -> None:
        """What stands before the first act."""
        names = ("shop", "payments", "ml")
        namespaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]
        await asyncio.gather(*map(self.apply, (manifests.node_class(), *namespaces)))
        others = (*manifests.node_pools(), *manifests.daemon_sets(), *manifests.workloads())
        await asyncio.gather(*map(self.apply, others))

    async def run(self) -> None:
        """Play to the end."""
        steps = list(self._steps())
        for place, step in enumerate(steps):
            self._go_on.clear()
            told = events.Narrated(
                self._now(),
                step.act,
                step.text,
                acts=len(ACTS),
                title=ACTS[step.act - 1],
                step=place + 1,
                steps=len(steps),
                following=steps[place + 1].name if place + 1 < len(steps) else "",
            )
            self._sink(told)
            await step.action()
            await self._until(step.done, PATIENCE_SECONDS)
            now = self._now()
            pause = BY_HAND_SECONDS if self._by_hand and told.following else step.pause
            self._waits = True
            self._sink(replace(told, at=now, goes_on=now + pause))
            await self._until(lambda: False, pause)
            self._waits = False

    def _steps(self) -> Iterable[Step]:
        scale, settled = self._scaler, self._settled
        yield Step(
            1,
            "scale up",
            "Act 1: somebody scales inflate from 0 to 5; nothing in the cluster has room",
            scale({"default/inflate": 5}),
            lambda: self._running("default") >= 5 and settled(),
        )
        yield Step(
            2,
            "a burst",
            "Act 2: a burst: 12 checkout pods on spot, 2 ledger pods on demand, 1 trainer that needs a GPU",
            scale({"shop/checkout": 12, "payments/ledger": 2, "ml/trainer": 1}),
            lambda: self._running("shop", "payments", "ml") >= 15 and settled(),
        )
        yield Step(
            2,
            "spot is reclaimed",
            "Act 2: EC2 reclaims the spot instance under checkout: two minutes, and its pods must be elsewhere",
            self._interrupt_spot,
            lambda: self._replaced() and self._running("shop", "payments", "ml") >= 15,
        )
        yield Step(
            3,
            "the evening",
            "Act 3: the evening: most of it is scaled away; what is left is moved together, and the rest given back",
            scale({"default/inflate": 1, "shop/checkout": 0, "payments/ledger": 1, "ml/trainer": 0}),
            lambda: self._consolidated() and len(self._world.of("nodeclaims")) == 1 and settled(),
        )

    # -- what a user does --------------------------------------------------------------------------------------------

    async def apply(self, manifest: manifests.Manifest) -> None:
        """POST one object."""
        resource = BY_KIND[manifest["kind"]]
        path = resource.path(manifest["apiVersion"].rpartition("/")[2], manifest["metadata"].get("namespace", ""))
        await self._connection.request("POST", path, manifest)

    def _scaler(self, replicas: dict[str, int]) -> Callable[[], Awaitable[None]]:
        async def scale() -> None:
            for name, count in replicas.items():
                namespace, _, deployment = name.partition("/")
                path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}/scale"
                body = json.dumps({"spec": {"replicas": count}}).encode()
                await self._connection.request("PATCH", path, body, content_type="application/merge-patch+json")

        return scale

    async def _interrupt_spot(self) -> None:
        pods: dict[str, int] = {}
        for key, pod in self._world.of("pods").items():
            if key.startswith("shop/") and pod.node_name:
                pods[pod.node_name] = pods.get(pod.node_name, 0) + 1
        spot = [name for name in sorted(pods, key=lambda name: -pods[name]) if self._is_spot(name)]
        if spot:
            self._victim = spot[0]
            node = self._world.of("nodes")[self._victim]
            await self._interrupt(node.provider_id.rpartition("/")[2])

    # -- what it waits for -------------------------------------------------------------------------------------------

    def _is_spot(self, node: str) -> bool:
        found = self._world.of("nodes").get(node)
        return found is not None and found.capacity_type == "spot"

    def _running(self, *namespaces: str) -> int:
        return sum(
            is_true(pod.conditions, "Ready") and not pod.terminating
            for pod in self._world.of("pods").values()
            if pod.metadata.namespace in namespaces and not pod.daemon
        )

    def _settled(self) -> bool:
        claims = self._world.of("nodeclaims").values()
        return not self._world.pending and all(is_true(claim.conditions, "Initialized") for claim in claims)

    def _replaced(self) -> bool:
        return self._victim not in self._world.of("nodes") and self._settled()

    def _consolidated(self) -> bool:
        """Whether a node has been replaced by a cheaper one and is gone."""
        nodes = self._world.of("nodes")
        return any(
            decision.kind is DecisionKind.REPLACE and not any(name in nodes for name in decision.nodes)
            for decision in self._world.decisions.values()
        )

    async def _until(self, done: Callable[[], bool], limit: float) -> None:
        end = self._now() + limit
        while not done() and not self._go_on.is_set() and self._now() < end:
            await self._sleep(0.2)
