"""Asks the engine at the moments Karpenter would (spec/scheduling.md 2), off the event loop, and tells the World.

Between the moments it asks all the same, and shows the answer as a preview: what would be decided if the batching
window closed now. A decision is made once; asking again about the same pods adds nothing to the log.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from karptui.engine.provisioning import plan
from karptui.model.decision import Decision, DecisionKind, Plan, PodFailure
from karptui.model.snapshot import Snapshot
from karptui.world import events
from karptui.world.batching import Window
from karptui.world.world import World

PREVIEW_INTERVAL = 0.1  # seconds between two previews at most: what a person can follow
ASK_AGAIN = 10.0  # seconds after which pods that still wait trigger anew (spec/scheduling.md 2, point 4)

Sink = Callable[[events.Event], None]


class Planner:
    """Turns pending pods into decisions. `now` is the clock of the cluster (epoch seconds), `sleep` waits by it.

    `take` is called with the decisions of each closed window, in active mode by the controllers that carry them out.
    """

    def __init__(
        self,
        world: World,
        sink: Sink,
        now: Callable[[], float],
        take: Callable[[list[Decision]], None] | None = None,
    ) -> None:
        self._world = world
        self._sink = sink
        self._now = now
        self._take = take
        self._window = Window(world.options.batch_idle_duration, world.options.batch_max_duration)
        self._engine = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._number = 0
        self._said: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._seen: dict[str, float] = {}
        self._previewed = -1

    async def run(self) -> None:
        """Plan until cancelled."""
        try:
            while True:
                await asyncio.sleep(0.02)
                if not self._world.synced():
                    continue
                await self._step()
        finally:
            self._engine.shutdown(wait=False, cancel_futures=True)

    async def _step(self) -> None:
        now = self._now()
        waiting = {pod.metadata.uid: key for key, pod in self._world.pending.items() if pod.provisionable}
        for uid in waiting:
            if now - self._seen.get(uid, -ASK_AGAIN) >= ASK_AGAIN:
                self._seen[uid] = now
                self._window.trigger(uid, now)
        for uid in [uid for uid in self._seen if uid not in waiting]:
            del self._seen[uid]
        if not waiting:
            self._window.clear()
            self._forget()
            return
        if self._window.closed(now):
            self._window.clear()
            await self._ask(now, decide=True)
        elif self._previewed != self._world.number:
            await self._ask(now, decide=False)
            await asyncio.sleep(PREVIEW_INTERVAL)

    async def _ask(self, now: float, decide: bool) -> None:
        snapshot = self._world.snapshot(now)
        self._previewed = snapshot.number
        loop = asyncio.get_running_loop()
        started = loop.time()
        answer = await loop.run_in_executor(self._engine, plan, snapshot)
        seconds = loop.time() - started
        self._sink(events.PlanPreviewed(now, answer, snapshot.number, self._window.closes, seconds))
        if not decide or answer.deferred:
            return
        made = [decision for decision in self._decisions(answer, snapshot, seconds) if self._is_new(decision)]
        for decision in made:
            self._sink(events.DecisionMade(decision.at, decision))
        if made and self._take is not None:
            self._take(made)

    def _forget(self) -> None:
        if self._said:
            self._said.clear()
            self._sink(events.PlanPreviewed(self._now(), Plan(), self._world.number))

    def _is_new(self, decision: Decision) -> bool:
        """Whether this says something else about these pods than the last decision about them did."""
        what = (decision.kind.value, *decision.nodes)
        if decision.claim is not None:
            what += (decision.claim.node_pool, *decision.claim.instance_types[:1])
        if decision.failure is not None:
            what += (decision.failure.message,)
        if self._said.get(decision.pods) == what:
            return False
        self._said[decision.pods] = what
        return True

    def _decisions(self, answer: Plan, snapshot: Snapshot, seconds: float) -> list[Decision]:
        made: list[Decision] = []

        def decision(kind: DecisionKind, pods: tuple[str, ...], **rest: object) -> None:
            self._number += 1
            made.append(
                Decision(
                    id=f"D-{self._number:05d}",
                    at=snapshot.now,
                    kind=kind,
                    pods=pods,
                    not_modelled=answer.not_modelled,
                    snapshot=snapshot.number,
                    seconds=seconds,
                    **rest,  # type: ignore[arg-type]
                )
            )

        for node, pods in answer.existing.items():
            decision(DecisionKind.NOMINATE, tuple(sorted(pods)), nodes=(node,))
        for claim in answer.claims:
            decision(DecisionKind.LAUNCH, claim.pods, claim=claim, price_change=claim.price)
        refused: dict[PodFailure, list[str]] = {}
        for pod, failure in answer.errors.items():
            refused.setdefault(failure, []).append(pod)
        for failure, pods in refused.items():
            decision(DecisionKind.REFUSE, tuple(sorted(pods)), failure=failure, cause="Unschedulable")
        return made
