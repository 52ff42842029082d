"""Shadow mode's core: takes every event, foresees what Karpenter will do, and judges it once Karpenter has.

`before` an event is taken into the World, `after` it: so that what is foreseen at a moment never knows what makes it
known. Everything here follows from the events and their times alone: a replay gives the same verdicts.
"""

from collections.abc import Sequence

from karptui.engine.disruption import VALIDATION_SECONDS
from karptui.model.instance_type import Catalogue
from karptui.model.metadata import is_true
from karptui.model.snapshot import Snapshot
from karptui.model.taints import DISRUPTED_TAINT
from karptui.shadow import disruptions, provisioning
from karptui.shadow.actual import Actual, Made, Taken
from karptui.shadow.causes import Evidence
from karptui.shadow.disruptions import Carried, Move
from karptui.shadow.explained import explain_move, explain_never, explain_round
from karptui.shadow.passes import JITTER, Passes, Supposed
from karptui.shadow.provisioning import Pair
from karptui.shadow.removals import Removal, removal_of
from karptui.shadow.rounds import Round, Rounds
from karptui.shadow.sight import Sight
from karptui.shadow.standing import Standing
from karptui.shadow.verdict import BEGUN_BEFORE, NOT_WATCHED, UNEXPLAINED, Verdict
from karptui.world import events
from karptui.world.world import World

SETTLES = 6.0
"""Seconds after which no more is learnt about a NodeClaim: events have named its pods and what it was made for."""

COMMAND_SETTLES = 0.35
"""Seconds after its last taint after which a command's taints have all been seen."""

REPLACED_WITHIN = 2.0
"""Seconds after its first taint within which a command's replacements are made."""


class Observer:
    """One cluster in the shadow. `pairs`, `moves` and `removals` are what has been judged, in order of time.

    `away_since`: until when an earlier run watched (0: none did); what was decided since then was not watched.
    `karpenters` is the catalogue with Karpenter's own prices, where it tells them.
    """

    def __init__(self, world: World) -> None:
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
        self.away_since = 0.0
        self.at = 0.0

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
        if isinstance(event, events.SettingsSeen):
            self.standing.restart()
            self.rounds.settings_changed()
            self.passes.settings_changed()
        new = self.actual.after(event)
        if isinstance(new, Made):
            if new.watched:
                self._made.append(new)
            elif new.claim.metadata.created > self.away_since > 0:
                self.pairs.append(Pair(None, None, new, Verdict.UNFORESEEN, NOT_WATCHED))
        elif isinstance(new, Taken):
            at, near = self._signs.get(new.claim, (new.at, []))
            new.at = min(new.at, at)
            self._taken.append((new, near))
            self._signs.pop(new.claim, None)
            self.passes.close(new.at)
            self.standing.restart()

    def finish(self) -> None:
        """There is nothing more to come: judge what is open."""
        self._commands(self.at + SETTLES)
        self._settle(self.at + 10 * SETTLES)

    def advance(self, at: float) -> None:
        """Foresee and judge what is due up to a time."""
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
            explain_never(move, Evidence(self.karpenters))
            self.moves.append(move)

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
        while self._taken and self._taken[0][0].at + COMMAND_SETTLES <= at:
            first, near = self._taken[0]
            if first.reason and first.reason != disruptions.DRIFTED:
                last = max(entry.at for entry, _ in self._taken if entry.reason == first.reason)
                if last + COMMAND_SETTLES > at and at - first.at < disruptions.TOGETHER:
                    return  # more of its nodes may follow
            self._taken.pop(0)
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
            move = disruptions.judged(carried)
            if move.predicted is None and self._began_before(carried):
                move.cause = BEGUN_BEFORE
            explain_move(move, self._evidence(carried.moment, carried.near))
            self.moves.append(move)
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
        pairs = provisioning.judged(round_, made)
        moments = [self._moments[entry.name] for entry in made if entry.name in self._moments]
        explain_round(round_, pairs, self._evidence(moments[0] if moments else None, (), round_))
        for entry in made:
            self._moments.pop(entry.name, None)
        for pair in pairs:
            if pair.actual is None and self._repeated(pair):
                continue  # the wish was foreseen again in a later round, and is judged there
            self.pairs.append(pair)

    def _evidence(self, moment: Snapshot | None, near: Sequence[Supposed], round_: Round | None = None) -> Evidence:
        """What stood in the cluster when it happened, and at the moments around."""
        moments = [moment] if moment is not None else []
        moments += [entry.later for entry in near if entry.later is not None]
        if round_ is not None and (earlier := self._before_round.get(round_.at)) is not None:
            moments.append(earlier)
        order = round_.order if round_ is not None else ()
        return Evidence(self.karpenters, tuple(moments), order)

    def _repeated(self, pair: Pair) -> bool:
        assert pair.predicted is not None, "what did not happen was foreseen"
        pods = set(pair.predicted.pods)
        return any(pods & set(claim.pods) for round_ in self._open for claim in round_.plan.claims)
