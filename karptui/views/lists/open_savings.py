"""Savings that nobody has taken: what could go now, and what is held, by whom."""

from collections import Counter
from collections.abc import Callable, Container

from msgspec import Struct

from karptui.engine.disruption import Survey, held_by
from karptui.engine.explain.held import fate_sentence, held_sentence
from karptui.model.disruption import Command, Held, Hold
from karptui.model.metadata import is_true
from karptui.model.snapshot import Snapshot
from karptui.views.wording import duration, hourly, plural, short_node
from karptui.world.world import World

MOST_NOTES = 3
"""What holds nodes that is named where no saving is known of."""

OLD_SECONDS = 60.0
"""Age from which it is said of when a survey is."""


class OpenRow(Struct, frozen=True):
    """What one owner holds: USD an hour, the nodes, and why. `owner` is "" for what can go.

    `hourly` adds up what each node would save if it went alone, so of several nodes it is the most that can be.
    `brief` is why beside the owner's name.
    """

    key: str
    hourly: float
    nodes: tuple[str, ...]
    owner: str
    why: str
    brief: str = ""


def open_rows(snapshot: Snapshot, looked_at: Survey, now: float, there: Container[str]) -> list[OpenRow]:
    """By owner, the most first, of nodes that are still `there`: some may be gone since the engine looked."""
    groups: dict[str, list[Held]] = {}
    rows: list[OpenRow] = []
    for name, outcome in looked_at.nodes.items():
        if name not in there:
            continue
        if isinstance(outcome, Command):
            saves = outcome.price_before - outcome.price_after
            if saves > 0:
                words = f"can go: {_goes(outcome)}"
                rows.append(OpenRow(f"go {name}", saves, (name,), "", words, words))
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
                f"{_briefly(held[0])}{until}",
            )
        )
    return sorted(rows, key=lambda row: (-row.hourly, row.key))


def saving(row: OpenRow) -> str:
    """`$0.0760/h`; of several nodes `up to $57.79/h`."""
    return f"up to {hourly(row.hourly)}" if len(row.nodes) > 1 else hourly(row.hourly)


_SHORT_KINDS = {"PodDisruptionBudget": "PDB"}
_BRIEF: dict[Hold, Callable[[Held], str]] = {
    Hold.PDB: lambda held: "allows no eviction",
    Hold.SEVERAL_PDBS: lambda held: "a pod with several PDBs",
    Hold.DO_NOT_DISRUPT: lambda held: "annotated do-not-disrupt",
    Hold.POD_DO_NOT_DISRUPT: lambda held: "pod annotated do-not-disrupt",
    Hold.CONSOLIDATION_NEVER: lambda held: "consolidateAfter Never",
    Hold.ONLY_WHEN_EMPTY: lambda held: "lets only empty nodes go",
    Hold.NOT_CONSOLIDATABLE: lambda held: "consolidateAfter not over" if held.until else "not Consolidatable",
    Hold.BUDGET: lambda held: f"budgets closed for {held.detail}",
}


def _briefly(held: Held) -> str:
    """What holds a node, where the name of who does stands beside it."""
    told = _BRIEF.get(held.code)
    return told(held) if told is not None else held_sentence(held)


def short_owner(owner: str) -> str:
    """`PDB shop/api` for `PodDisruptionBudget shop/api`, the short name of a node."""
    kind, _, name = owner.partition(" ")
    return f"{_SHORT_KINDS.get(kind, kind)} {short_node(name) if kind == 'Node' else name}"


def _goes(command: Command) -> str:
    fits = "fits" if len(command.pods) == 1 else "fit"
    words = f"its {plural(len(command.pods), 'pod')} {fits}" if command.pods else "it is empty"
    if command.replacements:
        return f"{words} a cheaper node"
    return f"{words} on nodes already paid for" if command.pods else words


def holding(world: World, name: str, looked_at: Survey | None) -> Command | Held | None:
    """What a survey says of a node; nothing that is plainly no longer so: of a large cluster a survey is only made
    every few minutes, so that it costs little."""
    outcome = looked_at.nodes.get(name) if looked_at is not None else None
    if isinstance(outcome, Held) and outcome.code is Hold.NOT_INITIALIZED:
        node = world.of("nodes").get(name)
        claim = world.of("nodeclaims").get(world.claim_of_provider_id.get(node.provider_id, "")) if node else None
        if claim is not None and is_true(claim.conditions, "Initialized"):
            return None
    return outcome


def hold_text(world: World, name: str, outcome: Command | Held, now: float) -> tuple[str, str]:
    """Why a node is still here, as (sentence, role), and of when that is when it was found out long ago."""
    known = world.surveyed
    told = known is not None and known.survey.nodes.get(name) is outcome
    ago = f", as of {duration(now - known.at)} ago" if told and known and now - known.at > OLD_SECONDS else ""
    if isinstance(outcome, Command):
        saves = outcome.price_before - outcome.price_after
        return f"CAN GO: {_goes(outcome)}, saves ${saves:.4f}/h{ago}", "ok"
    until = f" ({duration(outcome.until - now)} left)" if outcome.until is not None and outcome.until > now else ""
    return f"{fate_sentence(outcome)}{until}{ago}", "warn"


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
    "no-node": "joining",
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
