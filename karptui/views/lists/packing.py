"""The packing map (W4): every node as a cell, grouped, with what it holds and whether it could go."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from msgspec import Struct

from karptui.engine.disruption import Survey
from karptui.model.disruption import Command, Held, Hold
from karptui.model.quantity import human
from karptui.shadow.verdict import Verdict
from karptui.views.line import Line
from karptui.views.lists.open_savings import hold_text, holding
from karptui.views.lists.overview import NodeRow
from karptui.views.verdict_marks import VERDICT_MARKS
from karptui.views.wording import amount, duration, hourly, percent, plural, short_capacity_type, short_node, short_zone
from karptui.world.world import World

Grouping = Literal["zone", "pool", "type", "capacity"]
Heat = Literal["cpu", "memory", "$ per cpu", "age", "agreement"]
GROUPINGS: tuple[Grouping, ...] = ("zone", "pool", "type", "capacity")
HEATS: tuple[Heat, ...] = ("cpu", "memory", "$ per cpu", "age", "agreement")
JUDGED: dict[str, tuple[str, str, float]] = {
    sign: (words, role, fill)
    for (sign, role), words, fill in (
        (VERDICT_MARKS[Verdict.SAME], "as foreseen", 1.0),
        (VERDICT_MARKS[Verdict.EQUIVALENT], "by chance", 1.0),
        (VERDICT_MARKS[Verdict.NEARLY], "nearly", 0.5),
        (VERDICT_MARKS[Verdict.LATE], "late", 0.5),
        (VERDICT_MARKS[Verdict.DIFFERENT], "not as foreseen", 0.1),
    )
}
"""What shadow mode's sign on a node says, its role, and how full the bar is by it."""
_SHIELDED = {Hold.DO_NOT_DISRUPT: "D", Hold.POD_DO_NOT_DISRUPT: "D", Hold.PDB: "P", Hold.SEVERAL_PDBS: "P"}
FLAGS = {
    "s": "spot", "o": "on-demand", "r": "reserved", "f": "Fargate", "+": "coming", "x": "drains", "!": "not ready",
    "D": "do-not-disrupt", "P": "PDB", "~": "can go",
}  # fmt: skip
"""What each letter on the map means."""
PLAIN = "sorf"
"""Letters that only name the capacity type: where a node is one block, that is left to its colour, and to `v`."""
MOST_GROUPS = 6
"""Groups of the map that have a bar of their own below it."""
STEPS = 10
"""Columns of the histogram of how full nodes are."""


class Cell(Struct, frozen=True):
    """One node or one that is coming. `fill` 0 to 1 by the chosen heat, `words` its figure, `flag` one letter."""

    key: str
    kind: str
    label: str
    flag: str
    role: str
    fill: float
    words: str


class Group(Struct, frozen=True):
    """Cells that belong together; `packed` 0 to 1."""

    name: str
    cells: tuple[Cell, ...]
    nodes: int
    coming: int
    hourly: float
    packed: float


def short_type(instance_type: str) -> str:
    """`c7g.4x` for c7g.4xlarge, `m6g.l` for large, `m7g.xl`; `c-4x` for c-4x-amd64-linux of KWOK."""
    family, _, size = instance_type.partition(".")
    if not size:
        return "-".join(instance_type.split("-")[:2])
    size = "xl" if size == "xlarge" else size.replace("xlarge", "x").replace("large", "l").replace("medium", "m")
    return f"{family}.{size}"


def packing(
    world: World, rows: Iterable[NodeRow], looked_at: Survey | None, grouping: Grouping, heat: Heat, now: float
) -> list[Group]:
    """Groups by name; within one, cells in the order of the rows (dearest unused capacity first)."""
    outcomes: Mapping[str, Command | Held] = looked_at.nodes if looked_at is not None else {}
    held = world.of("nodes")
    groups: dict[str, list[tuple[Cell, NodeRow | None]]] = {}
    figure = _figure_of(heat)
    for row in rows:
        node = held.get(row.key)
        if node is None:
            continue
        fill, words = figure(row, node.allocatable.get("cpu", 0) / 1e9, now - node.metadata.created)
        flag, role = _flag(row, outcomes.get(row.key)) if heat != "agreement" else _agreement(row)
        cell = Cell(row.key, "node", short_type(row.instance_type), flag, role, fill, words)
        name = _group_of(grouping, row.zone, node.node_pool, row.instance_type, row.capacity_type)
        groups.setdefault(name, []).append((cell, row))
    joined = {node.provider_id for node in held.values()}
    for claim in world.of("nodeclaims").values():
        # A node has joined a moment before its NodeClaim names it.
        if claim.node_name in held or claim.provider_id in joined or claim.metadata.deleted is not None:
            continue
        name = _group_of(grouping, claim.zone, claim.node_pool, claim.instance_type, claim.capacity_type)
        cell = Cell(claim.key, "claim", short_type(claim.instance_type) or "…", "+", "launching", 0.0, "coming")
        groups.setdefault(name, []).append((cell, None))
    return [_group(name, entries) for name, entries in sorted(groups.items())]


