"""Provisioning rounds foreseen: Karpenter's batching window reproduced from what triggers it (spec/scheduling.md 2).

A round is foreseen when its window closes. As Karpenter's may close at another time, what a round would make that
closed at once is worked out as well, whenever something bears on it, and stands on the table (table.py). Only what is
neither is worked out when its first NodeClaim is seen: from what was known before it, and told as overtaken.
"""

import heapq
from collections.abc import Callable, Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from karptui.engine.provisioning import plan
from karptui.model.decision import PlannedClaim
from karptui.model.node import NodeClaim
from karptui.shadow.sight import Sight
from karptui.shadow.table import MADE_WITHIN, Round, Table, asks_the_same, is_the_same
from karptui.world import events
from karptui.world.batching import Window

ASK_AGAIN = 10.0
"""Seconds after which a pod that still waits, or a node on its way out, triggers anew."""

OVERTAKEN_WITHIN = 0.5
"""Seconds by which Karpenter's window may begin or close at another time than ours: it hears of pods at other moments
than we do, and does not ask again after exactly ten seconds."""

WHOLE_SECOND = 1.05
"""Seconds after the time that an object states within which it really changed, and was heard of."""

BURST = 0.5
"""Seconds within which the NodeClaims of one round are seen."""

OPEN_GAP, IDLE_GAP = 0.1, 0.5
"""Seconds between two answers for the table at least, while a window is open and while none is."""

_NO_BEARING = frozenset({"events", "poddisruptionbudgets", "deployments", "replicasets", "statefulsets", "jobs"})
"""What changes nothing for pods that wait."""


