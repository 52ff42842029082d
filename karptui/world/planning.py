"""Asks the engine at the moments Karpenter would (spec/scheduling.md 2), off the event loop, and tells the World.

Between the moments it asks all the same, and shows the answer as a preview: what would be decided if the batching
window closed now. A decision is made once; asking again about the same pods adds nothing to the log.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from msgspec.structs import replace

from karptui.engine.cheapest import COMPARED_PODS, Policy
from karptui.engine.cheapest import decide as decide_by
from karptui.engine.provisioning.state_nodes import StateNodes
from karptui.model.decision import Decision, DecisionKind, Plan, PodFailure
from karptui.model.metadata import is_true
from karptui.model.snapshot import Snapshot
from karptui.world import events
from karptui.world.batching import Window
from karptui.world.world import World

LOOK_INTERVAL = 0.02  # real seconds between two looks at what waits
IDLE_INTERVAL = 0.05  # the same while no window is open
LOOK_AGAIN = 0.1  # seconds after which it looks even if nothing changed
PREVIEW_SHARE = 4.0  # previews may take a fifth of a core: what they cost is waited this many times over
IDLE_PREVIEW_SHARE = 60.0  # the same while no window is open: nothing is about to be decided
PREVIEW_INTERVAL = 0.1  # seconds between two previews at most: what a person can follow
ROUND_LIMIT = 60.0  # seconds that a round may take; what is placed by then holds, as in Karpenter (6.8)
ASK_AGAIN = 10.0  # seconds after which pods that still wait, unseen meanwhile, trigger anew (spec/scheduling.md 2, 4)

Sink = Callable[[events.Event], None]


class Planner:
    """Turns pending pods into decisions. `now` is the clock of the cluster (epoch seconds), `sleep` waits by it.

    `take` is called with the decisions of each closed window, in active mode by the controllers that carry them out.
    Without `decides`, which may change while it runs, there are only previews: decisions come from elsewhere. As long
    as `waits` says so a window stays open. Without `again` a launch that came to nothing is not decided anew: a dry
    run. `leaving` names nodes that are about to be deleted: their pods are planned for as if they were.
    """

    def __init__(
        self,
        world: World,
        sink: Sink,
        now: Callable[[], float],
        take: Callable[[list[Decision]], None] | None = None,
        decides: bool = True,
        waits: Callable[[], bool] = lambda: False,
        again: bool = True,
        policy: Policy = Policy.KARPENTER,
        leaving: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self._world = world
        self._leaving = leaving
        self._sink = sink
        self._now = now
        self._take = take
        self.decides = decides
        self._waits = waits
        self._again = again
        self._policy = policy
        self._window = Window(world.options.batch_idle_duration, world.options.batch_max_duration)
        self._engine = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._nodes = StateNodes()
        self._said: dict[tuple[str, ...], tuple[str, tuple[object, ...]]] = {}  # id and gist, by pods
        self._seen: dict[str, float] = {}
        self._previewed = -1
        self._preview: tuple[Plan, Snapshot, float] | None = None
        self._fault = ""
        self._last_preview = (0.0, 0.0)  # when it ended (by the loop) and what it cost, in seconds
        self._waiting: dict[str, str] = {}
        self._looked = (-1, 0.0)
        self.led = False
        """Whether `pass_time` leads it now, and not the clock."""

    async def run(self) -> None:
        """Plan until cancelled."""
        try:
            while True:
                await self.step()
                await asyncio.sleep(LOOK_INTERVAL if self._window.closes is not None else IDLE_INTERVAL)
        finally:
            self._engine.shutdown(wait=False, cancel_futures=True)

    async def step(self) -> bool:
        """Look once: trigger, preview or decide as the time has come. Whether the engine was asked."""
        now = self._now()
        if self.led or not self._notice(now):
            return False
        if self._preview is not None and self._overtaken(self._preview[1]):
            # Karpenter itself has just decided: what we would have decided at that moment is the latest preview.
            self._window.clear()
            answer, snapshot, seconds = self._preview
            self._preview = None
            at = self._overtaken_at(snapshot)
            self._sink(events.PlanPreviewed(at, answer, snapshot.number, None, seconds, not answer.deferred))
            self._decide(answer, replace(snapshot, now=at), seconds)
            return False
        if self._window.closed(now) and not self._waits():
            self._window.clear()
            await self._ask(now, decide=self.decides)
            return True
        loop = asyncio.get_running_loop()
        # A preview that costs much is made seldom; the window's close is not held up by it.
        share = PREVIEW_SHARE if self._window.closes is not None else IDLE_PREVIEW_SHARE
        ended, cost = self._last_preview
        if self._previewed != self._world.number and loop.time() >= ended + max(PREVIEW_INTERVAL, share * cost):
            began = loop.time()
            await self._ask(now, decide=False)
            self._last_preview = (loop.time(), loop.time() - began)
            return True
        return False

    async def pass_time(self, until: float, overtaken: bool = False) -> bool:
        """Decide what is due up to `until` (epoch seconds) as of when it is: for a recording that is taken in faster
        than its time goes. `overtaken`: somebody else's NodeClaim comes then, and an open window is decided before it.
        Whether the engine was asked.
        """
        if not self._notice(self._world.at):
            return False
        closes = self._window.closes
        if closes is None or (closes > until and not overtaken):
            return False
        self._window.clear()
        await self._ask(min(closes, until), decide=self.decides)
        return True

    def _notice(self, now: float) -> bool:
        """Trigger for what waits; whether there is anything to do about it."""
        if not self._world.synced() or not self._look(now):
            return False
        waiting, reconciled = self._waiting, self._world.reconciled
        for uid in waiting:
            if uid in reconciled or now - self._seen.get(uid, -ASK_AGAIN) >= ASK_AGAIN:
                self._seen[uid] = now
                self._window.trigger(uid, now)
        for uid in [uid for uid in self._seen if uid not in waiting]:
            del self._seen[uid]
        reconciled.clear()
        if not waiting:
            self._window.clear()
            self._forget()
        return bool(waiting)

    def _look(self, now: float) -> bool:
        """Find what waits, unless nothing can have changed; whether there is anything to do about it."""
        number, at = self._looked
        if number == self._world.number and now - at < LOOK_AGAIN and self._window.closes is None:
            return False  # a pod that was seen again and means the same may wait so long
        self._looked = (self._world.number, now)
        if number == self._world.number:
            return True  # the same wait as before; only their time may have come
        self._waiting = dict(self._world.provisionable)
        for node in self._world.going.values():
            if any(pod.active and not pod.daemon and not pod.mirror for pod in self._world.usage.on(node.key).values()):
                self._waiting[node.metadata.uid] = node.key
        return True

    async def decide(self) -> None:
        """Decide now, whatever the window says: for commands that look once."""
        await self._ask(self._now(), decide=True)

    async def _ask(self, now: float, decide: bool) -> None:
        snapshot = replace(self._world.snapshot(now), marked_for_deletion=self._leaving())
        self._previewed = snapshot.number
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            answer = await loop.run_in_executor(self._engine, self._answer, snapshot, decide)
        except Exception as error:  # a fault of the engine must not end the watching
            self._failed(now, error)
            return
        seconds = loop.time() - started
        if answer.deferred and self._world.preview is not None:
            # While a round is put off nothing new is known about pods that fit nowhere; they still do not.
            known = self._world.preview.plan.errors
            answer = replace(answer, errors={pod: why for pod, why in known.items() if pod in self._world.pending})
        decided = decide and not answer.deferred
        self._sink(events.PlanPreviewed(now, answer, snapshot.number, self._window.closes, seconds, decided))
        self._preview = None
        if decide:
            self._decide(answer, snapshot, seconds)
        elif self._window.closes is not None:
            self._preview = (answer, snapshot, seconds)

    def _answer(self, snapshot: Snapshot, decide: bool) -> Plan:
        # What the other policy costs is worth knowing of decisions, not of every look ahead.
        if decide or self._policy is not Policy.KARPENTER:
            return timed_plan(snapshot, self._nodes, policy=self._policy, compare_up_to=COMPARED_PODS)
        return timed_plan(snapshot, self._nodes)

    def _overtaken(self, snapshot: Snapshot) -> bool:
        """Whether somebody else made a NodeClaim after this snapshot, while the window was open."""
        if self._take is not None or not self.decides:
            return False
        return not self._world.of("nodeclaims").keys() <= snapshot.node_claims.keys()

    def _overtaken_at(self, snapshot: Snapshot) -> float:
        """When the first of those NodeClaims was made."""
        timelines = self._world.claim_timelines
        new = self._world.of("nodeclaims").keys() - snapshot.node_claims.keys()
        return max(min(timelines[name].created for name in new if name in timelines), snapshot.now)

    def _decide(self, answer: Plan, snapshot: Snapshot, seconds: float) -> None:
        if answer.deferred:
            return
        taken: list[Decision] = []
        for decision in decisions_of(answer, snapshot, seconds):
            if held_back := self._held_back(decision):
                taken.append(replace(decision, id=held_back))
            elif self._is_new(decision):
                made = replace(decision, id=self._world.next_decision_id())
                self._said[made.pods] = (made.id, _gist(made))
                self._sink(events.DecisionMade(made.at, made))
                taken.append(made)
        if taken and self._take is not None:
            self._take(taken)

    def _failed(self, now: float, error: Exception) -> None:
        fault = f"the engine failed ({type(error).__name__}: {error}): nothing is decided until the cluster changes"
        if fault != self._fault:
            self._fault = fault
            self._sink(events.Problem(now, "engine", fault))

    def _forget(self) -> None:
        """Nothing waits any more: the preview is empty, and what was said may be said again."""
        self._said.clear()
        self._preview, self._previewed = None, -1
        shown = self._world.preview.plan if self._world.preview is not None else Plan()
        if shown.claims or shown.existing or shown.errors or shown.ignored or shown.deferred:
            self._sink(events.PlanPreviewed(self._now(), Plan(), self._world.number))

    def _held_back(self, decision: Decision) -> str:
        """The id under which the same launch was decided and not carried out, by a brake or a failure; "" for none."""
        if decision.kind is not DecisionKind.LAUNCH or self._take is None or not self._again:
            return ""
        said, gist = self._said.get(decision.pods, ("", ()))
        return said if gist == _gist(decision) and said not in self._world.claim_of_decision else ""

    def _is_new(self, decision: Decision) -> bool:
        """Whether this says something else about these pods than the last decision about them did."""
        if decision.kind is DecisionKind.NOMINATE and self._outcome(decision):
            return False
        if decision.kind is DecisionKind.LAUNCH and self._take is not None and self._again:
            return True  # had the last one come to a NodeClaim, this would be a nomination to it: tried again
        return self._said.get(decision.pods, ("", ()))[1] != _gist(decision)

    def _outcome(self, decision: Decision) -> bool:
        """Whether this only finds again what an earlier decision brought: the pods' own NodeClaim, on its way."""
        timelines = [self._world.pod_timelines.get(pod) for pod in decision.pods]
        node = decision.nodes[0]
        claims = self._world.of("nodeclaims")
        claim = claims.get(node) or next((entry for entry in claims.values() if entry.node_name == node), None)
        names = {node, claim.key if claim is not None else node}
        if all(entry is not None and entry.target in names for entry in timelines):
            return True
        coming = claim is not None and not is_true(claim.conditions, "Initialized")
        return coming and all(entry is not None and entry.decided is not None for entry in timelines)


