"""Which NodeClaims were made in the place of nodes: events say so, and where those are lost, time and requests do."""

from collections.abc import Iterable, Sequence

from karptui.model.decision import PlannedClaim
from karptui.model.disruption import Command
from karptui.shadow import provisioning
from karptui.shadow.actual import Made
from karptui.shadow.disruptions import EMPTY, Carried
from karptui.shadow.passes import Supposed
from karptui.shadow.table import Round, asks_the_same

REPLACED_WITHIN = 2.0
"""Seconds after its first taint within which a command's replacements are made."""

TOLD_WITHIN = 5.0
"""The same of those of which events say that they are replacements, however slow the API server is."""

AT_ONCE = 0.5
"""Seconds after its first taint within which a NodeClaim that no round asked for is a command's, foreseen or not."""

BEFORE = 0.1
"""Seconds by which a replacement may be seen before the taint: each kind has a watch of its own."""


def replacements_of(carried: Carried, following: float, made: Iterable[Made], rounds: Sequence[Round]) -> list[Made]:
    """Those of a command, in order; `following`: when the next command began, `rounds`: those around, with NodeClaims.

    Events name the pods of NodeClaims that rounds made, and seldom those of replacements.
    """
    if carried.reason == EMPTY:
        return []  # nothing takes the place of an empty node
    near = [
        entry
        for entry in made
        if carried.at - BEFORE <= entry.at < following
        and entry.at < carried.at + (TOLD_WITHIN if entry.replacement else REPLACED_WITHIN)
    ]
    planned = planned_by(carried.near)
    found: list[Made] = []
    by_chance: list[PlannedClaim] | None = None
    for entry in near:
        if not entry.replacement:
            fits = any(asks_the_same(claim, entry.claim) for claim in planned)
            if not fits:
                by_chance = _by_chance(carried) if by_chance is None else by_chance
                fits = any(asks_the_same(claim, entry.claim) for claim in by_chance)
            asked = [round_ for round_ in rounds if is_of(round_, entry) and _asks(round_, entry)]
            if fits:
                # Its pods are named as soon as they wait for it; a round that was not due asked as the command does.
                entry.replacement = not entry.named or all(round_.overtaken or round_.provisional for round_ in asked)
            else:
                entry.replacement = not entry.named and entry.at - carried.at <= AT_ONCE and not asked
        if entry.replacement:
            found.append(entry)
    return found


def _by_chance(carried: Carried) -> list[PlannedClaim]:
    """What passes would make, had chance favoured the nodes of the command."""
    commands = (entry.for_chance(carried.nodes) for entry in carried.near)
    return [
        claim
        for command in commands
        if command is not None and command.nodes == carried.nodes
        for claim in command.replacements
    ]


def planned_by(near: Iterable[Supposed]) -> list[PlannedClaim]:
    """The replacements that passes would make."""
    commands = (entry.outcome or entry.command for entry in near)
    return [claim for command in commands if isinstance(command, Command) for claim in command.replacements]


def is_of(round_: Round, made: Made) -> bool:
    """Whether a NodeClaim was made around the time of a round."""
    return round_.at - provisioning.EARLY <= made.at <= round_.at + provisioning.LATE


def _asks(round_: Round, made: Made) -> bool:
    return any(asks_the_same(claim, made.claim) for claim in round_.plan.claims)
