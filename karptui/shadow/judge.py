"""The verdicts of one Observer: what it hands over is held against what Karpenter did, and causes are looked for."""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Struct

from karptui.engine.disruption import VALIDATION_SECONDS
from karptui.shadow import disruptions, provisioning
from karptui.shadow.actual import Made
from karptui.shadow.causes import Evidence
from karptui.shadow.disruptions import Carried, Move
from karptui.shadow.explained import (
    explain_alone,
    explain_move,
    explain_never,
    explain_round,
    is_unexplained,
    unexplained_pairs,
)
from karptui.shadow.features import features_of
from karptui.shadow.passes import JITTER
from karptui.shadow.provisioning import Pair
from karptui.shadow.replaced import REPLACED_WITHIN
from karptui.shadow.rounds import OVERTAKEN_WITHIN
from karptui.shadow.search import Allowance, Search
from karptui.shadow.settling import as_it_is
from karptui.shadow.table import Round
from karptui.shadow.verdict import BEGUN_BEFORE, ENDED_BEFORE, NOT_WATCHED, Verdict


class Watching(Struct):
    """From when until when somebody watched; None where that is not known (yet)."""

    since: float | None = None
    until: float | None = None

    def saw_begin(self, at: float, seconds: float) -> bool:
        """Whether what came to its end at a time and takes so many seconds began while somebody watched."""
        return self.since is None or at - self.since > seconds

    def saw_end(self, at: float) -> bool:
        """Whether what lasts until a time was seen to its end."""
        return self.until is None or at <= self.until


class Judge:
    """`pairs` and `moves` are what has been judged, in order of time.

    With `at_once` it is judged on the spot, else it waits in line for `next`, which may be called from a thread, by one
    at a time.
    """

    def __init__(self, at_once: bool) -> None:
        self.pairs: list[Pair] = []
        self.moves: list[Move] = []
        self.watching = Watching()
        self._at_once = at_once
        self._waiting: deque[Callable[[], None]] = deque()
        self._forgotten = self._told = (0, 0)
        self._allowance = Allowance()

    def next(self) -> bool:
        """Judge what has waited longest; whether there was anything."""
        if not self._waiting:
            return False
        self._waiting.popleft()()
        return True

    @property
    def waiting(self) -> int:
        """How many wait to be judged."""
        return len(self._waiting)

    def round(
        self, round_: Round, made: Sequence[Made], evidence: Evidence, superseded: Sequence[frozenset[str]]
    ) -> None:
        """The NodeClaims of a round. What is foreseen again for `superseded` pods is judged with that."""
        as_they_were = [as_it_is(entry) for entry in made]
        self._take(partial(self._judge_round, round_, made, as_they_were, evidence, superseded))

    def unforeseen(self, made: Made, evidence: Evidence) -> None:
        """A NodeClaim of no round."""
        self._take(partial(self._judge_unforeseen, made, as_it_is(made), evidence))

    def unwatched(self, made: Made) -> None:
        """A NodeClaim that was made while nobody watched."""
        self.pairs.append(Pair(None, None, made, Verdict.UNFORESEEN, NOT_WATCHED))

    def command(self, carried: Carried, evidence: Evidence, at: float) -> None:
        """A command that was carried out; `at` is the time of judging."""
        self._take(partial(self._judge_command, carried, evidence, at))

    def never(self, move: Move, evidence: Evidence, at: float) -> None:
        """A command that stood too long."""
        self._take(partial(self._judge_never, move, evidence, at))

    def _take(self, job: Callable[[], None]) -> None:
        if self._at_once:
            job()
        else:
            self._waiting.append(job)

    def _judge_round(
        self,
        round_: Round,
        made: Sequence[Made],
        as_they_were: Sequence[Made],
        evidence: Evidence,
        superseded: Sequence[frozenset[str]],
    ) -> None:
        pairs = provisioning.judged(round_, as_they_were)
        kept = [pair for pair in pairs if pair.actual is not None or not self._is_superseded(pair, superseded)]
        begun_before = round_.recalled or not self._saw_window(round_.at, evidence)
        for pair in kept:
            if pair.actual is not None and pair.actual.away:
                pair.cause = NOT_WATCHED
            elif begun_before and not pair.verdict.agrees:
                pair.cause = BEGUN_BEFORE
        if unexplained_pairs(kept):
            self._search(round_.at, lambda search: explain_round(round_, kept, evidence, search))
        living = {entry.name: entry for entry in made}
        for pair in kept:
            if pair.actual is not None:
                pair.actual = living[pair.actual.name]
            self.pairs.append(pair)

    def _is_superseded(self, pair: Pair, superseded: Sequence[frozenset[str]]) -> bool:
        assert pair.predicted is not None, "a pair has one of both"
        assert pair.round is not None, "a prediction is of a round"
        if not self.watching.saw_end(pair.round.at + provisioning.LATE):
            return True  # it may still come
        return any(not pods.isdisjoint(pair.predicted.pods) for pods in superseded)

    def _judge_unforeseen(self, made: Made, as_it_was: Made, evidence: Evidence) -> None:
        moment = evidence.moments[0] if evidence.moments else None
        pair = Pair(None, None, as_it_was, Verdict.UNFORESEEN, moment=moment)
        if made.away:
            pair.cause = NOT_WATCHED
        elif not self._saw_window(made.at, evidence):
            pair.cause = BEGUN_BEFORE
        else:
            self._search(made.at, lambda search: explain_alone(pair, evidence, search))
        pair.actual = made
        self.pairs.append(pair)

    def _saw_window(self, at: float, evidence: Evidence) -> bool:
        return self.watching.saw_begin(at, evidence.window + OVERTAKEN_WITHIN)

    def _judge_command(self, carried: Carried, evidence: Evidence, at: float) -> None:
        move = disruptions.judged(carried)
        # One that validates takes 15 seconds.
        if carried.away:
            move.cause = NOT_WATCHED
        elif not move.verdict.agrees and not self.watching.saw_begin(carried.at, VALIDATION_SECONDS + JITTER):
            move.cause = BEGUN_BEFORE
        elif not move.verdict.agrees and not self.watching.saw_end(carried.at + REPLACED_WITHIN):
            move.cause = ENDED_BEFORE
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

    # -- what becomes of verdicts --------------------------------------------------------------------------------------

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
