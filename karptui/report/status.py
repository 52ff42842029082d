"""The Overview as text and as JSON."""

from collections.abc import Iterable
from typing import Any

from karptui.views.answers.staying import staying
from karptui.views.head import Head, figures, head
from karptui.views.lists.overview import Overview, overview
from karptui.views.timelines.progress import pods_text
from karptui.views.wording import amount, duration, hourly, percent, plural, short_capacity_type, short_zone
from karptui.world.events import StreamState
from karptui.world.world import World

SHOWN_NODES = 20
_COLUMNS: dict[str, tuple[str, ...]] = {
    "POOLS": ("POOL", "NODES", "CPU", "MEMORY", "$/h", "LIMIT", "MAY GO NOW", "READY"),
    "PENDING": ("COUNT", "PODS", "WAIT FOR"),
    "IN FLIGHT": ("NODECLAIM", "TYPE", "CAP", "ZONE", "STAGE", "AGE"),
    "NODES": ("NODE", "TYPE", "CAP", "ZONE", "CPU", "MEMORY", "PODS", "$/h", "NOTE"),
    "DECISIONS": ("DECISION", "WHAT", "MARK"),
    "STILL HERE": ("NODE", "WHY"),
    "HELD BACK": ("$/h", "BY"),
}


def status_data(world: World, now: float) -> dict[str, Any]:
    """Head and Overview by the names that JSON gives them; a field means what the views say of it."""
    shown = overview(world, now)
    return {
        "head": head(world, "OBSERVE", now),
        "pools": shown.pools,
        "waiting": shown.waiting,
        "inFlight": shown.in_flight,
        "nodes": shown.nodes,
        "decisions": shown.decisions,
        "sentence": shown.sentence,
        "staying": {row.key: staying(world, row.key, now)[0] for row in shown.nodes},
        "owed": world.surveyed.owed if world.surveyed is not None else {},
    }


def status_sections(world: World, now: float) -> list[tuple[str, tuple[str, ...], list[list[str]]]]:
    """The sections as (title, column titles, rows); every row has as many cells as there are titles."""
    shown = overview(world, now)
    return [
        (title, _COLUMNS[title], [[*row, *[""] * (len(_COLUMNS[title]) - len(row))] for row in rows])
        for title, rows in [*_sections(shown), *_surveyed(world, shown, now)]
    ]


def status_text(world: World, now: float) -> str:
    """The same as text, section by section; sections without rows are left out."""
    shown = overview(world, now)
    top = head(world, "OBSERVE", now)
    parts = [_head(top), shown.sentence]
    parts += [_section(title, rows) for title, rows in [*_sections(shown), *_surveyed(world, shown, now)] if rows]
    lost = [
        f"{name}: {stream.message}"
        for name, stream in world.streams.items()
        if stream.state in (StreamState.FORBIDDEN, StreamState.STALE)
    ]
    if lost:
        parts.append(_section("NOT READ", [[line] for line in lost]))
    return "\n\n".join(parts)


def _head(top: Head) -> str:
    versions = [f"Kubernetes {top.kubernetes}"] if top.kubernetes else []
    versions += [f"Karpenter {top.karpenter}" if top.karpenter else "no Karpenter found"]
    return f"{top.cluster}  {', '.join(versions)}\n{figures(top)}"


def _sections(shown: Overview) -> Iterable[tuple[str, list[list[str]]]]:
    yield (
        "POOLS",
        [
            [
                row.key,
                plural(row.nodes, "node"),
                f"cpu {percent(row.cpu)}",
                f"memory {percent(row.memory)}",
                f"${amount(row.hourly)}/h",
                "" if row.limit is None else f"limit {percent(row.limit)} {row.limited}",
                f"may go now: {row.budget}" if row.budget[:1].isdigit() else row.budget,
                "" if row.ready else "NOT READY",
            ]
            for row in shown.pools
        ],
    )
    yield (
        "PENDING",
        [[plural(len(row.pods), "pod"), pods_text(row.pods), row.text] for row in shown.waiting],
    )
    yield (
        "IN FLIGHT",
        [
            [
                row.key,
                row.instance_type,
                short_capacity_type(row.capacity_type),
                short_zone(row.zone),
                row.stage,
                duration(row.age),
            ]
            for row in shown.in_flight
        ],
    )
    rows = [
        [
            row.key,
            row.instance_type,
            short_capacity_type(row.capacity_type),
            short_zone(row.zone),
            f"cpu {percent(row.cpu)}",
            f"memory {percent(row.memory)}",
            plural(row.pods, "pod"),
            "unpriced" if row.price is None else f"${amount(row.price)}/h",
            row.note,
        ]
        for row in shown.nodes[:SHOWN_NODES]
    ]
    if len(shown.nodes) > SHOWN_NODES:
        rows.append([f"and {len(shown.nodes) - SHOWN_NODES} more"])
    yield "NODES", rows
    yield "DECISIONS", [[row.key, row.text, row.mark] for row in shown.decisions]


def _surveyed(world: World, shown: Overview, now: float) -> Iterable[tuple[str, list[list[str]]]]:
    """Why nodes are still here, and what each owner keeps from being saved."""
    told = [[row.key, staying(world, row.key, now)[0]] for row in shown.nodes[:SHOWN_NODES]]
    yield "STILL HERE", [row for row in told if row[1]]
    owed = world.surveyed.owed if world.surveyed is not None else {}
    yield "HELD BACK", [[hourly(saved), holder] for holder, saved in owed.items()]


def _section(title: str, rows: list[list[str]]) -> str:
    return "\n".join([title, *columns(rows)])


def columns(rows: list[list[str]]) -> list[str]:
    """Rows as lines whose columns stand below each other, indented by two; the last column is never padded."""
    widths: dict[int, int] = {}
    for row in rows:
        for index, cell in enumerate(row[:-1]):
            widths[index] = max(widths.get(index, 0), len(cell))
    return [
        "  " + "  ".join(cell.ljust(widths.get(index, 0)) for index, cell in enumerate(row)).rstrip() for row in rows
    ]