class _Seen(Struct, frozen=True, gc=False, eq=False):
    """A NodeClaim that was seen to be made at `at`, after `heard` events, and the round that it was taken for."""

    at: float
    heard: int
    claim: NodeClaim
    round: Round


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
        self._vague: dict[str, float] = {}
        self._number = 0
        self._at = 0.0
        self._unmade: list[tuple[Round, PlannedClaim]] = []
        self._seen: list[_Seen] = []
        self._worked_out: tuple[float, Round | None] = (-BURST, None)
        self._set_aside: tuple[float, Round, list[Round]] | None = None
        self.table = Table()
        self._reopened = False
        self._changed = False
        self._drafted = 0.0
        self._gap = 0.0
        self.drafts = 0

    def settings_changed(self) -> None:
        """Take the batching window from the World's options."""
        options = self._sight.world.options
        self._window.idle, self._window.longest = options.batch_idle_duration, options.batch_max_duration

    @property
    def closes(self) -> float | None:
        """When the batching window closes if nothing more comes; None while none is open."""
        return self._window.closes

    def go_easy(self, seconds: float) -> None:
        """Let so many seconds pass between two answers for the table: big clusters must not hold up the rest."""
        self._gap = seconds

    def begin(self, at: float) -> None:
        """The cluster has been listed: Karpenter may long have seen to the pods that wait, and asks again for each ten
        seconds after it last changed."""
        self._window.clear()
        for uid in self._first:
            last = self._looked(uid, at)
            self._ask(uid, last + ASK_AGAIN)
            if last + WHOLE_SECOND + self._window.idle > at:
                self._window.trigger(uid, at)
        self._reopened = self._window.closes is not None

    def _looked(self, uid: str, at: float) -> float:
        """When Karpenter looked last at what waits, at the soonest; `at` where that is not to be told."""
        resource, key = self._waiting[uid]
        found = self._sight.world.of(resource).get(key) if resource == "pods" else None
        if found is None or found.changed is None:
            return at
        first = min(found.changed + self._sight.skew.seconds, at)
        last = first + (at - first) // ASK_AGAIN * ASK_AGAIN
        self._vague[uid] = last + ASK_AGAIN
        return last

    def _ask(self, uid: str, at: float) -> None:
        """Whatever waits is looked at again by itself; one entry an object: anything that makes Karpenter look at it
        puts that off."""
        self._again[uid] = at
        heapq.heappush(self._due, (at, uid))

    def _asked_again(self, uid: str, at: float) -> None:
        """Karpenter looks again. Where that is known to a second only, it is supposed at its beginning and its end."""
        self._trigger(uid, at)
        soonest = self._vague.get(uid)
        if soonest is None:
            return
        self._reopened = True
        if at < soonest + WHOLE_SECOND:
            self._ask(uid, soonest + WHOLE_SECOND)
        else:
            self._vague[uid] = soonest + ASK_AGAIN
            self._ask(uid, soonest + ASK_AGAIN)

    def recall(
        self, rounds: Sequence[Round], answers: Sequence[Round], claims: Sequence[tuple[float, NodeClaim]]
    ) -> None:
        """What an earlier run had foreseen: rounds whose NodeClaims may still come, and the answers on its table.
        `claims` were seen then, at those times."""
        self.table.recall(answers)
        self._unmade += [(found, claim) for found in rounds for claim in found.plan.claims]
        for at, claim in claims:
            if not self._is_expected(claim, at, is_the_same):
                self._is_expected(claim, at, asks_the_same)

    def until(self, at: float) -> list[Round]:
        """The rounds whose windows close up to `at`."""
        found: list[Round] = []
        while True:
            closes = self._window.closes
            again = self._due[0][0] if self._due else None
            moment = min((time for time in (closes, again, self._drafts_at) if time is not None), default=None)
            if moment is None or moment > at:
                return found
            if moment == again:
                due, uid = heapq.heappop(self._due)
                if self._again.get(uid) == due and self._still_waits(uid):
                    self._asked_again(uid, moment)
                continue
            if moment != closes:
                self._draft(moment)
                continue
            self._window.clear()
            if self._sight.synced():
                foreseen = self._foresee(max(moment, self._at))
                since = self.table.put(foreseen)
                number = max(self.table.alternatives(foreseen.at), 1)
                found.append(replace(foreseen, drafted=since, alternatives=number))
                self._take(found[-1])
            self._reopened = False

    @property
    def _drafts_at(self) -> float | None:
        if not self._changed:
            return None
        return self._drafted + max(OPEN_GAP if self._window.closes is not None else IDLE_GAP, self._gap)

    def _draft(self, at: float) -> None:
        """Put on the table what a round would make that closed now."""
        self._changed, self._drafted = False, at
        world = self._sight.world
        if not (world.provisionable or world.going) or not self._sight.synced():
            self.table.rest(at)
            return
        self.drafts += 1
        self.table.put(self._foresee(at))

    def _take(self, found: Round) -> None:
        """NodeClaims of this round are to be seen."""
        self._sight.nominate(found.at, found.plan, self._reopened)
        self._unmade += [(found, claim) for claim in found.plan.claims]

    def made(self, claim: NodeClaim, at: float, leaving: Collection[str] = ()) -> tuple[Round, list[Round]] | None:
        """Karpenter makes a NodeClaim. If none of our rounds has foreseen it, the round that has made it in truth, with
        those of ours in whose place it comes: an answer on the table, or what a round would have made just now.

        Its window is not ours: it may have closed before a trigger that we heard in time, or a batch that we took for
        thrown away was none. None where such a claim is not of those either, and where all its pods are on nodes
        that are `leaving` only now: no round answers to that before its window is over.
        """
        self._unmade = [entry for entry in self._unmade if at - entry[0].at <= MADE_WITHIN]
        self._seen = [entry for entry in self._seen if at - entry.at <= BURST]
        for alike in (is_the_same, asks_the_same):
            if self._is_expected(claim, at, alike):
                return None
            found = self._on_table(claim, at, alike)
            if found is not None:
                alikes = [planned for planned in found.plan.claims if alike(planned, claim)]
                return None if self._all_of(alikes, leaving) else self._instead(found, claim, at)
        if (own := self._taken_back(claim, at)) is not None:
            return own
        found = self._now(claim, at)
        if found is None:
            return None
        if self._all_of([entry for entry in found.plan.claims if asks_the_same(entry, claim)], leaving):
            return None
        self._worked_out = (-BURST, None)
        return self._instead(found, claim, at)

    def _is_expected(self, claim: NodeClaim, at: float, alike: Callable[[PlannedClaim, NodeClaim], bool]) -> bool:
        entry = next((entry for entry in self._unmade if alike(entry[1], claim)), None)
        if entry is None:
            return False
        self._unmade.remove(entry)
        self._seen.append(_Seen(at, self._number, claim, entry[0]))
        return True

    def _on_table(self, claim: NodeClaim, at: float, alike: Callable[[PlannedClaim, NodeClaim], bool]) -> Round | None:
        """The latest answer that holds all NodeClaims of this burst, and was there before the first of them."""
        first = self._seen[0] if self._seen else None
        heard = first.heard if first is not None else self._number
        found = self.table.fitting([*(entry.claim for entry in self._seen), claim], at, heard, alike)
        if found is None:
            return None
        moment = first.at if first is not None else max(self._at, found.at)
        return replace(found, at=moment, drafted=found.at, provisional=True, alternatives=self.table.alternatives(at))

    def _taken_back(self, claim: NodeClaim, at: float) -> tuple[Round, list[Round]] | None:
        """The round of our own window, where the answer that was taken in its place has no room for what follows: by
        chance its first NodeClaim was alike."""
        if self._set_aside is None or at - self._set_aside[0] > BURST:
            return None
        _, taken, given_up = self._set_aside
        own = max(given_up, key=lambda entry: entry.at)
        if len(own.plan.claims) <= len(self._seen):
            return None
        self._set_aside = None
        self._unmade = [entry for entry in self._unmade if entry[0] is not taken]
        self._unmade += [(own, planned) for planned in own.plan.claims]
        seen, self._seen = [*(entry.claim for entry in self._seen), claim], []
        for made in seen:
            if not self._is_expected(made, at, is_the_same):
                self._is_expected(made, at, asks_the_same)
        return own, [taken]

    def _now(self, claim: NodeClaim, at: float) -> Round | None:
        if self._sight.synced():
            self._worked_out = (at, self._foresee(self._at, overtaken=True))
        began, found = self._worked_out
        if found is None or at - began > BURST or not any(asks_the_same(entry, claim) for entry in found.plan.claims):
            return None
        return found

    def _instead(self, found: Round, claim: NodeClaim, at: float) -> tuple[Round, list[Round]]:
        """Take a round for the one that made a NodeClaim, in place of ours for the same pods."""
        pods = {key for planned in found.plan.claims for key in planned.pods}
        same = [entry for entry in self._unmade if not pods.isdisjoint(entry[1].pods)]
        given_up = {id(entry[0]): entry[0] for entry in same} | {id(entry.round): entry.round for entry in self._seen}
        self._unmade = [entry for entry in self._unmade if id(entry[0]) not in given_up]
        self._window.clear()
        self._reopened = False
        self._take(found)
        seen, self._seen = [*(entry.claim for entry in self._seen), claim], []
        for made in seen:
            if not self._is_expected(made, at, is_the_same):
                self._is_expected(made, at, asks_the_same)
        # What it did not know of yet waits in Karpenter's next window.
        known = {key for key, _ in found.order}
        for uid, first in sorted(self._first.items(), key=lambda entry: entry[1]):
            if uid in self._waiting and self._waiting[uid][1] not in known and self._still_waits(uid):
                self._trigger(uid, first)
                self._reopened = True
        replaced = list(given_up.values())
        windows = [entry for entry in replaced if not (entry.provisional or entry.overtaken)]
        self._set_aside = (at, found, windows) if windows else None
        return found, replaced

    def _all_of(self, planned: Sequence[PlannedClaim], leaving: Collection[str]) -> bool:
        return all(self._all_on(leaving, entry) for entry in planned)

    def _all_on(self, nodes: Collection[str], planned: PlannedClaim) -> bool:
        pods = self._sight.world.of("pods")
        return bool(nodes) and all(key in pods and pods[key].node_name in nodes for key in planned.pods)

    def heard(self, event: events.Event) -> None:
        """An event has been taken into the World: does it trigger?"""
        self._number += 1
        self._at = max(self._at, event.at)
        self._hear(event)
        self._changed = self._changed or self._bears(event)
        if (due := self._drafts_at) is not None and due <= event.at and self._sight.world.synced():
            self._draft(event.at)

    def _bears(self, event: events.Event) -> bool:
        """Whether an event may change what a round would make."""
        if isinstance(event, events.ObjectSeen):
            return event.resource not in _NO_BEARING
        return isinstance(event, events.CatalogueSeen | events.SettingsSeen | events.StreamChanged)

    def _hear(self, event: events.Event) -> None:
        if not isinstance(event, events.ObjectSeen) or event.resource not in ("pods", "nodes"):
            return
        uid = event.object.metadata.uid
        gone = event.change is events.Change.DELETED
        if gone:
            self._forget(uid)
            return
        self._waiting[uid] = (event.resource, event.object.key)
        self._vague.pop(uid, None)
        if self._still_waits(uid):
            self._trigger(uid, event.at)
        else:
            self._forget(uid)

    def _forget(self, uid: str) -> None:
        self._waiting.pop(uid, None)
        self._first.pop(uid, None)
        self._again.pop(uid, None)
        self._vague.pop(uid, None)

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
        self._ask(uid, at + ASK_AGAIN)

    def _foresee(self, at: float, overtaken: bool = False) -> Round:
        snapshot = self._sight.snapshot(at)
        order = sorted((at, self._waiting[uid][1]) for uid, at in self._first.items() if uid in self._waiting)
        told = tuple((key, at) for at, key in order)
        return Round(at, self._number, self._opened, snapshot, plan(snapshot), overtaken, told)
