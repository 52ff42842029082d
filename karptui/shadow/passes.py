"""Disruption foreseen: what every pass that Karpenter may have begun would do (spec/lifecycle.md 3.1, 4.7).

When Karpenter's loop looks is not to be seen: every ten seconds, and at once after a command. So a pass is supposed at
every tick, its answer kept with the time at which it would be carried out, and looked at again at that time, as
Karpenter looks again after 15 seconds. A command that is really carried out is held against the passes that would have
come to one just then; all of them were foreseen before it.
"""

from collections import deque
from collections.abc import Iterable
from copy import copy
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from karptui.engine.disruption import disrupt, placements_without, validate
from karptui.engine.disruption.validation import VALIDATION_SECONDS
from karptui.model.disruption import Command, Held
from karptui.model.snapshot import Snapshot
from karptui.shadow.sight import Sight
from karptui.world import events

TICK = 0.5
"""Seconds between two supposed passes while something changes."""

QUIET_TICK = 2.0
"""The same while nothing does: time alone opens budgets and ends nominations."""

JITTER = 0.7
"""Seconds by which a pass may have begun earlier or later than can be told: its own work, and ours to hear of it."""

SLOW = 2.5
"""Seconds by which a command may be carried out later than its pass is supposed to end: on a busy machine Karpenter's
work takes so long. What stood then counts only where nothing nearer agrees."""

MOST_MOMENTS = 3
"""Snapshots that are asked where the pods of a command go that nobody foresaw."""

KEPT = VALIDATION_SECONDS + 5.0
EMPTINESS = "emptiness"
CONTINUED = frozenset({EMPTINESS, "multi-node"})
"""Methods after which a pass goes on where their command does not hold."""


class Supposed(Struct, gc=False, eq=False):
    """A pass supposed to begin at `began`, or any time from then `until` when that was asked again: what it decides.

    `heard` is the number of the last event it knew of; `after` what had been given up in it before; `outcome` is what
    is left of the command at its second look, which saw `later`, None before that. `at_once`: it, or what is left of
    it, was worked out only when Karpenter was seen to carry something out. `recalled`: an earlier run foresaw it, and
    what it was worked out from is not known any more. `again`: the same with what a second look said once something was
    carried out; by then a faster watch may have shown what came of it, so that the first one counts as well.
    """

    began: float
    heard: int
    snapshot: Snapshot
    command: Command
    until: float
    after: str = ""
    outcome: Command | Held | None = None
    later: Snapshot | None = None
    closed: bool = False
    at_once: bool = False
    recalled: bool = False
    again: "Supposed | None" = None

    @property
    def told(self) -> Command | Held:
        """What is expected of it."""
        return self.outcome if self.outcome is not None else self.command

    @property
    def wait(self) -> float:
        """Seconds from its beginning to its end."""
        return VALIDATION_SECONDS if self.command.validated else 0.0

    def off(self, at: float) -> float:
        """Seconds by which it would carry its command out earlier or later than at a time."""
        return max(self.began + self.wait - at, at - self.until - self.wait, 0.0)

    def for_chance(self, nodes: tuple[str, ...], domains: tuple[str, ...] = ()) -> Command | None:
        """What would be left of it, had chance favoured these nodes and domains, in their order; None: nothing."""
        favoured = (*nodes, *domains)
        later = replace(self.later, favoured=favoured) if self.later is not None else None
        command = carried_by(replace(self.snapshot, favoured=favoured), later, self.after)
        return command if command is not None and set(nodes) & set(command.nodes) else None


