"""NodeClaims foreseen paired with those that Karpenter made, and how near they came."""

from collections.abc import Sequence
from itertools import islice, permutations

from msgspec import Struct
from msgspec.structs import replace

from karptui.engine.provisioning import plan
from karptui.model.decision import Plan, PlannedClaim
from karptui.model.instance_type import Catalogue
from karptui.model.labels import CAPACITY_TYPE, ON_DEMAND, ZONE
from karptui.model.snapshot import Snapshot
from karptui.shadow.actual import Made
from karptui.shadow.table import Round
from karptui.shadow.verdict import EXPLAINED, Cause, Found, Verdict

EARLY, LATE = 1.0, 3.0
"""Seconds around a foreseen round within which NodeClaims are of it."""

ROUNDING = 1e-9
"""USD an hour by which equal prices may differ."""

MOST_ORDERS = 120
"""So many orders of the domains that were seen are tried to tell whether chance alone made a difference."""


class Pair(Struct, gc=False, eq=False):
    """One NodeClaim: as foreseen, as made, or both. `differs` names what does.

    `moment` is the cluster just before it was made, where it is of no round.
    """

    round: Round | None
    predicted: PlannedClaim | None
    actual: Made | None
    verdict: Verdict = Verdict.DIFFERENT
    cause: Found = EXPLAINED
    differs: tuple[str, ...] = ()
    by_chance: bool = False
    moment: Snapshot | None = None
    forgotten: bool = False
    features: tuple[str, ...] = ()

    @property
    def snapshot(self) -> Snapshot | None:
        """What the prediction was made from, or would have been; None once that is forgotten."""
        if self.forgotten:
            return None
        if self.round is not None:
            return self.round.snapshot if not self.round.recalled else None
        return self.moment

    def forget(self) -> None:
        """Keep both answers and the verdict, and nothing of the cluster but its prices."""
        self.forgotten, self.moment = True, None
        if self.round is not None:
            answer = Plan(not_modelled=self.round.plan.not_modelled)
            self.round = replace(self.round, snapshot=bare(self.round.snapshot), plan=answer, order=())

    @property
    def at(self) -> float:
        """When it was made; where it never was, when it was foreseen."""
        if self.actual is not None:
            return self.actual.at
        return self.round.at if self.round is not None else 0.0

    @property
    def pool(self) -> str:
        """The NodePool."""
        if self.actual is not None:
            return self.actual.claim.node_pool
        return self.predicted.node_pool if self.predicted is not None else ""


def bare(snapshot: Snapshot) -> Snapshot:
    """Time, settings and prices of a Snapshot."""
    return Snapshot(snapshot.number, snapshot.now, snapshot.options, snapshot.catalogue)


def judged(round_: Round, made: Sequence[Made]) -> list[Pair]:
    """The claims of one round paired with those that were made, every one of both in exactly one pair."""
    pairs = _paired(round_, round_.plan.claims, made)
    if all(pair.verdict is Verdict.SAME for pair in pairs):
        return pairs
    chance = _by_chance(round_.snapshot, made)
    if chance is None:
        return pairs
    found = _paired(round_, chance, made)
    first = {id(pair.actual): pair for pair in pairs if pair.verdict is Verdict.SAME}
    for pair in found:
        if id(pair.actual) not in first:
            pair.verdict, pair.by_chance = Verdict.EQUIVALENT, True
            pair.cause = Found((Cause.CHANCE,), "the domains of a spread are taken in any order")
    return found


def differences(predicted: PlannedClaim, made: Made, catalogue: Catalogue | None = None) -> tuple[str, ...]:
    """What is not the same: NodePool, pods, types, zones, capacity types, requests, or with a catalogue the price."""
    found: list[str] = []
    if predicted.node_pool != made.claim.node_pool:
        found.append("pool")
    if not made.named.keys() <= set(predicted.pods) or predicted.requests.get("pods") != made.claim.requests.get(
        "pods"
    ):
        found.append("pods")
    elif predicted.requests != made.claim.requests:
        found.append("requests")
    if set(predicted.instance_types) != set(made.types):
        found.append("types")
    for name, key in (("zones", ZONE), ("capacity types", CAPACITY_TYPE)):
        if _values(predicted, key) != made.values(key):
            found.append(name)
    if catalogue is not None and launches_cheapest(made):
        price = price_of(catalogue, made.instance_type, made.zone, made.capacity_type)
        if price is not None and abs(price - predicted.price) > ROUNDING:
            found.append("price")
    return tuple(found)


