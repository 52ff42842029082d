"""What becomes of a set of nodes: nothing, fewer nodes, or one cheaper node (spec/lifecycle.md 4.5)."""

from collections.abc import Sequence
from math import inf
from operator import attrgetter

from msgspec import Struct

from karptui.engine.disruption.candidates import Candidate, Situation
from karptui.engine.disruption.prices import Prices
from karptui.engine.provisioning.finish import Closed
from karptui.engine.provisioning.simulation import Simulated
from karptui.model.disruption import Command, Held, Hold
from karptui.model.labels import CAPACITY_TYPE, ON_DEMAND, SPOT
from karptui.model.requirements import Requirement

SPOT_TO_SPOT_TYPES = 15
"""So many cheaper types a lone spot node needs before it is replaced by another, and so many are then asked for."""

_ONLY_SPOT = Requirement(CAPACITY_TYPE, False, frozenset((SPOT,)))


class Move(Struct, frozen=True, gc=False, eq=False):
    """Nodes that can go, with what takes their pods: the nodes that stay, and at most one that is new."""

    candidates: tuple[Candidate, ...]
    simulated: Simulated
    claim: Closed | None = None

    @property
    def price(self) -> float:
        """What the nodes cost, USD an hour; those of unknown price count as free."""
        return sum(candidate.price for candidate in self.candidates)


