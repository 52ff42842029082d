"""Decisions into NodeClaims (spec/scheduling.md 9), and the events that tell pods where they are meant to go."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping
from operator import itemgetter
from time import monotonic
from typing import Any

from karptui.control.hands import Hands
from karptui.control.objects import SEEN_SECONDS
from karptui.control.provisioning.pool_capacity import PoolLimits
from karptui.control.safety.brakes import Pace
from karptui.control.safety.gate import Withheld
from karptui.engine.explain.event_text import failed_text, no_types_text, nominated_text
from karptui.engine.provisioning.node_claim import node_claim_object
from karptui.failure import Failure, sentence_of
from karptui.model.decision import Decision, DecisionKind, PlannedClaim, Reason
from karptui.model.labels import TERMINATION_FINALIZER
from karptui.world import events

NOMINATIONS_AT_ONCE, NOMINATIONS_PER_SECOND = 10, 5.0
"""Events that tell pods where they are meant to go: those above this rate are left out (spec/lifecycle.md, Events)."""
REFUSALS_AT_ONCE, REFUSALS_PER_SECOND = 100, 10.0
"""Events that tell pods why there is no place for them. Karpenter writes all: too many, for ten thousand pods."""


class TokenBucket:
    """So many at once, and so many a second after that."""

    def __init__(self, size: int, rate: float) -> None:
        self._size = size
        self._rate = rate
        self._left = float(size)
        self._at = 0.0

    def take(self, now: float) -> bool:
        """Take one token at `now` (epoch seconds); False if there is none."""
        self._left = min(self._left + (now - self._at) * self._rate, self._size)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Provisioner:
    """Carries out what the planner decided. Claims of one round are created in parallel."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._pace = Pace(hands.brakes, hands.world, hands.sink)
        self._limits = PoolLimits(hands.world)
        self._creating: set[asyncio.Task[None]] = set()
        self._launching: set[str] = set()  # ids of decisions: one that is slow must not be carried out twice
        self._made: dict[str, float] = {}  # NodeClaims that the watch may not have shown yet, and when they were made
        self._nominations = TokenBucket(NOMINATIONS_AT_ONCE, NOMINATIONS_PER_SECOND)
        self._refusals = TokenBucket(REFUSALS_AT_ONCE, REFUSALS_PER_SECOND)

    def take(self, decisions: list[Decision]) -> None:
        """Begin to carry out the decisions of one round."""
        for decision in one_of_each_first(decisions):
            if decision.kind is DecisionKind.LAUNCH and decision.id not in self._launching:
                self._launching.add(decision.id)
                self._start(self._launch(decision))
            elif decision.kind is DecisionKind.NOMINATE:
                self._start(self._nominate(decision.pods, f"node/{decision.nodes[0]}"))
            elif decision.failure is not None and not self._hands.dry_run:
                self._start(self._refuse(decision.pods, failed_text(decision.failure)))
        preview = self._hands.world.preview  # the round that these decisions are of
        if preview is not None and preview.plan.typeless and not self._hands.dry_run:
            self._start(self._tell_pools(preview.plan.typeless))

    @property
    def unseen(self) -> bool:
        """Whether NodeClaims of an earlier round are still being made, or the World has yet to see them: a round would
        take their pods for unprovided. Karpenter makes its own before the next batch and remembers them at once."""
        # A timeline stays when the NodeClaim has gone again, as it does at once where there is no capacity.
        seen, oldest = self._hands.world.claim_timelines, monotonic() - SEEN_SECONDS
        self._made = {name: at for name, at in self._made.items() if name not in seen and at > oldest}
        return bool(self._launching or self._made)

    def holds(self, claims: Iterable[PlannedClaim]) -> bool:
        """Whether a brake would hold one of these back now."""
        return any(self._pace.holds(claim, "disruption", self._hands.now()) for claim in claims)

    async def create(self, claim: PlannedClaim, decision: str) -> str:
        """Create the NodeClaim of a planned claim and give its name. Raises Failure."""
        pool = self._hands.world.of("nodepools").get(claim.node_pool)
        if pool is None:
            raise Failure(f"{decision} needs NodePool {claim.node_pool}, which is gone; the pods are decided anew")
        if over := self._limits.exceeded(pool, self._hands.now()):
            raise Failure(f"{decision}: NodePool {pool.key} is beyond its limits ({over}); the pods are decided anew")
        self._pace.admit(claim, decision, self._hands.now())
        try:
            body = node_claim_object(claim, pool)
            # Karpenter adds it before the launch, in a second write, which the launch would have to wait for.
            body["metadata"]["finalizers"] = [TERMINATION_FINALIZER]
            created = await self._hands.kube.create("nodeclaims", body, what=_described(claim))
        except Failure:
            self._pace.failed(claim)
            raise
        name: str = created["metadata"]["name"]
        self._pace.created(claim, name)
        self._made[name] = monotonic()
        now = self._hands.now()
        self._hands.sink(events.DecisionCarriedOut(now, decision, name, f"created NodeClaim {name}"))
        return name

    async def stop(self) -> None:
        """Cancel what is under way."""
        for task in list(self._creating):
            task.cancel()
        await asyncio.gather(*self._creating, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._creating.add(task)
        task.add_done_callback(self._creating.discard)

    async def _launch(self, decision: Decision) -> None:
        assert decision.claim is not None
        try:
            name = await self.create(decision.claim, decision.id)
        except Withheld:
            return  # the pods wait and are decided anew
        except Exception as error:
            self._hands.sink(events.Problem(self._hands.now(), f"provision {decision.id}", sentence_of(error)))
            return
        finally:
            self._launching.discard(decision.id)
        await self._nominate(decision.pods, f"nodeclaim/{name}")

    def tell_nominated(self, placements: Mapping[str, tuple[str, ...]]) -> None:
        """Pods of nodes that are taken away are told which nodes that are there are kept for them."""
        for node, pods in placements.items():
            self._start(self._nominate(pods, f"node/{node}", waiting=False))

    async def _nominate(self, pods: tuple[str, ...], target: str, *, waiting: bool = True) -> None:
        await self._tell(pods, self._nominations, "Nominated", nominated_text(target), waiting=waiting)

    async def _refuse(self, pods: tuple[str, ...], why: str) -> None:
        await self._tell(pods, self._refusals, "FailedScheduling", why, warning=True)

    async def _tell(
        self,
        pods: tuple[str, ...],
        pace: TokenBucket,
        reason: str,
        words: str,
        *,
        warning: bool = False,
        waiting: bool = True,
    ) -> None:
        """Write an Event about each of the pods (`waiting`: of those that still do), as far as the pace allows."""
        for key in pods:
            pod = self._hands.world.of("pods").get(key)
            if pod is None or (waiting and pod.node_name):
                continue
            if not pace.take(self._hands.now()):
                return
            await self._hands.announce("Pod", pod.metadata, reason, words, warning=warning)

    async def _tell_pools(self, typeless: tuple[Reason, ...]) -> None:
        """NodePools that no instance type suits are told so."""
        for reason in typeless:
            pool = self._hands.world.of("nodepools").get(reason.pool)
            if pool is not None:
                named = "NoCompatibleInstanceTypes"
                await self._hands.announce("NodePool", pool.metadata, named, no_types_text(reason), warning=True)


def one_of_each_first(decisions: Iterable[Decision]) -> list[Decision]:
    """Of launches that ask for the same types the first, then the others: what a kind needs in the cloud, such as its
    launch templates, is made while the many that share it are still being created."""
    met: Counter[tuple[str, tuple[str, ...]]] = Counter()
    ranked: list[tuple[int, Decision]] = []
    for decision in decisions:
        rank = 0
        if decision.claim is not None:
            kind = (decision.claim.node_pool, decision.claim.instance_types)
            rank = min(met[kind], 1)
            met[kind] += 1
        ranked.append((rank, decision))
    return [decision for _, decision in sorted(ranked, key=itemgetter(0))]


def _described(claim: PlannedClaim) -> str:
    """What is to be launched, for a person: the cheapest type, how many more would do, what for and at what price."""
    first, *others = claim.instance_types or ("any type",)
    more = f" or {len(others)} more types" if others else ""
    pods = len(claim.pods)
    return f"{first}{more} for {pods} pod{'s' if pods != 1 else ''}, ${claim.price:.4f}/h"
