"""Provisioning rounds foreseen: Karpenter's batching window reproduced from what triggers it (spec/scheduling.md 2).

A round is foreseen when its window closes. Where Karpenter was faster, the answer is that of the moment before its
first NodeClaim was seen: nothing here ever looks at what came later.
"""

import heapq
from collections.abc import Collection

from msgspec import Struct

from karptui.engine.provisioning import plan
from karptui.model.decision import Plan, PlannedClaim
from karptui.model.node import NodeClaim
from karptui.model.snapshot import Snapshot
from karptui.shadow.sight import Sight
from karptui.world import events
from karptui.world.batching import Window

ASK_AGAIN = 10.0
"""Seconds after which a pod that still waits, or a node on its way out, triggers anew."""

OVERTAKEN_WITHIN = 0.5
"""Seconds by which Karpenter's window may begin or close at another time than ours: it hears of pods at other moments
than we do, and does not ask again after exactly ten seconds."""

MADE_WITHIN = 3.0
"""Seconds after its window within which a round's NodeClaims are made."""

BURST = 0.5
"""Seconds within which the NodeClaims of one round are seen."""


class Round(Struct, frozen=True, gc=False, eq=False):
    """One round as foreseen at `at`; `heard` is the number of the last event that it knew of.

    `order` are the keys of what waits, by when each was first seen to.
    """

    at: float
    heard: int
    opened: float
    snapshot: Snapshot
    plan: Plan
    overtaken: bool = False
    order: tuple[tuple[str, float], ...] = ()


class Rounds:
    """Foresees the rounds of one cluster. `hear` before an event is taken into the World, `heard` after it."""

    def __init__(self, sight: Sight) -> None:
        options = sight.world.options
        self._sight = sight
        self._window = Window(options.batch_idle_duration, options.batch_max_duration)
        self._opened = 0.0
        self._due: list[tuple[float, str]] = []
        self._waiting: dict[str, tuple[str, str]] = {}
        self._again: dict[str, float] = {}
        self._first: dict[str, float] = {}
        self._number = 0
        self._at = 0.0
        self._unmade: list[tuple[float, PlannedClaim]] = []
        self._burst: tuple[float, Round | None] = (-BURST, None)

    def settings_changed(self) -> None:
        """Take the batching window from the World's options."""
        options = self._sight.world.options
        self._window.idle, self._window.longest = options.batch_idle_duration, options.batch_max_duration

    @property
    def closes(self) -> float | None:
        """When the batching window closes if nothing more comes; None while none is open."""
        return self._window.closes

    def until(self, at: float) -> list[Round]:
        """The rounds whose windows close up to `at`."""
        found: list[Round] = []
        while True:
            closes = self._window.closes
            again = self._due[0][0] if self._due else None
            moment = min((time for time in (closes, again) if time is not None), default=None)
            if moment is None or moment > at:
                return found
            if moment == again:
                due, uid = heapq.heappop(self._due)
                if self._again.get(uid) == due and self._still_waits(uid):
                    self._trigger(uid, moment)
                continue
            self._window.clear()
            if self._sight.synced():
                foreseen = self._foresee(moment)
                self._sight.nominate(moment, foreseen.plan)
                self._unmade += [(moment, claim) for claim in foreseen.plan.claims]
                found.append(foreseen)

    def overtaken(self, claim: NodeClaim, at: float, leaving: Collection[str] = ()) -> Round | None:
        """Karpenter makes a NodeClaim that none of our rounds has foreseen: what would a round have made just now?

        Its window is not ours: it may have closed before a trigger that we heard in time, or a batch that we took for
        thrown away was none. None where such a claim is not of this round either, and where all its pods are on nodes
        that are `leaving` only now: no round answers to that before its window is over.
        """
        self._unmade = [entry for entry in self._unmade if at - entry[0] <= MADE_WITHIN]
        foreseen = next((entry for entry in self._unmade if asks_the_same(entry[1], claim)), None)
        if foreseen is not None:
            self._unmade.remove(foreseen)
            return None
        if self._sight.synced():
            self._burst = (at, self._foresee(self._at, overtaken=True))
        began, found = self._burst
        if found is None or at - began > BURST:
            return None
        alike = [planned for planned in found.plan.claims if asks_the_same(planned, claim)]
        if all(self._all_on(leaving, planned) for planned in alike):
            return None
        self._burst = (-BURST, None)
        self._window.clear()
        self._sight.nominate(self._at, found.plan)
        self._unmade += [(found.at, planned) for planned in found.plan.claims]
        self.overtaken(claim, at)  # it is the first of them
        return found

    def _all_on(self, nodes: Collection[str], planned: PlannedClaim) -> bool:
        pods = self._sight.world.of("pods")
        return bool(nodes) and all(key in pods and pods[key].node_name in nodes for key in planned.pods)

    def heard(self, event: events.Event) -> None:
        """An event has been taken into the World: does it trigger?"""
        self._number += 1
        self._at = max(self._at, event.at)
        if not isinstance(event, events.ObjectSeen) or event.resource not in ("pods", "nodes"):
            return
        uid = event.object.metadata.uid
        gone = event.change is events.Change.DELETED
        if gone:
            self._forget(uid)
            return
        self._waiting[uid] = (event.resource, event.object.key)
        if self._still_waits(uid):
            self._trigger(uid, event.at)
        else:
            self._forget(uid)

    def _forget(self, uid: str) -> None:
        self._waiting.pop(uid, None)
        self._first.pop(uid, None)
        self._again.pop(uid, None)

    def _still_waits(self, uid: str) -> bool:
        resource, key = self._waiting[uid]
        found = self._sight.world.of(resource).get(key)
        if found is None or found.metadata.uid != uid:
            return False
        return found.provisionable if resource == "pods" else key in self._sight.world.going

    def _trigger(self, uid: str, at: float) -> None:
        if self._window.closes is None:
            self._opened = at
        self._window.trigger(uid, at)
        self._first.setdefault(uid, at)
        # One entry an object: whatever makes Karpenter look at it puts off when it looks again by itself.
        self._again[uid] = at + ASK_AGAIN
        heapq.heappush(self._due, (at + ASK_AGAIN, uid))

    def _foresee(self, at: float, overtaken: bool = False) -> Round:
        snapshot = self._sight.snapshot(at)
        order = sorted((at, self._waiting[uid][1]) for uid, at in self._first.items() if uid in self._waiting)
        told = tuple((key, at) for at, key in order)
        return Round(at, self._number, self._opened, snapshot, plan(snapshot), overtaken, told)


def asks_the_same(planned: PlannedClaim, claim: NodeClaim) -> bool:
    """Whether a NodeClaim is of the NodePool, and for the resources, that were planned."""
    return planned.node_pool == claim.node_pool and planned.requests == claim.requests
