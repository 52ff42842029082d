"""What the Karpenter beside us is expected to do next, and when: the horizon of shadow mode.

Karpenter looks for nodes to disrupt every ten seconds and validates for 15 (spec/lifecycle.md 3.1, 4.7), at moments
that cannot be seen: a command is expected within a span, not at a second.
"""

from collections.abc import Mapping

from msgspec import Struct

from karptui.engine.disruption import VALIDATION_SECONDS
from karptui.engine.disruption.budgets import REASONS, Fleet, allowed, next_opening
from karptui.engine.explain.held import held_sentence
from karptui.model.disruption import Held
from karptui.shadow.watch import Watch
from karptui.views.foreseen.shadow import claim_text
from karptui.views.lists.decided import undecided
from karptui.views.wording import clock, duration, hourly, plural, short_node
from karptui.world.world import World

LOOKS_EVERY = 10.0
"""Seconds between two looks of Karpenter's disruption loop."""

AHEAD = 7 * 86400.0
"""Seconds within which the opening of a budget is looked for."""

MOST_HELD = 3
"""Nodes whose hold ends by itself that are listed, the soonest ones."""


class ActRow(Struct, frozen=True):
    """One act that is expected. `at` is the earliest moment, epoch seconds."""

    key: str
    when: str
    kind: str
    what: str
    role: str
    at: float = 0.0


def next_acts(watch: Watch, world: World, fleets: Mapping[str, Fleet], now: float) -> list[ActRow]:
    """NodeClaims first, then commands, then what time alone will open."""
    rows = [*_claims(watch, world, now), *_commands(watch, now)]
    return [*rows, *sorted([*_held(world, now), *_openings(world, fleets, now)], key=lambda row: (row.at, row.key))]


def _claims(watch: Watch, world: World, now: float) -> list[ActRow]:
    rows: list[ActRow] = []
    for round_ in watch.observer.unseen_rounds():
        said = f"said {duration(max(now - round_.at, 0.0))} ago"
        rows += [
            ActRow(f"round {round_.at} {place}", said, "NodeClaim", f"{claim.node_pool}: {claim_text(claim)}", "warn")
            for place, claim in enumerate(round_.plan.claims)
        ]
    closes = watch.observer.rounds.closes
    if closes is None:
        return rows
    when = f"in {duration(closes - now)}" if closes > now else "now"
    planned = world.preview.plan.claims if world.preview is not None else ()
    new = undecided(world, now)
    rows += [
        ActRow(f"window {place}", when, "NodeClaim", f"{claim.node_pool}: {claim_text(claim)}", "accent", closes)
        for place, claim in enumerate(new)
    ]
    if not planned:
        what = f"{plural(len(world.provisionable), 'pod')} in the batch; room may be found on nodes that exist"
        rows.append(ActRow("window", when, "batch", what, "dim", closes))
    return rows


def _commands(watch: Watch, now: float) -> list[ActRow]:
    rows: list[ActRow] = []
    for place, (command, since) in enumerate(watch.observer.expected()):
        wait = VALIDATION_SECONDS if command.validated else 0.0
        earliest, latest = since + wait, since + wait + LOOKS_EVERY
        when = f"within {duration(latest - now)}" if latest > now else f"due {duration(now - latest)}"
        if earliest - now > 1.0:
            when = f"in {duration(earliest - now)} to {duration(latest - now)}"
        nodes = short_node(command.nodes[0]) if len(command.nodes) == 1 else plural(len(command.nodes), "node")
        made = [claim.instance_types[0] for claim in command.replacements if claim.instance_types]
        words = f"{nodes} → {', '.join(made)}" if made else nodes
        saves = command.price_before - command.price_after
        kind = f"{command.decision} {command.reason}"
        role = "accent" if latest > now else "warn"
        rows.append(ActRow(f"command {place}", when, kind, f"{words}, saves {hourly(saves)}", role, earliest))
    return rows


def _held(world: World, now: float) -> list[ActRow]:
    """Nodes whose hold ends by itself: consolidateAfter, a nomination."""
    if world.surveyed is None:
        return []
    held = [entry for entry in world.surveyed.survey.nodes.values() if isinstance(entry, Held)]
    ending = sorted((entry.until, entry.node, entry) for entry in held if entry.until is not None and entry.until > now)
    return [
        ActRow(
            f"held {node}",
            f"from {clock(until)}",
            "may go",
            f"{short_node(node)}: until then {held_sentence(entry)}",
            "dim",
            until,
        )
        for until, node, entry in ending[:MOST_HELD]
    ]


def _openings(world: World, fleets: Mapping[str, Fleet], now: float) -> list[ActRow]:
    """Disruption budgets that are closed now: one row for what a pool opens at the same time, or never."""
    rows: list[ActRow] = []
    for name, pool in sorted(world.of("nodepools").items()):
        fleet = fleets.get(name)
        if fleet is None:
            continue
        closed = [reason for reason in REASONS if allowed(pool, fleet, reason, now) <= 0]
        together: dict[tuple[float | None, int], list[str]] = {}
        for reason in closed:
            opens = next_opening(pool, reason, fleet, now, AHEAD)
            number = allowed(pool, fleet, reason, opens) if opens is not None else 0
            together.setdefault((opens, number), []).append(reason)
        for (opens, number), reasons in together.items():
            which = "" if len(reasons) == len(REASONS) else f" for {' and '.join(reasons)}"
            key = f"budget {name} {' '.join(reasons)}"
            if opens is None:
                text = f"{name} ({plural(fleet.total, 'node')}): its budget lets none go{which}"
                rows.append(ActRow(key, "never", "budget", text, "dim", now + AHEAD))
            else:
                text = f"{name}: {plural(number, 'node')} may go{which}"
                rows.append(ActRow(key, f"at {clock(opens)}", "budget", text, "dim", opens))
    return rows
