"""Shadow mode's core: takes every event, foresees what Karpenter will do, and judges it once Karpenter has.

`before` an event is taken into the World, `after` it: so that what is foreseen at a moment never knows what makes it
known. Everything here follows from the events and their times alone: a replay gives the same verdicts.
"""

from collections import deque
from collections.abc import Sequence

from karptui.model.disruption import Command, Held
from karptui.model.instance_type import Catalogue
from karptui.model.metadata import is_true
from karptui.model.node import NodeClaim
from karptui.model.snapshot import Snapshot
from karptui.model.taints import DISRUPTED_TAINT
from karptui.shadow import disruptions, provisioning
from karptui.shadow.actual import Actual, Made, Taken
from karptui.shadow.causes import Evidence
from karptui.shadow.disruptions import Carried, Move
from karptui.shadow.judge import Judge, Watching
from karptui.shadow.memory import Memory
from karptui.shadow.passes import Passes, Supposed
from karptui.shadow.provisioning import Pair
from karptui.shadow.removals import Removal, removal_of
from karptui.shadow.replaced import REPLACED_WITHIN, is_of, planned_by, replacements_of
from karptui.shadow.resuming import Resuming
from karptui.shadow.rounds import Rounds
from karptui.shadow.seen import Seen
from karptui.shadow.settling import COMMAND_SETTLES, REASON_WITHIN, SETTLES, is_settled, moments_between
from karptui.shadow.sight import Sight
from karptui.shadow.standing import Standing
from karptui.shadow.table import Round, asks_the_same
from karptui.world import events
from karptui.world.world import World

ASKED_AGAIN = 25.0
"""Seconds for which NodeClaims that are foreseen again and again may fail to come: Karpenter throws a batch away where
a launch is under way, and asks again after ten (spec/scheduling.md 2)."""

MOST_SINCE, MOST_REPLACED, MOST_GIVEN_UP = 10_000, 200, 20
"""Pods, replacements and rounds that were given up, that are remembered."""


