"""Shadow mode's core: takes every event, foresees what Karpenter will do, and judges it once Karpenter has.

`before` an event is taken into the World, `after` it: so that what is foreseen at a moment never knows what makes it
known. Everything here follows from the events and their times alone: a replay gives the same verdicts.
"""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from karptui.engine.disruption import VALIDATION_SECONDS
from karptui.model.disruption import Command, Held
from karptui.model.instance_type import Catalogue
from karptui.model.metadata import is_true
from karptui.model.snapshot import Snapshot
from karptui.model.taints import DISRUPTED_TAINT
from karptui.shadow import disruptions, provisioning
from karptui.shadow.actual import Actual, Made, Taken
from karptui.shadow.causes import Evidence
from karptui.shadow.disruptions import Carried, Move
from karptui.shadow.explained import (
    explain_move,
    explain_never,
    explain_round,
    is_unexplained,
    unexplained_pairs,
)
from karptui.shadow.features import features_of
from karptui.shadow.passes import JITTER, Passes, Supposed
from karptui.shadow.provisioning import Pair
from karptui.shadow.removals import Removal, removal_of
from karptui.shadow.rounds import Round, Rounds
from karptui.shadow.search import Allowance, Search
from karptui.shadow.settling import COMMAND_SETTLES, as_it_is, is_settled, moments_between
from karptui.shadow.sight import Sight
from karptui.shadow.standing import Standing
from karptui.shadow.verdict import BEGUN_BEFORE, NOT_WATCHED, UNEXPLAINED, Verdict
from karptui.world import events
from karptui.world.world import World

SETTLES = 6.0
"""Seconds after which no more is learnt about a NodeClaim: events have named its pods and what it was made for."""

REPLACED_WITHIN = 2.0
"""Seconds after its first taint within which a command's replacements are made."""