def launches_cheapest(made: Made) -> bool:
    """Whether the cheapest offering is what is launched: EC2 weighs spare spot capacity as well."""
    return made.capacity_type == ON_DEMAND or made.provider_id.startswith("kwok")


def price_of(catalogue: Catalogue, instance_type: str, zone: str, capacity_type: str) -> float | None:
    """USD an hour, None where it is not known."""
    for type_ in catalogue.types:
        if type_.name == instance_type:
            for offering in type_.offerings:
                if offering.zone == zone and offering.capacity_type == capacity_type:
                    return offering.price
    return None


def _values(claim: PlannedClaim, key: str) -> tuple[str, ...]:
    found = (entry for entry in claim.requirements if entry.key == key and entry.operator == "In")
    return tuple(sorted({value for entry in found for value in entry.values}))


def _paired(round_: Round, claims: Sequence[PlannedClaim], made: Sequence[Made]) -> list[Pair]:
    left = list(claims)
    pairs: list[Pair] = []
    scored = sorted(
        (
            (_likeness(claim, entry), -index, -place)
            for place, entry in enumerate(made)
            for index, claim in enumerate(left)
        ),
        reverse=True,
    )
    taken_claims: set[int] = set()
    taken_made: set[int] = set()
    for likeness, index, place in scored:
        if -index in taken_claims or -place in taken_made or likeness <= 0:
            continue
        taken_claims.add(-index)
        taken_made.add(-place)
        pairs.append(_judge(round_, left[-index], made[-place]))
    pairs += [Pair(round_, claim, None, Verdict.NEVER) for i, claim in enumerate(left) if i not in taken_claims]
    pairs += [Pair(round_, None, entry, Verdict.UNFORESEEN) for i, entry in enumerate(made) if i not in taken_made]
    return sorted(pairs, key=lambda pair: (pair.at, pair.actual.name if pair.actual is not None else ""))


def _likeness(claim: PlannedClaim, made: Made) -> float:
    """How much speaks for these being one: the pods that came, then what was asked for."""
    if claim.node_pool != made.claim.node_pool:
        return 0.0
    pods = set(claim.pods)
    named = len(pods & made.named.keys()) * 4 + len(pods & made.bound.keys())
    asked = 3 * (claim.requests == made.claim.requests) + (set(claim.instance_types) == set(made.types))
    return 0.5 + named + asked + (_values(claim, ZONE) == made.values(ZONE))


def _judge(round_: Round, claim: PlannedClaim, made: Made) -> Pair:
    differs = differences(claim, made, round_.snapshot.catalogue)
    pair = Pair(round_, claim, made, Verdict.DIFFERENT, EXPLAINED, differs)
    if not differs:
        pair.verdict = Verdict.SAME
    elif set(differs) <= {"types"} and _same_price(round_.snapshot.catalogue, claim, made):
        pair.verdict = Verdict.EQUIVALENT
    elif "pool" not in differs and _is_part(claim, made, differs):
        pair.verdict = Verdict.NEARLY
    return pair


def _same_price(catalogue: Catalogue, claim: PlannedClaim, made: Made) -> bool:
    """Types overlap, and what was launched costs what was expected."""
    if not set(claim.instance_types) & set(made.types):
        return False
    price = price_of(catalogue, made.instance_type, made.zone, made.capacity_type)
    return price is not None and abs(price - claim.price) <= ROUNDING


def _is_part(claim: PlannedClaim, made: Made, differs: tuple[str, ...]) -> bool:
    ours, theirs = set(claim.instance_types), set(made.types)
    types = ours <= theirs or theirs <= ours
    return types and not {"zones", "capacity types"} & set(differs) and ("pods" not in differs or ours == theirs)


def _by_chance(snapshot: Snapshot, made: Sequence[Made]) -> tuple[PlannedClaim, ...] | None:
    """The plan that is what was made, had the domains of spreads come in another order; None: there is none."""
    zones = {zone: None for entry in made for zone in entry.values(ZONE)}
    if len(zones) < 1:
        return None
    for order in islice(permutations(sorted(zones)), MOST_ORDERS):
        answer = plan(replace(snapshot, favoured=order))
        if len(answer.claims) != len(made):
            continue
        pairs = _paired(Round(0.0, 0, 0.0, snapshot, answer), answer.claims, made)
        if all(pair.verdict is Verdict.SAME for pair in pairs):
            return answer.claims
    return None