class Consolidation:
    """Looks for moves in one situation."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._ground = situation.simulation.ground
        self._spot_to_spot = situation.snapshot.options.gate("SpotToSpotConsolidation")
        self.prices = Prices(self._ground)

    def move(self, candidates: Sequence[Candidate]) -> Move | Held:
        """The move that takes all of these away; or what is against it, said of the first."""
        name = candidates[0].name
        names = [entry.name for entry in candidates]
        simulated = self._situation.simulation.without(names, self._situation.profile.shields_targets)
        refusal = stranding(name, simulated)
        if refusal is not None:
            return refusal
        assert simulated is not None, "no pools is a refusal"
        if not simulated.claims:
            return Move(tuple(candidates), simulated)
        if len(simulated.claims) > 1:
            return Held(name, Hold.NEEDS_SEVERAL, found=len(simulated.claims), wanted=1)
        claim = self._cheaper(candidates, simulated.claims[0])
        return claim if isinstance(claim, Held) else Move(tuple(candidates), simulated, claim)

    def of_another_type(self, move: Move) -> Move | Held:
        """The move without types that would only put one of its own nodes in place of all of them (4.7)."""
        claim = move.claim
        if claim is None:
            return move
        limit = self.prices.least_of_same_type(move.candidates, claim.types)
        kept = self._below(move.candidates[0].name, claim, limit)
        return kept if isinstance(kept, Held) else Move(move.candidates, move.simulated, kept)

    def command(self, move: Move, method: str, reason: str) -> Command:
        """The move written out."""
        claims = [move.claim] if move.claim is not None else []
        return command_of(self._situation, move.candidates, move.simulated, claims, method, reason)

    def _cheaper(self, candidates: Sequence[Candidate], claim: Closed) -> Closed | Held:
        name = candidates[0].name
        price = self._price(candidates)
        asked = claim.requirements.requirements.of(CAPACITY_TYPE)
        if asked.has(SPOT) and all(candidate.is_spot for candidate in candidates):
            return self._spot_for_spot(candidates, claim, price)
        kept = self._below(name, claim, price)
        if isinstance(kept, Held) or not (asked.has(SPOT) and asked.has(ON_DEMAND)):
            return kept
        return self._on_spot(kept)

    def _price(self, candidates: Sequence[Candidate]) -> float:
        """What a set costs; a node of unknown price counts as free, and before 1.14 makes the whole set free."""
        if not self._situation.profile.exact_price and any(not candidate.price for candidate in candidates):
            return 0.0
        return sum(candidate.price for candidate in candidates)

    def _spot_for_spot(self, candidates: Sequence[Candidate], claim: Closed, price: float) -> Closed | Held:
        name = candidates[0].name
        if not self._spot_to_spot:
            return Held(name, Hold.SPOT_TO_SPOT)
        order = self.prices.in_order(claim.requirements, claim.types)
        spot = self._on_spot(claim)
        offered = self._ground.catalogue.collapse(spot.requirements.rows & self._ground.catalogue.expand(spot.types))
        kept = self._below(name, spot._replace(types=offered), price)
        if isinstance(kept, Held) or len(candidates) > 1:
            return kept
        found = kept.types.bit_count()
        if found < SPOT_TO_SPOT_TYPES:
            return Held(name, Hold.TOO_FEW_TYPES, wanted=SPOT_TO_SPOT_TYPES, found=found)
        left = [bit for bit in order if kept.types >> bit & 1]
        count = max(SPOT_TO_SPOT_TYPES, self._needed(kept, left))
        return kept._replace(types=sum(1 << bit for bit in left[:count]))

    def _needed(self, claim: Closed, order: list[int]) -> int:
        """How many types of an order it takes until every minValues is met; 0 where there is none."""
        min_values = self._ground.min_values
        if not min_values.wanted(claim.requirements):
            return 0
        mask = 0
        for count, bit in enumerate(order, 1):
            mask |= 1 << bit
            if not min_values.unmet(claim.requirements, mask):
                return count
        return len(order)

    def _on_spot(self, claim: Closed) -> Closed:
        return claim._replace(requirements=self._ground.space.intern(claim.requirements.requirements.add(_ONLY_SPOT)))

    def _below(self, name: str, claim: Closed, price: float) -> Closed | Held:
        """The claim with the types that cost less than this; minValues must hold still."""
        types = self.prices.below(claim.requirements, claim.types, price)
        unmet = self._ground.min_values.unmet(claim.requirements, types)
        if unmet and types:
            key = min(unmet)
            wanted = claim.requirements.requirements.of(key).min_values or 0
            return Held(name, Hold.MIN_VALUES, detail=key, wanted=wanted, found=unmet[key])
        if not types:
            least = self.prices.least_worst(claim.requirements, claim.types)
            return Held(name, Hold.NOT_CHEAPER, wanted=price, found=0.0 if least == inf else least)
        return claim._replace(types=types)


def stranding(name: str, simulated: Simulated | None) -> Held | None:
    """What is against taking nodes away at all: pods that would have no place."""
    if simulated is None:
        return Held(name, Hold.NO_POOLS_READY)
    if simulated.unready:
        key = min(simulated.unready)
        return Held(name, Hold.UNINITIALIZED_TARGET, tuple(sorted(simulated.unready)), detail=simulated.unready[key])
    if simulated.stranded:
        keys = tuple(sorted(simulated.stranded))
        failure = simulated.stranded[keys[0]]
        reason = failure.reasons[0] if failure.reasons else None
        return Held(name, Hold.PODS_FIT_NOWHERE, keys, failure.message, reason=reason)
    return None


def command_of(
    situation: Situation,
    candidates: Sequence[Candidate],
    simulated: Simulated | None,
    claims: Sequence[Closed],
    method: str,
    reason: str,
) -> Command:
    """A command for these nodes with these claims as replacements."""
    finishing = situation.simulation.ground.finishing
    written = sorted((finishing.write(claim) for claim in claims), key=lambda claim: claim.pods)
    moving = simulated.moving if simulated is not None else ()
    return Command(
        method=method,
        reason=reason,
        nodes=tuple(sorted(candidate.name for candidate in candidates)),
        departures=tuple(sorted((candidate.departure for candidate in candidates), key=attrgetter("node"))),
        pods=tuple(sorted(pod.key for pod in moving)),
        replacements=tuple(written),
        price_before=sum(candidate.price for candidate in candidates),
        price_after=sum(0.0 if claim.price == inf else claim.price for claim in written),
        placements=simulated.placements if simulated is not None else {},
    )
