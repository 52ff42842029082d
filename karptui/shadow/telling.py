"""What is foreseen and judged, told to the World: as decisions of the log, and as verdicts on them."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from karptui.model.decision import Decision, DecisionKind
from karptui.shadow.cases import Case
from karptui.shadow.disruptions import Move
from karptui.shadow.provisioning import Pair
from karptui.shadow.table import Round
from karptui.world import events
from karptui.world.world import World

ROUNDS_KEPT = 500
"""Rounds whose decisions may still be judged, or be foreseen once more."""

Sink = Callable[[events.Event], None]


class Teller:
    """Tells one World. Events bear the World's own time: telling must not change what is foreseen."""

    def __init__(self, world: World, sink: Sink) -> None:
        self._world, self._sink = world, sink
        self._rounds: OrderedDict[float, list[tuple[frozenset[str], str]]] = OrderedDict()
        self._said: OrderedDict[tuple[str, ...], tuple[str, tuple[str, ...]]] = OrderedDict()

    def foreseen(self, round_: Round) -> None:
        """A decision for each NodeClaim of a round; what is foreseen once more is the same decision."""
        told: list[tuple[frozenset[str], str]] = []
        for claim in round_.plan.claims:
            known, types = self._said.get(claim.pods, ("", ()))
            if not known or types != claim.instance_types:
                known = self._world.next_decision_id()
                self._said[claim.pods] = known, claim.instance_types
                decision = Decision(
                    known,
                    round_.at,
                    DecisionKind.LAUNCH,
                    claim.pods,
                    claim=claim,
                    price_change=claim.price,
                    not_modelled=round_.plan.not_modelled,
                    snapshot=round_.snapshot.number,
                )
                self._sink(events.DecisionMade(self._world.at, decision))
            told.append((frozenset(claim.pods), known))
        self._rounds[round_.at] = told
        for kept in (self._rounds, self._said):
            while len(kept) > ROUNDS_KEPT:
                kept.popitem(last=False)

    def judged(self, case: Case) -> None:
        """The verdict on a decision, and what came of it."""
        entry = case.entry
        if isinstance(entry, Pair):
            case.decision = self._of_pair(entry)
            names = [entry.actual.name] if entry.actual is not None else []
            about = names + [entry.actual.node for _ in names if entry.actual is not None and entry.actual.node]
        elif isinstance(entry, Move):
            case.decision = self._of_move(entry)
            names = [made.name for made in entry.actual.replacements] if entry.actual is not None else []
            about = [*entry.actual.nodes, *names] if entry.actual is not None else []
        else:
            return
        if case.decision and entry.actual is not None and case.judged.verdict.agrees:
            for name in names or [""]:
                self._sink(events.DecisionCarriedOut(self._world.at, case.decision, name))
        judged = case.judged
        self._sink(
            events.PredictionJudged(
                self._world.at, case.decision, tuple(about), judged.verdict.value, judged.verdict.agrees, judged.cause
            )
        )

    def _of_pair(self, pair: Pair) -> str:
        if pair.predicted is None or pair.round is None:
            return ""
        pods = frozenset(pair.predicted.pods)
        told: Sequence[tuple[frozenset[str], str]] = self._rounds.get(pair.round.at, ())
        nearest = max(told, key=lambda entry: len(entry[0] & pods), default=None)
        return nearest[1] if nearest is not None and nearest[0] & pods else ""

    def _of_move(self, move: Move) -> str:
        command = move.predicted
        if command is None:
            return ""
        number = move.supposed.snapshot.number if move.supposed is not None else 0
        decision = command.decided(self._world.next_decision_id(), move.foreseen, number)
        self._sink(events.DecisionMade(self._world.at, decision))
        return decision.id
