"""Savings that nobody has taken: what could go now, and what is held, by whom."""

from collections import Counter

from msgspec import Struct

from karptui.engine.disruption import Survey, held_by
from karptui.engine.explain.held import held_sentence
from karptui.model.disruption import Command, Held
from karptui.model.snapshot import Snapshot
from karptui.views.wording import duration, plural

MOST_NOTES = 3
"""What holds nodes that is named where no saving is known of."""


class OpenRow(Struct, frozen=True):
    """What one owner holds: USD an hour, the nodes, and why. `owner` is "" for what can go."""

    key: str
    hourly: float
    nodes: tuple[str, ...]
    owner: str
    why: str


def open_rows(snapshot: Snapshot, looked_at: Survey, now: float) -> list[OpenRow]:
    """By owner, the most first."""
    groups: dict[str, list[Held]] = {}
    rows: list[OpenRow] = []
    for name, outcome in looked_at.nodes.items():
        if isinstance(outcome, Command):
            saves = outcome.price_before - outcome.price_after
            if saves > 0:
                rows.append(OpenRow(f"go {name}", saves, (name,), "", f"can go: {_goes(outcome)}"))
        elif outcome.saves > 0:
            owner = held_by(snapshot, outcome) or f"Node {name}"
            groups.setdefault(owner, []).append(outcome)
    for owner, held in groups.items():
        held.sort(key=lambda entry: -entry.saves)
        more = f" (and {plural(len(held) - 1, 'node')} more)" if len(held) > 1 else ""
        until = (
            f", {duration(held[0].until - now)} to wait" if held[0].until is not None and held[0].until > now else ""
        )
        rows.append(
            OpenRow(
                owner,
                sum(entry.saves for entry in held),
                tuple(entry.node for entry in held),
                owner,
                f"{held_sentence(held[0])}{until}{more}",
            )
        )
    return sorted(rows, key=lambda row: (-row.hourly, row.key))


def _goes(command: Command) -> str:
    fits = "fits" if len(command.pods) == 1 else "fit"
    words = f"its {plural(len(command.pods), 'pod')} {fits}" if command.pods else "it is empty"
    if command.replacements:
        return f"{words} a cheaper node"
    return f"{words} on nodes already paid for" if command.pods else words


def hold_text(outcome: Command | Held, now: float) -> tuple[str, str]:
    """Why a node is still here, as (sentence, role)."""
    if isinstance(outcome, Command):
        saves = outcome.price_before - outcome.price_after
        return f"CAN GO: {_goes(outcome)}, saves ${saves:.4f}/h", "ok"
    until = f" ({duration(outcome.until - now)} left)" if outcome.until is not None and outcome.until > now else ""
    return f"stays: {held_sentence(outcome)}{until}", "warn"


_NOTES = {
    "do-not-disrupt": "DND",
    "pod-do-not-disrupt": "DND pod",
    "pod-disruption-budget": "PDB",
    "several-pod-disruption-budgets": "PDBs",
    "budget": "budget",
    "not-consolidatable": "waits",
    "consolidation-never": "never",
    "only-when-empty": "not empty",
    "nominated": "nominated",
    "pods-fit-nowhere": "pods stay",
    "not-cheaper": "cheapest",
    "static": "static",
    "uninitialized-target": "not yet",
    "not-initialized": "starting",
    "needs-several-replacements": "needs more",
    "changed-while-validating": "changed",
    "spot-to-spot": "spot",
    "spot-to-spot-too-few-types": "few types",
    "balanced-score": "score",
    "no-nodeclaim": "not ours",
}


def nothing_open(looked_at: Survey) -> str:
    """What is said where no saving is known: how many nodes what holds, by what it is, the most first."""
    if looked_at.deferred:
        return f"Not looked at: {looked_at.deferred}."
    notes = Counter(hold_note(outcome)[0] for outcome in looked_at.nodes.values())
    if not notes:
        return "None of the nodes is Karpenter's."
    words = ", ".join(f"{count:,} {note}" for note, count in notes.most_common(MOST_NOTES))
    return f"Nothing is open. {plural(len(looked_at.nodes), 'node')}: {words}."


def hold_note(outcome: Command | Held) -> tuple[str, str]:
    """The same in one or two words for a column, as (note, role)."""
    if isinstance(outcome, Command):
        return "can go", "ok"
    return _NOTES.get(outcome.code.value, outcome.code.value.replace("-", " ")), "dim"