def heats(rows: Iterable[NodeRow]) -> tuple[Heat, ...]:
    """What the bars can show: agreement only where something has been judged."""
    return HEATS if any(row.mark for row in rows) else HEATS[:-1]


def legend(groups: Iterable[Group], compact: bool, heat: Heat = "cpu", room: int = 200) -> str:
    """What the letters mean that are on the map; what a block is only where all of them still have room."""
    seen = {cell.flag for group in groups for cell in group.cells}
    if heat == "agreement":
        return "  ".join(f"{sign} {words}" for sign, (words, *_) in JUDGED.items() if sign in seen)
    letters = "  ".join(
        f"{flag} {words}" for flag, words in FLAGS.items() if flag in seen and not (compact and flag in PLAIN)
    )
    whole = f"one block is a node, its height the {heat}  {letters}".rstrip() if compact else letters
    return whole if len(whole) <= room else letters


def _group_of(grouping: Grouping, zone: str, pool: str, instance_type: str, capacity_type: str) -> str:
    match grouping:
        case "zone":
            return zone or "(no zone yet)"
        case "pool":
            return pool or "(no pool)"
        case "capacity":
            return capacity_type or "(not chosen yet)"
        case _:
            return instance_type.partition(".")[0] or "(no type yet)"


def _group(name: str, entries: list[tuple[Cell, NodeRow | None]]) -> Group:
    rows = [row for _, row in entries if row is not None]
    price = sum(row.price or 0.0 for row in rows)
    packed = sum(max(row.cpu, row.memory) * (row.price or 0.0) for row in rows)
    plain = sum(max(row.cpu, row.memory) for row in rows) / len(rows) if rows else 0.0
    return Group(
        name,
        tuple(cell for cell, _ in entries),
        len(rows),
        len(entries) - len(rows),
        price,
        packed / price if price else plain,
    )


def _figure_of(heat: Heat) -> Callable[[NodeRow, float, float], tuple[float, str]]:
    match heat:
        case "cpu":
            return lambda row, cpu, age: (row.cpu, percent(row.cpu))
        case "memory":
            return lambda row, cpu, age: (row.memory, percent(row.memory))
        case "$ per cpu":
            # A tenth of a dollar an hour for a cpu is dear for anything without an accelerator.
            return lambda row, cpu, age: (
                (min(row.price / cpu / 0.1, 1.0), f"${amount(row.price / cpu)}") if row.price and cpu else (0.0, "-")
            )
        case "agreement":
            return lambda row, cpu, age: (JUDGED[row.mark][2], JUDGED[row.mark][0]) if row.mark else (0.0, "not judged")
        case _:
            return lambda row, cpu, age: (min(age / 86400.0, 1.0), duration(age))


def _agreement(row: NodeRow) -> tuple[str, str]:
    """Whether it came as shadow mode had foreseen."""
    return (row.mark, JUDGED[row.mark][1]) if row.mark else (" ", "dim")


def _flag(row: NodeRow, outcome: Command | Held | None) -> tuple[str, str]:
    """One letter, as nothing is told by colour alone."""
    if row.role == "draining" or row.note in ("drain", "disrupted", "interrupted"):
        return "x", "draining"
    if row.note == "not ready":
        return "!", "warn"
    if row.note.startswith("DND"):
        return "D", "warn"
    if isinstance(outcome, Command):
        return "~", "ok"
    if isinstance(outcome, Held) and outcome.code in _SHIELDED:
        return _SHIELDED[outcome.code], "warn"
    letter = {"spot": "s", "reserved": "r", "fargate": "f"}.get(row.capacity_type, "o")
    return letter, {"s": "spot", "r": "reserved"}.get(letter, "on_demand")


# --- beside and below the map ----------------------------------------------------------------------------------------


