"""Policy Balanced: a move must save enough for what it disturbs (spec/lifecycle.md 4.5)."""

from collections.abc import Sequence
from math import inf

from msgspec import Struct

from karptui.engine.disruption.candidates import Candidate, Situation
from karptui.engine.disruption.consolidation import Move
from karptui.engine.disruption.costs import eviction_cost, price
from karptui.engine.disruption.prices import Prices
from karptui.model.labels import CAPACITY_TYPE, INSTANCE_TYPE, NODEPOOL, ZONE
from karptui.model.node import NodeClaim

BALANCED = "Balanced"
THRESHOLD = 0.5
"""1/k with k = 2."""

_PRICED_BY = (NODEPOOL, INSTANCE_TYPE, ZONE, CAPACITY_TYPE)


class Totals(Struct, frozen=True, gc=False):
    """What a pool costs an hour, and what it would cost to disturb all of it."""

    cost: float
    disruption: float


class Balance:
    """Scores of moves in one situation; totals are taken once."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._totals: dict[str, Totals] = {}
        pools = {
            candidate.pool.key
            for candidate in situation.candidates.values()
            if candidate.pool.consolidation_policy == BALANCED
        }
        if pools:
            self._take(pools)

    def scores(self, move: Move, prices: Prices) -> dict[str, float]:
        """The score of a move in each Balanced pool that it takes nodes from."""
        saved = move.price
        if move.claim is not None:
            saved -= prices.cheapest(move.claim.requirements, move.claim.types)
        return self._scores(move.candidates, saved)

    def approves(self, scores: dict[str, float]) -> bool:
        """Whether every Balanced pool finds a move worth it."""
        return all(score >= THRESHOLD for score in scores.values())

    def hopeless(self, candidate: Candidate) -> float | None:
        """The score of deleting a node without any replacement, where even that would not do."""
        totals = self._totals.get(candidate.pool.key)
        if candidate.pool.consolidation_policy != BALANCED or totals is None or not totals.cost:
            return None
        if not totals.disruption:
            return None
        score = self._scores((candidate,), candidate.price)[candidate.pool.key]
        return score if score < THRESHOLD else None

    def _scores(self, candidates: Sequence[Candidate], saved: float) -> dict[str, float]:
        by_pool: dict[str, list[Candidate]] = {}
        for candidate in candidates:
            by_pool.setdefault(candidate.pool.key, []).append(candidate)
        whole = sum(candidate.price for candidate in candidates)
        scores: dict[str, float] = {}
        for pool, members in by_pool.items():
            if members[0].pool.consolidation_policy != BALANCED:
                continue
            share = saved
            if len(by_pool) > 1:
                share = saved * sum(candidate.price for candidate in members) / whole if whole else 0.0
            scores[pool] = _score(share, sum(candidate.cost for candidate in members), self._totals.get(pool))
        return scores

    def _take(self, pools: set[str]) -> None:
        situation = self._situation
        candidates = situation.candidates
        ledger: dict[str, float] = {}
        for state in situation.simulation.nodes:
            if state.claim is not None and all(key in state.claim.metadata.labels for key in _PRICED_BY):
                pool = state.claim.node_pool
                ledger[pool] = ledger.get(pool, 0.0) + self._price(state.claim)
        disruption: dict[str, float] = {}
        for state in situation.simulation.nodes:
            candidate = candidates.get(state.name)
            if candidate is not None:
                cost = candidate.cost
            else:
                cost = 1.0 + sum(max(0.0, eviction_cost(pod)) for pod in state.pods if not pod.daemon)
            disruption[state.node_pool] = disruption.get(state.node_pool, 0.0) + cost
        for pool in pools:
            cost = ledger.get(pool, 0.0)
            if cost <= 0:
                cost = sum(candidate.price for candidate in candidates.values() if candidate.pool.key == pool)
            self._totals[pool] = Totals(cost, disruption.get(pool, 0.0))

    def _price(self, claim: NodeClaim) -> float:
        return price(self._situation.types.get(claim.instance_type), claim.zone, claim.capacity_type)


def _score(saved: float, disrupted: float, totals: Totals | None) -> float:
    if saved <= 0 or totals is None or totals.cost <= 0 or totals.disruption <= 0:
        return 0.0
    share = disrupted / totals.disruption
    return saved / totals.cost / share if share > 0 else inf
