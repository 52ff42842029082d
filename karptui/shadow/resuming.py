"""Where an earlier run left off: once the cluster has been listed, its journal is held against what is there.

A prediction that still waits for its fact stands as it did, with its own stamp. What was seen and not judged is judged
now. What happened in between is "not watched". What was judged is not judged again.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from msgspec import Struct

from karptui.model.decision import Plan
from karptui.model.labels import NODEPOOL
from karptui.model.metadata import Metadata, condition
from karptui.model.node import NodeClaim
from karptui.model.snapshot import Snapshot
from karptui.shadow.actual import Actual, Made, Taken
from karptui.shadow.disruptions import Carried
from karptui.shadow.journal import Foreseen
from karptui.shadow.memory import Memory
from karptui.shadow.passes import KEPT, Passes, Supposed
from karptui.shadow.provisioning import EARLY, LATE, bare
from karptui.shadow.rounds import Rounds
from karptui.shadow.seen import Seen
from karptui.shadow.settling import SETTLES
from karptui.shadow.sight import Sight
from karptui.shadow.table import Round, asks_the_same
from karptui.world import events

UNJUDGED = 4 * SETTLES
"""Seconds after which what was seen has been judged, or needs no verdict."""

_TERMINATING = "DisruptionTerminating"


class Resumed(Struct, gc=False):
    """What is left to be judged. `there`: the NodeClaims that are known, with their NodePools."""

    there: dict[str, str] = {}
    open: list[Round] = []
    made: list[Made] = []
    taken: list[tuple[Taken, list[Supposed]]] = []
    carried: list[Carried] = []


class Resuming:
    """One journal against one cluster that has just been listed, at `since`."""

    def __init__(self, memory: Memory, since: float, sight: Sight, actual: Actual) -> None:
        self._memory, self._since = memory, since
        self._sight, self._actual = sight, actual
        self._taken = memory.judged_taken()
        self._found = Resumed()

    def resumed(self, rounds: Rounds, passes: Passes) -> Resumed:
        """Bring predictions back into `rounds` and `passes`."""
        found, memory = self._found, self._memory
        for made in self._actual.made.values():
            made.watched = False
        if not memory.until:
            found.there = {name: made.claim.node_pool for name, made in self._actual.made.items()}
            return found
        self._sight.skew.recall(memory.skew)
        self._sight.nominated |= {name: end for name, end in memory.nominated.items() if end > self._since}
        self._claims()
        blank = bare(self._sight.snapshot(self._since))
        found.open, answers = self._rounds(blank)
        claims = [(made.at, made.claim) for made in found.made if not made.away]
        rounds.recall(found.open, answers, claims)
        passes.recall(self._since, self._commands(blank))
        self._nodes(passes)
        self._gone(passes)
        return found

    # -- NodeClaims --------------------------------------------------------------------------------------------------

    def _claims(self) -> None:
        memory, judged = self._memory, self._memory.judged_made()
        for name, made in self._actual.made.items():
            seen = memory.made.get(name)
            if name in judged or (seen is None and self._was_there(made)):
                self._found.there[name] = made.claim.node_pool
            elif seen is None:
                made.at, made.watched, made.away = self._while_away(made.claim.metadata.created), True, True
                self._found.made.append(made)
            else:
                self._found.there[name] = made.claim.node_pool
                if self._is_unjudged(seen):
                    made.at, made.watched = seen.at, True
                    self._found.made.append(made)
        for name, seen in memory.made.items():
            if name not in self._actual.made and name not in judged and self._is_unjudged(seen):
                claim = NodeClaim(Metadata(name, labels={NODEPOOL: seen.pool}))  # it is gone, and that is all we know
                self._found.made.append(Made(name, seen.at, 0, claim))
        self._found.made.sort(key=lambda made: made.at)

    def _is_unjudged(self, seen: Seen) -> bool:
        return self._memory.until - seen.at <= UNJUDGED

    def _was_there(self, made: Made) -> bool:
        if self._memory.known is not None:
            return made.name in self._memory.known
        return made.claim.metadata.created + self._sight.skew.seconds <= self._memory.until

    def _while_away(self, at: float) -> float:
        """A time of the cluster's clock by ours, not before the end of the earlier run and not after our beginning."""
        return min(max(at + self._sight.skew.seconds, self._memory.until), self._since)

    # -- predictions ---------------------------------------------------------------------------------------------------

    def _rounds(self, blank: Snapshot) -> tuple[list[Round], list[Round]]:
        """The rounds whose NodeClaims may still come; and all answers of the end, oldest first."""
        told = self._memory.foreseen
        never = {entry.at for entry in self._memory.judged if entry.never}
        judged = self._memory.judged_made()
        open_: list[Round] = []
        answers: list[Round] = []
        for provisional, at, entries in _together(told):
            stamped = min(entry.since if entry.since is not None else at for entry in entries)
            claims = [entry.claim for entry in entries if entry.claim is not None]
            last = entries[-1] is told[-1]
            if last or at > self._memory.until - LATE:
                answers.append(Round(stamped, 0, stamped, blank, Plan(tuple(claims)), recalled=True))
            if provisional or at <= self._memory.until - LATE - SETTLES or at in never:
                continue
            for name, when in judged.items():
                made = self._actual.made.get(name)
                if made is not None and when >= at - EARLY:
                    one = next((claim for claim in claims if asks_the_same(claim, made.claim)), None)
                    claims = [claim for claim in claims if claim is not one]
            if claims:
                open_.append(Round(at, 0, at, blank, Plan(tuple(claims)), drafted=stamped, recalled=True))
        return open_, sorted(answers, key=lambda answer: answer.at)

    def _commands(self, blank: Snapshot) -> list[Supposed]:
        """What stood to be carried out when the earlier run ended, and before."""
        passes = list(self._memory.passes)
        found: list[Supposed] = []
        ends = [*(entry.at for entry in passes[1:]), self._memory.until]
        for entry, until in zip(passes, ends, strict=False):
            for command in (told.command for told in entry.commands):
                if command is not None and until > self._memory.until - KEPT:
                    done = None if command.validated else command
                    found.append(Supposed(entry.at, 0, blank, command, until, outcome=done, recalled=True))
        return found

    # -- nodes ---------------------------------------------------------------------------------------------------------

    def _nodes(self, passes: Passes) -> None:
        """Nodes that are on their way out."""
        for taken in self._actual.going:
            if taken.node in self._taken or taken.claim in self._taken:
                continue
            seen = self._memory.taken.get(taken.claim)
            if seen is not None:
                if self._is_unjudged(seen):
                    taken.at, taken.pods = seen.at, seen.pods
                    self._found.taken.append((taken, passes.frozen(seen.at)))
                continue
            claim = self._sight.world.of("nodeclaims").get(taken.claim)
            reason = condition(claim.conditions, "DisruptionReason") if claim is not None else None
            taken.at = self._while_away(reason.changed if reason is not None else self._since)
            taken.away = True
            self._found.taken.append((taken, []))

    def _gone(self, passes: Passes) -> None:
        """NodeClaims that went while nobody watched, or whose going was seen and is not judged yet."""
        stream = self._sight.world.streams.get("nodeclaims")
        if stream is None or stream.state is not events.StreamState.LIVE:
            return
        told = {event.about: event for event in self._sight.world.of("events").values() if event.reason == _TERMINATING}
        lately = {name: seen.pool for name, seen in self._memory.taken.items() if self._is_unjudged(seen)}
        for name, pool in {**lately, **(self._memory.known or {})}.items():
            if name in self._actual.made or name in self._taken:
                continue
            seen, near = self._memory.taken.get(name), list[Supposed]()
            event = told.get(name)
            reason = event.message.rpartition(": ")[2] if event is not None else ""
            if seen is not None:
                taken = Taken(seen.node, name, seen.at, 0, seen.reason or reason, pool, seen.pods)
                near = passes.frozen(seen.at)
            else:
                at = self._while_away(event.at) if event is not None else self._since
                taken = Taken(name, name, at, 0, reason, pool, away=True)
            if taken.reason:
                self._found.taken.append((taken, near))
            elif taken.away:
                self._found.carried.append(Carried(taken.at, "", [taken], [], away=True))


def _together(told: Iterable[Foreseen]) -> list[tuple[bool, float, Sequence[Foreseen]]]:
    """The claims of one answer follow each other, and bear one time."""
    found = groupby(told, key=lambda entry: (entry.provisional, entry.at))
    return [(provisional, at, list(entries)) for (provisional, at), entries in found]