def node_lines(world: World, key: str, looked_at: Survey | None, now: float, most: int = 12) -> list[Line]:
    """The node under the cursor: what it is, its pods by cpu as bars, what is free, whether it can go."""
    node = world.of("nodes").get(key)
    if node is None:
        return _claim_lines(world, key)
    entry = world.ledger.nodes.get(key)
    price = hourly(entry.price) if entry is not None and entry.price is not None else "unpriced"
    lines: list[Line] = [
        ((short_node(node.key), "strong"), (f"  {node.node_pool or 'no pool'}", "dim")),
        (
            (f"{node.instance_type} {short_capacity_type(node.capacity_type)} {short_zone(node.zone)} ", "text"),
            (price, "money"),
        ),
    ]
    asked = world.usage.requested.get(key, {})
    pods = sorted(world.usage.on(key).values(), key=lambda pod: -pod.requests.get("cpu", 0))
    free = {name: node.allocatable.get(name, 0) - asked.get(name, 0) for name in ("cpu", "memory")}
    for name in ("cpu", "memory"):
        words = f"{human(asked.get(name, 0), name)} of {human(node.allocatable.get(name, 0), name)}"
        lines.append(((f"{name:<7}", "dim"), (words, "text"), (f", {human(max(free[name], 0), name)} free", "dim")))
    outcome = holding(world, key, looked_at)
    if outcome is not None:
        lines += [(), (hold_text(world, key, outcome, now),)[0:1]]
    lines += [(), ((f"{plural(len(pods), 'pod')} by cpu", "dim"),)]
    whole = max(node.allocatable.get("cpu", 0), 1)
    for pod in pods[:most]:
        cpu = pod.requests.get("cpu", 0)
        cells = max(round(cpu / whole * 16), 1 if cpu else 0)
        lines.append(
            (
                (f"{human(cpu, 'cpu'):>5} ", "dim"),
                ("█" * cells, "bar"),
                (f"{' ' if cells else ''}{pod.metadata.name}", "dim" if pod.daemon else "text"),
            )
        )
    if len(pods) > most:
        lines.append(((f"      … {len(pods) - most} more", "dim"),))
    return lines


def _claim_lines(world: World, key: str) -> list[Line]:
    claim = world.of("nodeclaims").get(key)
    if claim is None:
        return [(("gone since the last look", "dim"),)]
    return [
        ((claim.key, "strong"), (f"  {claim.node_pool}", "dim")),
        ((f"{claim.instance_type or 'no type yet'} {claim.capacity_type} {short_zone(claim.zone)}", "text"),),
        (("coming: its node has not joined the cluster", "launching"),),
    ]


def packing_lines(world: World, groups: list[Group], rows: Iterable[NodeRow]) -> list[Line]:
    """Packed, wasted, and the holes that are left."""
    rows = list(rows)
    price = sum(row.price or 0.0 for row in rows)
    used = sum(max(row.cpu, row.memory) * (row.price or 0.0) for row in rows)
    nodes, requested = world.of("nodes"), world.usage.requested
    holes = sorted(
        (
            max(nodes[row.key].allocatable.get("cpu", 0) - requested.get(row.key, {}).get("cpu", 0), 0)
            for row in rows
            if row.key in nodes and row.role != "draining"
        ),
        reverse=True,
    )
    one_cpu = sum(hole >= 10**9 for hole in holes)
    packed = percent(used / price) if price else "-"
    lines: list[Line] = [
        (
            ("packed ", "dim"),
            (packed, "strong"),
            ("   wasted ", "dim"),
            (f"${amount(price - used)}/h", "money"),
            (f" of ${amount(price)}/h", "dim"),
        ),
        (
            (f"{human(sum(holes), 'cpu')} cpu free in {plural(len(holes), 'hole')}", "text"),
            (f"; largest {human(holes[0], 'cpu')}; {one_cpu:,} fit a 1 cpu pod" if holes else "", "text"),
        ),
    ]
    widest = max((len(group.name) for group in groups), default=0)
    for group in groups[:MOST_GROUPS]:
        lost = f"   wasted ${amount(group.hourly * (1 - group.packed))}/h" if group.hourly else ""
        full = round(group.packed * 20)
        lines.append(
            (
                (f"{group.name:<{widest}} ", "text"),
                ("█" * full, "bar"),
                ("░" * (20 - full), "bar_free"),
                (f" {percent(group.packed):>4}", "text"),
                (lost, "dim"),
            )
        )
    return lines


def fullness(groups: Iterable[Group]) -> list[float]:
    """How many nodes are how full by the chosen heat, in `STEPS` equal steps."""
    counted = [0.0] * STEPS
    for group in groups:
        for cell in group.cells:
            if cell.kind == "node":
                counted[min(int(cell.fill * STEPS), STEPS - 1)] += 1
    return counted