def _gist(decision: Decision) -> tuple[object, ...]:
    """What is decided, without the price and the words: the same for the same answer to the same pods."""
    what: tuple[object, ...] = (decision.kind.value, *decision.nodes)
    if decision.claim is not None:
        what += (decision.claim.node_pool, *decision.claim.instance_types[:1])
    if decision.failure is not None:
        what += decision.failure.reasons
    return what


def timed_plan(
    snapshot: Snapshot,
    nodes: StateNodes | None = None,
    limit: float = ROUND_LIMIT,
    policy: Policy = Policy.KARPENTER,
    compare_up_to: int = 0,
) -> Plan:
    """One round that ends after `limit` seconds, whatever is left to try. `nodes` remembers those of earlier rounds."""
    end = monotonic() + limit
    return decide_by(snapshot, policy, compare_up_to, lambda: monotonic() >= end, (nodes or StateNodes()).of)


def decisions_of(answer: Plan, snapshot: Snapshot, seconds: float) -> list[Decision]:
    """What a plan says, one decision a claim, a node and a cause; their ids are given later."""
    made = [
        Decision(id="", at=snapshot.now, kind=DecisionKind.NOMINATE, pods=tuple(sorted(pods)), nodes=(node,))
        for node, pods in answer.existing.items()
    ]
    made += [
        Decision(
            id="", at=snapshot.now, kind=DecisionKind.LAUNCH, pods=claim.pods, claim=claim, price_change=claim.price
        )
        for claim in answer.claims
    ]
    refused: dict[PodFailure, list[str]] = {}
    for pod, failure in answer.errors.items():
        refused.setdefault(failure, []).append(pod)
    made += [
        Decision(
            id="",
            at=snapshot.now,
            kind=DecisionKind.REFUSE,
            pods=tuple(sorted(pods)),
            failure=failure,
            cause="Unschedulable",
        )
        for failure, pods in refused.items()
    ]
    return [
        replace(
            decision,
            not_modelled=answer.not_modelled,
            snapshot=snapshot.number,
            seconds=seconds,
            compared=answer.compared,
        )
        for decision in made
    ]
