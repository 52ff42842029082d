"""`karptui pods`, `nodes` and `decisions`: the lists of the screens of these names."""

from collections.abc import Mapping, Sequence
from typing import Any

from karptui.report.twins.twin import Record, Twin
from karptui.views.answers.staying import staying
from karptui.views.forms import Export
from karptui.views.lists.decisions import claims_of, decision_row, outcome
from karptui.views.lists.overview import nodes, sentence
from karptui.views.lists.pods import pod_rows
from karptui.views.timelines.progress import waiting
from karptui.views.wording import amount, duration, hourly, percent, plural, short_capacity_type, short_zone
from karptui.world.world import World

POD_NAMES = ("pod", "pending", "state", "ageSeconds", "node", "boundSeconds", "decision")
NODE_NAMES = (
    "node", "instanceType", "capacityType", "zone", "nodePool", "cpuRequestedShare", "memoryRequestedShare", "pods",
    "usdPerHour", "note", "stays",
)  # fmt: skip
DECISION_NAMES = (
    "decision", "atEpochSeconds", "does", "cause", "text", "pods", "nodes", "nodeClaims", "usdPerHourChange", "outcome",
    "notModelled",
)  # fmt: skip


def pods_twin(world: World, now: float, labels: Sequence[str] = (), only_pending: bool = False) -> Twin:
    """Every pod that is not done, those first that wait longest; a column for each of these labels."""
    rows = pod_rows(world, now)
    shown = list(rows.pending() if only_pending else rows)
    held = world.of("pods")
    records: list[Record] = [
        {
            "pod": row.key,
            "pending": not row.node,
            "state": row.state,
            "ageSeconds": round(row.age, 3),
            "node": row.node,
            "boundSeconds": _bound_seconds(world, row.key),
            "decision": row.decision,
            **_labels(held.get(row.key), labels),
        }
        for row in shown
    ]
    lines = tuple(
        (
            row.key,
            row.state,
            duration(row.age),
            row.node or "-",
            row.bound or "-",
            row.decision or "-",
            *_labels(held.get(row.key), labels).values(),
        )
        for row in shown
    )
    titles = ("POD", "STATE", "AGE", "NODE", "BOUND IN", "DECISION", *_titles(labels))
    words = sentence(world, waiting(world, now), [decision_row(world, entry) for entry in _newest(world)[:1]])
    return Twin("pods", words, [Export("Pods", titles, lines)], {"pods": records}, records, (*POD_NAMES, *labels))


def nodes_twin(world: World, now: float, labels: Sequence[str] = ()) -> Twin:
    """Every node, dearest unused capacity first, and why it is still there; a column for each of these labels."""
    shown = nodes(world)
    held = world.of("nodes")
    stays = {row.key: staying(world, row.key, now)[0] for row in shown}
    records: list[Record] = [
        {
            "node": row.key,
            "instanceType": row.instance_type,
            "capacityType": row.capacity_type,
            "zone": row.zone,
            "nodePool": held[row.key].node_pool if row.key in held else "",
            "cpuRequestedShare": round(row.cpu, 4),
            "memoryRequestedShare": round(row.memory, 4),
            "pods": row.pods,
            "usdPerHour": row.price,
            "note": row.note,
            "stays": stays[row.key],
            **_labels(held.get(row.key), labels),
        }
        for row in shown
    ]
    lines = tuple(
        (
            row.key,
            row.instance_type,
            short_capacity_type(row.capacity_type) or "-",
            short_zone(row.zone) or "-",
            percent(row.cpu),
            percent(row.memory),
            f"{row.pods:,}",
            "unpriced" if row.price is None else amount(row.price),
            *_labels(held.get(row.key), labels).values(),
            "; ".join(filter(None, (row.note, stays[row.key]))) or "-",
        )
        for row in shown
    )
    titles = ("NODE", "TYPE", "CAP", "ZONE", "CPU", "MEMORY", "PODS", "$/h", *_titles(labels), "WHY STILL HERE")
    unpriced = sum(row.price is None for row in shown)
    words = f"{plural(len(shown), 'node')} at {hourly(world.ledger.hourly)}"
    if unpriced:
        words += f"; {plural(unpriced, 'node')} unpriced, NOT in the sum"
    return Twin("nodes", words, [Export("Nodes", titles, lines)], {"nodes": records}, records, (*NODE_NAMES, *labels))


NOTHING_DECIDED = (
    "nothing is to be decided at this moment, and karptui decided nothing before; "
    "what Karpenter itself decides is told and judged by `karptui shadow`"
)


def decisions_twin(world: World, now: float) -> Twin:
    """Every decision, newest first, and what became of it."""
    made = _newest(world)
    rows = [(decision, decision_row(world, decision), outcome(world, decision.id)) for decision in made]
    records: list[Record] = [
        {
            "decision": decision.id,
            "atEpochSeconds": decision.at,
            "does": decision.kind.value,
            "cause": decision.cause,
            "text": row.text,
            "pods": list(decision.pods),
            "nodes": list(decision.nodes),
            "nodeClaims": claims_of(world, decision),
            "usdPerHourChange": decision.price_change,
            "outcome": became,
            "notModelled": list(decision.not_modelled),
        }
        for decision, row, became in rows
    ]
    lines = tuple((row.at, row.key, row.mark or "-", row.text, became or "-") for _, row, became in rows)
    words = rows[0][1].text if rows else NOTHING_DECIDED
    box = Export("Decisions", ("TIME", "DECISION", "", "WHAT", "WHAT BECAME OF IT"), lines)
    return Twin("decisions", words, [box], {"decisions": records}, records, DECISION_NAMES)


def _newest(world: World) -> list[Any]:
    return list(reversed(world.decisions.values()))


def _bound_seconds(world: World, key: str) -> float | None:
    timeline = world.pod_timelines.get(key)
    return timeline.pending_seconds if timeline is not None else None


def _labels(found: Any, names: Sequence[str]) -> Mapping[str, str]:
    labels = found.metadata.labels if found is not None and names else {}
    return {name: labels.get(name, "") for name in names}


def _titles(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.rpartition("/")[2].upper() for name in names)