class Observer:
    """One cluster in the shadow. `pairs`, `moves` and `removals` are what has been judged, in order of time.

    `away_since`: until when an earlier run watched (0: none did); what was decided since then was not watched.
    `karpenters` is the catalogue with Karpenter's own prices, where it tells them.
    Judging asks the engine often: with `at_once` it is done on the spot, else it waits in line for `judge_next`, which
    may be called from a thread, by one at a time.
    """

    def __init__(self, world: World, at_once: bool = True) -> None:
        self.world = world
        self.sight = Sight(world)
        self.rounds = Rounds(self.sight)
        self.passes = Passes(self.sight)
        self.actual = Actual(world)
        self.standing = Standing()
        self.pairs: list[Pair] = []
        self.moves: list[Move] = []
        self.removals: list[Removal] = []
        self._open: list[Round] = []
        self._fresh: list[Round] = []
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
        self._watching: float | None = None
        self._at_once = at_once
        self._unjudged: deque[Callable[[], None]] = deque()
        self._forgotten = self._told = (0, 0)
        self._allowance = Allowance()
        self.away_since = 0.0
        self._advanced = self.at = 0.0

    def before(self, event: events.Event) -> None:
        """What is due up to the event; and if it is Karpenter's own doing, what was foreseen just before it."""
        self.advance(event.at)
        if not isinstance(event, events.ObjectSeen):
            return
        new = event.change is not events.Change.DELETED
        if event.resource == "nodeclaims" and new and event.object.key not in self.world.of("nodeclaims"):
            found = self.rounds.overtaken(event.object, event.at)
            if found is not None:
                self._foresee(found)
            if self._watching is not None:
                self._moments[event.object.key] = self.sight.snapshot(self.world.at)
        sign = self._sign(event)
        if sign and sign not in self._signs and sign not in self._begun:
            self._begun.add(sign)
            self.passes.at_once(max(self.world.at, self.passes.at))
            self._signs[sign] = (event.at, self.passes.frozen(event.at))
            self._signed[sign] = self.sight.snapshot(self.world.at)

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
        if self._watching is None and self.world.synced():
            self._watching = event.at
        self.rounds.heard(event)
        self.passes.heard += 1
        if isinstance(event, events.ObjectSeen) and event.change is events.Change.DELETED:
            self._begun.discard(event.object.key)
        if isinstance(event, events.SettingsSeen):
            self.standing.restart()
            self.rounds.settings_changed()
            self.passes.settings_changed()
        new = self.actual.after(event)
        if isinstance(new, Made):
            if new.watched:
                self._made.append(new)
                return
            self._moments.pop(new.name, None)
            if new.claim.metadata.created > self.away_since > 0:
                self.pairs.append(Pair(None, None, new, Verdict.UNFORESEEN, NOT_WATCHED))
        elif isinstance(new, Taken):
            at, near = self._signs.get(new.claim, (new.at, []))
            new.at = min(new.at, at)
            self._taken.append((new, near))
            self._signs.pop(new.claim, None)
            self.passes.close(new.at)
            self.standing.restart()

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

    def new_verdicts(self) -> list[Pair | Move]:
        """What was judged since this was last asked, in order of time."""
        pairs, moves = self._told
        self._told = (len(self.pairs), len(self.moves))  # first: a thread may be adding to them
        fresh: list[Pair | Move] = [*self.pairs[pairs : self._told[0]], *self.moves[moves : self._told[1]]]
        return sorted(fresh, key=lambda entry: entry.at)

    def drop(self, listed: int) -> None:
        """Take the oldest judged decisions off the lists, but for the latest `listed` of each kind."""
        gone = (max(self._told[0] - listed, 0), max(self._told[1] - listed, 0))
        del self.pairs[: gone[0]], self.moves[: gone[1]]
        self._told = (self._told[0] - gone[0], self._told[1] - gone[1])
        self._forgotten = (max(self._forgotten[0] - gone[0], 0), max(self._forgotten[1] - gone[1], 0))

    def forget(self, kept: int) -> None:
        """Let go of what the oldest judged decisions were made from, but for the latest `kept` of each kind."""
        for entries in (self.pairs, self.moves):
            for entry in entries[self._forgotten[entries is self.moves] : max(len(entries) - kept, 0)]:
                entry.features = features_of(entry)
                entry.forget()
        self._forgotten = (max(len(self.pairs) - kept, 0), max(len(self.moves) - kept, 0))

    def finish(self) -> None:
        """There is nothing more to come: judge what is open."""
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
            self._judge_later(partial(self._judge_never, move, Evidence(self.karpenters), at))

    def _foresee(self, round_: Round) -> None:
        if round_.plan.claims:
            self._open.append(round_)
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
            carried = Carried(first.at, first.reason, together, near, moment=self._signed.pop(first.claim, None))
            self.passes.carried_out(carried.at, carried.nodes, near)
            self._carried.append(carried)

    # -- judging -----------------------------------------------------------------------------------------------------

    def _settle(self, at: float) -> None:
        while self._carried and self._carried[0].at + SETTLES <= at:
            carried = self._carried.pop(0)
            self._take_replacements(carried)
            evidence = self._evidence(carried.moment, carried.near)
            self._judge_later(partial(self._judge_command, carried, evidence, self._began_before(carried), at))
        while self._open and self._open[0].at + SETTLES + provisioning.LATE <= at:
            round_ = self._open.pop(0)
            self._judge_round(round_)
        while self._made and self._made[0].at + 3 * SETTLES <= at:
            made = self._made.pop(0)
            moment = self._moments.pop(made.name, None)
            if not made.replacement:
                self.pairs.append(Pair(None, None, made, Verdict.UNFORESEEN, UNEXPLAINED, moment=moment))

    def _began_before(self, carried: Carried) -> bool:
        """Whether the pass may have begun before anybody watched: one that validates takes 15 seconds."""
        return self._watching is not None and carried.at - self._watching <= VALIDATION_SECONDS + JITTER

    def _take_replacements(self, carried: Carried) -> None:
        """The NodeClaims that were made for a command: the next ones that events call replacements."""
        if carried.reason == disruptions.EMPTY:
            return  # nothing takes the place of an empty node
        last = carried.at + REPLACED_WITHIN
        later = [entry.at for entry in self._carried if entry.at > carried.at]
        until = min([last, *later])
        found = [made for made in self._made if made.replacement and carried.at - 0.1 <= made.at < until]
        carried.replacements = found
        self._made = [made for made in self._made if made not in found]
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
        later = [frozenset(claim.pods) for other in self._open for claim in other.plan.claims]
        self._judge_later(
            partial(self._judge_claims, round_, made, [as_it_is(entry) for entry in made], evidence, later)
        )

    # -- what asks the engine ------------------------------------------------------------------------------------------

    def _judge_later(self, job: Callable[[], None]) -> None:
        if self._at_once:
            job()
        else:
            self._unjudged.append(job)

    def judge_next(self) -> bool:
        """Judge what has waited longest; whether there was anything."""
        if not self._unjudged:
            return False
        self._unjudged.popleft()()
        return True

    @property
    def unjudged(self) -> int:
        """How many wait to be judged."""
        return len(self._unjudged)

    def _judge_claims(
        self,
        round_: Round,
        made: Sequence[Made],
        as_they_were: Sequence[Made],
        evidence: Evidence,
        later: Sequence[frozenset[str]],
    ) -> None:
        """The NodeClaims of a round. What is foreseen again for `later` rounds is judged with those."""
        pairs = provisioning.judged(round_, as_they_were)
        if unexplained_pairs(pairs):
            self._search(round_.at, lambda search: explain_round(round_, pairs, evidence, search))
        living = {entry.name: entry for entry in made}
        for pair in pairs:
            if pair.actual is not None:
                pair.actual = living[pair.actual.name]
            elif pair.predicted is not None and any(not pods.isdisjoint(pair.predicted.pods) for pods in later):
                continue
            self.pairs.append(pair)

    def _judge_command(self, carried: Carried, evidence: Evidence, began_before: bool, at: float) -> None:
        move = disruptions.judged(carried)
        if move.predicted is None and began_before:
            move.cause = BEGUN_BEFORE
        if is_unexplained(move):
            self._search(at, lambda search: explain_move(move, evidence, search))
        self.moves.append(move)

    def _judge_never(self, move: Move, evidence: Evidence, at: float) -> None:
        self._search(at, lambda search: explain_never(move, evidence, search))
        self.moves.append(move)

    def _search(self, at: float, explain: Callable[[Search], None]) -> None:
        search = self._allowance.search(at)
        explain(search)
        self._allowance.used(search)

    def _evidence(self, moment: Snapshot | None, near: Sequence[Supposed], round_: Round | None = None) -> Evidence:
        """What stood in the cluster when it happened, and at the moments around."""
        moments = [moment] if moment is not None else []
        moments += [entry.later for entry in near if entry.later is not None]
        if round_ is not None and (earlier := self._before_round.get(round_.at)) is not None:
            moments.append(earlier)
        order = round_.order if round_ is not None else ()
        return Evidence(self.karpenters, tuple(moments), order)