class Observer:
    """One cluster in the shadow. `pairs`, `moves` and `removals` are what has been judged, in order of time.

    `memory` is what an earlier run's journal tells: it goes on from there once the cluster is listed (resuming.py).
    `there` are the NodeClaims that were known then, with their NodePools.
    `karpenters` is the catalogue with Karpenter's own prices, where it tells them.
    Judging asks the engine often: with `at_once` it is done on the spot, else it waits in line (judge.py).
    """

    def __init__(self, world: World, at_once: bool = True, memory: Memory | None = None) -> None:
        self.world = world
        self.sight = Sight(world)
        self.rounds = Rounds(self.sight)
        self.passes = Passes(self.sight)
        self.actual = Actual(world, self.sight.skew)
        self.standing = Standing()
        self.judge = Judge(at_once)
        self.removals: list[Removal] = []
        self._open: list[Round] = []
        self._fresh: list[Round] = []
        self._given_up: deque[Round] = deque(maxlen=MOST_GIVEN_UP)
        self._made: list[Made] = []
        self._taken: list[tuple[Taken, list[Supposed]]] = []
        self._carried: list[Carried] = []
        self._signs: dict[str, tuple[float, list[Supposed]]] = {}
        self._begun: set[str] = set()
        self._signed: dict[str, Snapshot] = {}
        self._moments: dict[str, Snapshot] = {}
        self._before_round: dict[float, Snapshot] = {}
        self._last_round: Snapshot | None = None
        self.karpenters: Catalogue | None = None
        self._replaced: deque[Made] = deque(maxlen=MOST_REPLACED)
        self._since: dict[str, float] = {}
        self.memory = memory or Memory()
        self.there: dict[str, str] = {}
        self._advanced = self.at = 0.0

    def before(self, event: events.Event) -> None:
        """What is due up to the event; and if it is Karpenter's own doing, what was foreseen just before it."""
        if not self._is_listing:
            self.advance(event.at)
            if isinstance(event, events.ObjectSeen):
                self._before(event)
        elif isinstance(event, events.ObjectSeen) and (sign := self._sign(event)):
            self._begun.add(sign)  # before anybody watched

    @property
    def _is_listing(self) -> bool:
        """Whether what comes in is still what was there before."""
        return self.watching.since is None and bool(self.world.streams)

    def _before(self, event: events.ObjectSeen) -> None:
        new = event.change is not events.Change.DELETED
        if event.resource == "nodeclaims" and new and event.object.key not in self.world.of("nodeclaims"):
            # The claim of a command would be that of a round as well: its nodes' pods wait for a place.
            if not self._replaces(event.object, event.at):
                found = self.rounds.made(event.object, event.at, self._leaving(event.at))
                if found is not None:
                    self._foresee(*found)
            if self.watching.since is not None:
                self._moments[event.object.key] = self.sight.snapshot(self.world.at)
        sign = self._sign(event)
        if sign and sign not in self._signs and sign not in self._begun:
            self._begun.add(sign)
            self.passes.at_once(max(self.world.at, self.passes.at))
            self._signs[sign] = (event.at, self.passes.frozen(event.at))
            self._signed[sign] = self.sight.snapshot(self.world.at)

    def _replaces(self, claim: NodeClaim, at: float) -> bool:
        """Whether a NodeClaim is what a command that has just begun was to make."""
        near = [entry for began, entries in self._signs.values() if at - began <= REPLACED_WITHIN for entry in entries]
        near += [entry for taken, entries in self._taken if at - taken.at <= REPLACED_WITHIN for entry in entries]
        near += [entry for carried in self._carried if at - carried.at <= REPLACED_WITHIN for entry in carried.near]
        return any(asks_the_same(planned, claim) for planned in planned_by(near))

    def _leaving(self, at: float) -> set[str]:
        """The nodes that Karpenter has only just begun to take away."""
        since = at - self.world.options.batch_idle_duration
        claims = self.world.of("nodeclaims")
        found = {claims[name].node_name for name, (began, _) in self._signs.items() if began > since and name in claims}
        return found | {taken.node for taken, _ in self._taken if taken.at > since}

    def _sign(self, event: events.ObjectSeen) -> str:
        """The name of the NodeClaim about which this is a sign that it is to go: watches bring them in any order."""
        if event.change is events.Change.DELETED:
            return ""
        if event.resource == "nodes" and any(taint.matches(DISRUPTED_TAINT) for taint in event.object.taints):
            return self.actual.claim_name(event.object)
        if event.resource == "nodeclaims":
            claim = event.object
            if claim.metadata.deleted is not None or is_true(claim.conditions, "DisruptionReason"):
                return claim.key
        return ""

    def after(self, event: events.Event) -> None:
        """The event has been taken in."""
        self.at = max(self.at, event.at)
        self.sight.hear(event)
        self.rounds.heard(event)
        self.passes.hear(event)
        if (
            isinstance(event, events.ObjectSeen)
            and event.change is events.Change.ADDED
            and self.sight.is_live(event.resource)
        ):
            self.sight.skew.heard(event)
        if isinstance(event, events.ObjectSeen) and event.change is events.Change.DELETED:
            self._begun.discard(event.object.key)
            if event.resource == "nodeclaims" and event.object.key in self._signs:
                del self._signs[event.object.key]  # it went before its node was seen to
                self._signed.pop(event.object.key, None)
        if isinstance(event, events.SettingsSeen):
            self.standing.restart()
            self.rounds.settings_changed()
            self.passes.settings_changed()
        new = self.actual.after(event)
        if isinstance(new, Made):
            self._take_made(new)
        elif isinstance(new, Taken):
            at, near = self._signs.get(new.claim, (new.at, []))
            new.at = min(new.at, at)
            self._taken.append((new, near))
            self._signs.pop(new.claim, None)
            self.passes.close(new.at)
            self.standing.restart()
        if self.watching.since is None and self.world.synced():
            self._begin(event.at)

    def _take_made(self, made: Made) -> None:
        if self._is_listing:
            return  # resuming tells what to make of it
        if made.watched:
            self._made.append(made)
            return
        self._moments.pop(made.name, None)
        if self.watching.since is not None:
            self.judge.unwatched(made)  # its watch was broken then

    def _begin(self, at: float) -> None:
        """The cluster has been listed."""
        self.watching.since = at
        found = Resuming(self.memory, at, self.sight, self.actual).resumed(self.rounds, self.passes)
        self.rounds.begin(at)
        self.there = found.there
        self.actual.news.clear()
        self._open += found.open
        self._made = found.made + self._made
        self._taken += found.taken
        self._carried += found.carried
        self.standing.recall(self.memory.overdue())
        self.memory = Memory()

    def news(self) -> list[Seen]:
        """What was seen of NodeClaims since this was last asked."""
        found = list(self.actual.news)
        self.actual.news.clear()
        return found

    @property
    def awaited(self) -> tuple[int, int]:
        """NodeClaims that were foreseen and are not judged yet; commands that stand to be carried out."""
        claims = sum(len(round_.plan.claims) for round_ in self._open)
        standing = [entry for entry in self.passes.latest() if not entry.closed and not isinstance(entry.outcome, Held)]
        return claims, len(standing)

    def unseen_rounds(self) -> list[Round]:
        """Rounds with NodeClaims of which none has been seen to be made yet."""
        known = {made.claim.node_pool for made in self._made}
        return [
            round_
            for round_ in self._open
            if self.at - round_.at <= provisioning.LATE
            and not any(claim.node_pool in known for claim in round_.plan.claims)
        ]

    def expected(self) -> list[tuple[Command, float]]:
        """Commands that stand to be carried out, in order, with the time since when."""
        found: list[tuple[Command, float]] = []
        for entry in self.passes.latest():
            since = self.standing.since(entry.command)
            if since is not None and not isinstance(entry.outcome, Held):
                found.append((entry.command, since))
        return found

    @property
    def pairs(self) -> list[Pair]:
        """What of provisioning has been judged."""
        return self.judge.pairs

    @property
    def moves(self) -> list[Move]:
        """What of disruption has been judged."""
        return self.judge.moves

    @property
    def watching(self) -> Watching:
        """From when until when the cluster has been watched."""
        return self.judge.watching

    def finish(self) -> None:
        """There is nothing more to come: judge what is open."""
        self.watching.until = self.at
        self._commands(self.at + SETTLES)
        self._settle(self.at + 10 * SETTLES)

    def advance(self, at: float) -> None:
        """Foresee and judge what is due up to a time. Where nothing was heard for long, as over a recording of a quiet
        cluster, that is done step by step, as it would have been live."""
        for moment in moments_between(self._advanced or at, at):
            self._advance(moment)
        self._advanced = at

    def _advance(self, at: float) -> None:
        for round_ in self.rounds.until(at):
            self._foresee(round_)
        self._commands(at)
        self.passes.until(at)
        self._overdue(at)
        self._settle(at)

    def _overdue(self, at: float) -> None:
        """What stood for so long that Karpenter would have done it."""
        if not self.sight.synced():
            self.standing.restart()
            return
        for move in self.standing.look(at, self.passes.latest()):
            self.judge.never(move, Evidence(self.karpenters), at)

    def _foresee(self, round_: Round, instead_of: Sequence[Round] = ()) -> None:
        self._open = [entry for entry in self._open if entry not in instead_of]
        self._given_up.extend(instead_of)
        for entry in instead_of:
            self._before_round.pop(entry.at, None)
        if round_.plan.claims:
            self._open.append(round_)
            self._open.sort(key=lambda entry: entry.at)
            if round_ not in self._given_up:  # else it is taken back, and was told
                self._fresh.append(round_)
            if self._last_round is not None:
                self._before_round[round_.at] = self._last_round
        self._last_round = round_.snapshot

    def new_rounds(self) -> list[Round]:
        """The rounds with NodeClaims that were foreseen since this was last asked."""
        fresh, self._fresh = self._fresh, []
        return fresh

    # -- commands ----------------------------------------------------------------------------------------------------

    def _commands(self, at: float) -> None:
        """Put taints together to commands, once all of a command's have been seen."""
        while (found := next((entry for entry in self._taken if is_settled(entry[0], at)), None)) is not None:
            first, near = found
            if first.reason and first.reason != disruptions.DRIFTED:
                last = max(entry.at for entry, _ in self._taken if entry.reason == first.reason)
                open_ = any(not entry.reason and not is_settled(entry, at) for entry, _ in self._taken)
                if (open_ or last + COMMAND_SETTLES > at) and at - first.at < disruptions.TOGETHER:
                    return  # more of its nodes may follow
            self._taken.remove(found)
            if not first.reason:
                self._signed.pop(first.claim, None)
                if self.watching.saw_end(first.at + REASON_WITHIN):  # else its reason may still have come
                    self.removals.append(removal_of(first, self.world, self.actual))
                continue
            together = [first]
            if first.reason != disruptions.DRIFTED:
                same = [
                    entry
                    for entry in self._taken
                    if entry[0].reason == first.reason and entry[0].at - first.at <= disruptions.TOGETHER
                ]
                together += [entry[0] for entry in same]
                self._taken = [entry for entry in self._taken if entry not in same]
            moments = [self._signed.pop(entry.claim, None) for entry in together]
            carried = Carried(first.at, first.reason, together, near, moment=moments[0], away=first.away)
            self.passes.carried_out(carried.at, carried.nodes, carried.reason, near, carried.moment)
            self._carried.append(carried)

    # -- judging -----------------------------------------------------------------------------------------------------

    def _settle(self, at: float) -> None:
        while self._carried and self._carried[0].at + SETTLES <= at:
            carried = self._carried.pop(0)
            self._take_replacements(carried)
            evidence = self._evidence(carried.moment, carried.near)
            self.judge.command(carried, evidence, at)
        while self._open and self._open[0].at + SETTLES + provisioning.LATE <= at:
            round_ = self._open.pop(0)
            self._judge_round(round_)
        while self._made and self._made[0].at + 3 * SETTLES <= at:
            made = self._made.pop(0)
            moment = self._moments.pop(made.name, None)
            if not made.replacement:
                self.judge.unforeseen(made, self._evidence(moment, ()))

    def _take_replacements(self, carried: Carried) -> None:
        """The NodeClaims that were made for a command."""
        following = min((entry.at for entry in self._carried if entry.at > carried.at), default=float("inf"))
        found = carried.replacements = replacements_of(carried, following, self._made, self._open)
        self._made = [made for made in self._made if made not in found]
        self._replaced.extend(found)
        for made in found:
            self._moments.pop(made.name, None)

    def _judge_round(self, round_: Round) -> None:
        """Hold a round against what was made around it."""
        following = self._open[0].at if self._open else float("inf")
        until = min(round_.at + provisioning.LATE, max(following - 0.05, round_.at))
        made = [
            entry
            for entry in self._made
            if not entry.replacement and round_.at - provisioning.EARLY <= entry.at <= until
        ]
        self._made = [entry for entry in self._made if entry not in made]
        moments = [self._moments[entry.name] for entry in made if entry.name in self._moments]
        evidence = self._evidence(moments[0] if moments else None, (), round_)
        self._before_round.pop(round_.at, None)
        for entry in made:
            self._moments.pop(entry.name, None)
        self.judge.round(round_, made, evidence, self._superseded(round_, made))

    def _superseded(self, round_: Round, made: Sequence[Made]) -> list[frozenset[str]]:
        """Pods of a round for which there is another answer: foreseen again since, or a command that replaces has
        made room for them, or they wait and will be asked for again soon.
        """
        if not made and self._open and self._open[0].at - round_.at <= provisioning.LATE:
            # Nothing was made before our next window closed: for Karpenter both were one.
            return [frozenset(claim.pods) for claim in round_.plan.claims]
        found = [frozenset(claim.pods) for other in self._open for claim in other.plan.claims]
        for claim in round_.plan.claims:
            replaced = any(asks_the_same(claim, made.claim) for made in self._replaced if is_of(round_, made))
            waits = round_.at - self._first_foreseen(claim.pods, round_.at) <= ASKED_AGAIN and any(
                (pod := self.world.of("pods").get(key)) is not None and pod.provisionable for key in claim.pods
            )
            if replaced or waits:
                found.append(frozenset(claim.pods))
        return found

    def _first_foreseen(self, pods: Sequence[str], at: float) -> float:
        """Since when a NodeClaim has been foreseen for any of these pods."""
        first = min((self._since[key] for key in pods if key in self._since), default=at)
        for key in pods:
            self._since[key] = first
        while len(self._since) > MOST_SINCE:
            del self._since[next(iter(self._since))]
        return first

    def _evidence(self, moment: Snapshot | None, near: Sequence[Supposed], round_: Round | None = None) -> Evidence:
        """What stood in the cluster when it happened, and at the moments around."""
        moments = [moment] if moment is not None else []
        moments += [entry.later for entry in near if entry.later is not None]
        if round_ is not None and (earlier := self._before_round.get(round_.at)) is not None:
            moments.append(earlier)
        order = round_.order if round_ is not None else ()
        return Evidence(self.karpenters, tuple(moments), order, self.world.options.batch_idle_duration)
