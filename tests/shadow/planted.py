"""Differences planted into what a recorded Karpenter saw, one at a time: does the cause finder name the planted one?"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from karptui.engine.provisioning import plan
from karptui.model.decision import PlannedClaim
from karptui.model.disruption import Command
from karptui.model.instance_type import Catalogue, Offering
from karptui.model.labels import INSTANCE_TYPE, NODEPOOL
from karptui.model.metadata import Metadata
from karptui.model.node import NodeClaim, RequirementSpec
from karptui.model.snapshot import Snapshot
from karptui.shadow import provisioning
from karptui.shadow.actual import Made, Taken
from karptui.shadow.causes import BOUNDARY_GAP, Evidence
from karptui.shadow.disruptions import Carried
from karptui.shadow.explained import cause_of_move, cause_of_round, is_that
from karptui.shadow.passes import Supposed, decided
from karptui.shadow.recorded import Scraped, recorded_events
from karptui.shadow.rounds import Rounds
from karptui.shadow.sight import Sight
from karptui.shadow.table import Round
from karptui.shadow.verdict import Cause, Found, Verdict
from karptui.world import events
from karptui.world.world import World
from tests.shadow.day import DAY

PASS_EVERY = 5.0
MOST_TRIES = 400


class Case(Struct):
    """What was planted, and what was named."""

    planted: Cause
    named: Found

    @property
    def right(self) -> bool:
        return self.named.causes == (self.planted,)


class Day(Struct):
    """Moments of the recorded day: rounds that made NodeClaims, and Snapshots in which a pass decides something."""

    rounds: list[Round]
    passes: list[Snapshot]


@cache
def day() -> Day:
    world = World()
    sight = Sight(world)
    rounds = Rounds(sight)
    found = Day([], [])
    asked = 0.0
    for event in recorded_events(DAY):
        if isinstance(event, Scraped):
            continue
        found.rounds += [entry for entry in rounds.until(event.at) if entry.plan.claims]
        if event.at - asked >= PASS_EVERY and sight.synced() and world.of("nodes"):
            asked = event.at
            snapshot = sight.snapshot(event.at)
            if decided(snapshot):
                found.passes.append(snapshot)
        world.apply(event)
        rounds.heard(event)
        if isinstance(event, events.SettingsSeen):
            rounds.settings_changed()
    return found


def cases(seed: int, number: int) -> Iterator[Case]:
    """So many planted cases, every kind in turn."""
    draw = random.Random(seed)
    kinds: Sequence[Callable[[random.Random], Case | None]] = (
        _price,
        _capacity,
        _hidden_pod,
        _batch,
        _profile,
        _budget,
    )
    for place in range(number):
        kind = kinds[place % len(kinds)]
        for _ in range(MOST_TRIES):
            case = kind(draw)
            if case is not None:
                yield case
                break
        else:
            raise AssertionError(f"{kind.__name__} makes no difference anywhere in the day")


def _price(draw: random.Random) -> Case | None:
    base = draw.choice(day().rounds)
    names = {name for claim in base.plan.claims for name in claim.instance_types}
    chosen = frozenset(draw.sample(sorted(names), min(3, len(names))))
    factor = draw.choice((0.2, 0.4, 3.0))
    own = _changed(base.snapshot.catalogue, chosen, lambda offering: replace(offering, price=offering.price * factor))
    return _round_case(Cause.PRICE, base, replace(base.snapshot, catalogue=own), Evidence(own, order=base.order))


def _capacity(draw: random.Random) -> Case | None:
    base = draw.choice(day().rounds)
    claim = draw.choice(base.plan.claims)
    chosen = frozenset(claim.instance_types[: draw.randint(1, 4)])
    own = _changed(base.snapshot.catalogue, chosen, lambda offering: replace(offering, available=False))
    return _round_case(Cause.CAPACITY, base, replace(base.snapshot, catalogue=own), Evidence(own, order=base.order))


def _hidden_pod(draw: random.Random) -> Case | None:
    base = draw.choice(day().rounds)
    planned = [key for key, _ in base.order if any(key in claim.pods for claim in base.plan.claims)]
    if len(planned) < 2:
        return None
    pod = draw.choice(planned[:-1])
    return _round_case(Cause.POD, base, _without(base.snapshot, {pod}), Evidence(order=base.order))


def _batch(draw: random.Random) -> Case | None:
    base = draw.choice(day().rounds)
    planned = [entry for entry in base.order if any(entry[0] in claim.pods for claim in base.plan.claims)]
    cuts = [
        place
        for place in range(1, len(planned))
        if planned[place][1] - planned[place - 1][1] > (BOUNDARY_GAP if place == len(planned) - 1 else 0.0)
    ]
    if not cuts:
        return None
    late = {key for key, _ in planned[draw.choice(cuts) :]}
    return _round_case(Cause.BATCH, base, _without(base.snapshot, late), Evidence(order=base.order))


def _profile(draw: random.Random) -> Case | None:
    base = draw.choice(day().passes)
    older = replace(base.options, karpenter_version=draw.choice(("1.13.0", "1.12.1")))
    return _pass_case(Cause.PROFILE, base, replace(base, options=older), Evidence())


def _budget(draw: random.Random) -> Case | None:
    """A PodDisruptionBudget that Karpenter saw full, and we saw with room."""
    base, theirs = draw.choice(_held_passes())
    return _pass_case(Cause.BUDGET, base, theirs, Evidence(moments=(replace(theirs, now=base.now + 0.3),)))


@cache
def _held_passes() -> list[tuple[Snapshot, Snapshot]]:
    """Moments at which one budget more or less lets something else be decided, with both."""
    found: list[tuple[Snapshot, Snapshot]] = []
    for base in day().passes:
        ours = {command.nodes for command in decided(base)}
        for key, known in sorted(base.budgets.items()):
            other = replace(known, disruptions_allowed=0 if known.disruptions_allowed else 1)
            theirs = replace(base, budgets={**base.budgets, key: other})
            if {command.nodes for command in decided(theirs)} != ours:
                found.append((base, theirs))
    return found


def _round_case(planted: Cause, base: Round, theirs: Snapshot, evidence: Evidence) -> Case | None:
    """None where the planted difference changes nothing that shows."""
    claims = plan(theirs).claims
    if not claims:
        return None
    made = [_made(claim, place) for place, claim in enumerate(claims)]
    if all(pair.verdict in (Verdict.SAME, Verdict.EQUIVALENT) for pair in provisioning.judged(base, made)):
        return None
    return Case(planted, cause_of_round(base, made, evidence))


def _pass_case(planted: Cause, base: Snapshot, theirs: Snapshot, evidence: Evidence) -> Case | None:
    commands = decided(theirs)
    ours = decided(base)
    if len(commands) != 1 or not ours:
        return None
    carried = _carried(commands[0], base)
    supposed = Supposed(base.now, 0, base, ours[0], base.now)
    if is_that(ours[0], carried) or supposed.for_chance(carried.nodes) is not None:
        return None
    return Case(planted, cause_of_move(supposed, carried, evidence))


def _changed(catalogue: Catalogue, names: frozenset[str], change: Callable[[Offering], Offering]) -> Catalogue:
    types = tuple(
        replace(type_, offerings=tuple(change(offering) for offering in type_.offerings))
        if type_.name in names
        else type_
        for type_ in catalogue.types
    )
    return replace(catalogue, types=types)


def _without(snapshot: Snapshot, pods: set[str]) -> Snapshot:
    return replace(snapshot, pods={key: pod for key, pod in snapshot.pods.items() if key not in pods})


def _made(claim: PlannedClaim, place: int) -> Made:
    """The NodeClaim that a Karpenter with this plan makes, launched as the cheapest it lists."""
    types = RequirementSpec(INSTANCE_TYPE, "In", tuple(sorted(claim.instance_types)))
    name = f"{claim.node_pool}-{place}"
    made = NodeClaim(
        Metadata(name, labels={NODEPOOL: claim.node_pool}),
        requirements=(*claim.requirements, types),
        requests=claim.requests,
    )
    return Made(
        name,
        0.0,
        0,
        made,
        named=dict.fromkeys(claim.pods, 0.0),
        instance_type=claim.instance_types[0],
        zone=claim.zone,
        capacity_type=claim.capacity_type,
        provider_id="kwok://",
    )


def _carried(command: Command, snapshot: Snapshot) -> Carried:
    at = snapshot.now + 15.0
    taken = [Taken(node, node, at, 0, command.reason) for node in command.nodes]
    made = [_made(claim, place) for place, claim in enumerate(command.replacements)]
    return Carried(at, command.reason, taken, [], made)