class Passes:
    """Supposes passes over one cluster. `until` brings it up to a time, `at_once` asks before a taint is taken in."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self.supposed: deque[Supposed] = deque()
        self._next = self._last = 0.0
        self._tick = TICK
        self._asked = (-1, 0.0)
        self._before = ""
        self._latest: list[Supposed] = []
        self._synced = False
        self.heard = 0

    def hear(self, event: events.Event) -> None:
        """An event has been taken into the World. Once the last NodeClaim has been launched a pass begins at once."""
        self.heard += 1
        if isinstance(event, events.ObjectSeen) and event.resource == "nodeclaims":
            before, self._synced = self._synced, self._sight.synced()
            if self._synced and not before and self._sight.world.synced():
                self._suppose(event.at)

    def until(self, at: float) -> None:
        """Suppose the passes and the second looks that are due up to `at`."""
        if not self._next:
            self._next = self._last = at
        if at - self._next > KEPT:
            self._next = self._last = at - KEPT  # nothing came for long: what lies before is of no use any more
        while self._next <= at:
            # A node whose nomination ends may go at that very moment.
            ends = self._sight.nomination_ending(self._last, self._next)
            moment = self._next if ends is None else ends
            self._last = moment
            if ends is None:
                self._next = moment + self._tick
            self._look_again(moment, moment)
            number = self._sight.world.number
            known, asked = self._asked
            ended = self._sight.nomination_ending(asked, moment) is not None
            if number != known or ended or moment - asked >= QUIET_TICK:
                self._asked = (number, moment)
                self._suppose(moment)
            for entry in self._latest:
                entry.until = moment
        while self.supposed and self.supposed[0].until < at - KEPT:
            self.supposed.popleft()

    @property
    def at(self) -> float:
        """The time of the last supposed pass that was due."""
        return self._last

    def go_easy(self, seconds: float) -> None:
        """Let at least so many seconds pass between two ticks: what a big cluster costs must not hold up the rest."""
        self._tick = max(TICK, seconds)

    def at_once(self, at: float) -> None:
        """Karpenter is carrying something out: suppose a pass that begins now, and look again at what is nearly due."""
        self._look_again(at, at + JITTER, once_more=True)
        known = len(self.supposed)
        self._suppose(at)
        if self._sight.nomination_ending(at, at + JITTER) is not None:
            self._suppose(at, ahead=JITTER)  # Karpenter began to count a little earlier than was seen
        for entry in islice(self.supposed, known, None):
            entry.at_once = not entry.command.validated  # else it is a prediction, of what is to come

    def recall(self, at: float, entries: Iterable[Supposed]) -> None:
        """What an earlier run had foreseen; what is foreseen again now has stood all the time."""
        self.supposed.clear()
        self._suppose(at)
        again = {says(entry.command) for entry in self._latest}
        recalled = list(entries)
        ended = max((entry.until for entry in recalled), default=at)
        for entry in recalled:
            if entry.until == ended and says(entry.command) in again:
                entry.until = at
        self.supposed.extendleft(reversed(recalled))

    def settings_changed(self) -> None:
        """What was supposed under other settings is void."""
        self.supposed.clear()

    def near(self, at: float) -> list[Supposed]:
        """The passes that would carry a command out at a time, nearest first."""
        found = [entry for entry in self.supposed if entry.off(at) <= JITTER]
        found.sort(key=lambda entry: (entry.off(at), -entry.began))
        return found + [entry.again for entry in found if entry.again is not None]

    def standing(self) -> Supposed | None:
        """What the last supposed pass decided."""
        return self.supposed[-1] if self.supposed else None

    def latest(self) -> list[Supposed]:
        """What the last supposed pass decided, with what it would go on to."""
        return self._latest

    def frozen(self, at: float) -> list[Supposed]:
        """What was foreseen for this time, as it stands now; then what else was foreseen for shortly before."""
        near = self.near(at)
        known = {says(entry.command) for entry in near}
        for entry in reversed(self.supposed):
            if JITTER < at - entry.until - entry.wait <= SLOW and says(entry.command) not in known:
                known.add(says(entry.command))
                near.append(entry)
        return [copy(entry) for entry in near]

    def close(self, at: float) -> None:
        """Karpenter has begun a command: no more is made of what was foreseen for this time, and it looks again at once
        (spec/lifecycle.md 3.1).
        """
        for entry in self.near(at):
            entry.closed = True
        self._suppose(max(at, self._sight.world.at))

    def carried_out(
        self, at: float, nodes: tuple[str, ...], reason: str, near: list[Supposed], moment: Snapshot | None
    ) -> None:
        """All nodes of a command are known: those to which it moves pods are nominated, as by a round
        (spec/lifecycle.md 5). `moment` is the cluster just before it.
        """
        known = (entry.outcome or entry.command for entry in near)
        same = [entry for entry in known if isinstance(entry, Command) and entry.nodes == nodes]
        # Pods may have come or gone meanwhile: the pass that Karpenter's own words fit is the one that it was.
        found = max(same, key=lambda entry: self._sight.told_of(entry.placements, at - JITTER), default=None)
        if found is None:
            chances = (entry.for_chance(nodes) for entry in near)
            found = next((entry for entry in chances if entry is not None and entry.nodes == nodes), None)
        if found is not None:
            self._sight.nominate_names(at, found.placements)
            return
        # Nobody foresaw it: what follows must still know where its pods go, by the time at which that was decided.
        decided_at = [entry.snapshot for entry in near if entry.command.validated and reason == entry.command.reason]
        moments = decided_at or ([moment] if moment is not None else [])
        supposed = [placements_without(snapshot, nodes, reason) for snapshot in moments[:MOST_MOMENTS]]
        told = max(supposed, key=lambda placements: self._sight.told_of(placements, at - JITTER), default=None)
        if told is not None:
            self._sight.nominate_names(at, told)

    def _suppose(self, at: float, after: str = "", ahead: float = 0.0) -> None:
        if not self._sight.synced():
            return
        snapshot = self._sight.snapshot(at + ahead)
        found = decided(snapshot, after)
        if not after:
            self._latest = []
        first = found[0].method if found else ""
        if first == EMPTINESS and self._before != EMPTINESS and not after:
            # A pass that was under way had looked for empty nodes before there were any.
            self._keep(at, snapshot, decided(snapshot, EMPTINESS), EMPTINESS)
        self._before = first
        self._keep(at, snapshot, found, after)
        if self._sight.doubtful(at):
            without, known = self._sight.snapshot(at + ahead, trusting=False), {says(command) for command in found}
            others = tuple(command for command in decided(without, after) if says(command) not in known)
            self._keep(at, without, others, after)

    def _keep(self, at: float, snapshot: Snapshot, commands: tuple[Command, ...], after: str) -> None:
        for command in commands:
            done = None if command.validated else command
            entry = Supposed(at, self.heard, snapshot, command, at, after, done)
            self.supposed.append(entry)
            self._latest.append(entry)

    def _look_again(self, at: float, due: float, once_more: bool = False) -> None:
        """The second look at what is due; where nothing is left of it, the pass goes on to the next methods."""
        if not self._sight.synced():
            return
        snapshot: Snapshot | None = None
        given_up: set[str] = set()
        number = self._sight.world.number
        for entry in self.supposed:
            if not entry.command.validated or entry.closed or entry.began + entry.wait > due or entry.off(at) > JITTER:
                continue
            if entry.later is None or (once_more and entry.later.number != number):
                snapshot = snapshot or self._sight.snapshot(at)
                told, outcome = entry.told, validate(snapshot, entry.command)
                looked = entry
                if entry.later is not None:
                    looked = entry.again = copy(entry)
                looked.outcome, looked.later = outcome, snapshot
                looked.at_once = once_more and not _is_as(told, outcome)
            if isinstance((entry.again or entry).outcome, Held) and entry.command.method in CONTINUED:
                given_up.add(entry.command.method)
        for method in sorted(given_up):
            self._suppose(at, after=method)


def _is_as(told: Command | Held, outcome: Command | Held) -> bool:
    if isinstance(told, Held) or isinstance(outcome, Held):
        return isinstance(told, Held) and isinstance(outcome, Held)
    return says(told) == says(outcome)


def says(command: Command) -> tuple[object, ...]:
    """What tells one command from another: nodes, reason, and instance types of what takes their place."""
    types = sorted(tuple(sorted(claim.instance_types)) for claim in command.replacements)
    return command.nodes, command.reason, tuple(types)


def decided(snapshot: Snapshot, after: str = "") -> tuple[Command, ...]:
    """What a pass decides first, before any second look."""
    return disrupt(snapshot, after=after, validate=False).commands


def carried_by(snapshot: Snapshot, later: Snapshot | None, after: str = "") -> Command | None:
    """What a pass carries out: its first command, as far as a second look leaves it."""
    command = next(iter(decided(snapshot, after)), None)
    if command is None or later is None or not command.validated:
        return command
    outcome = validate(later, command)
    return outcome if isinstance(outcome, Command) else None
