"""The tables of the Cost and What-if screens."""

from karptui.tui.money import Unit
from karptui.tui.table import Order, Table
from karptui.tui.tables import dash
from karptui.tui.widgets.columns import Cell, Column
from karptui.views.cost import MoveRow, NamespaceCost, PoolCost
from karptui.views.open_savings import OpenRow
from karptui.views.what_if import MoveRow as PodMove
from karptui.views.wording import percent

POOLS: Table[PoolCost] = Table(
    columns=(
        Column("POOL", 12, weight=1, cut="middle"),
        Column("NODES", 5, align="right"),
        Column("$", 8, align="right"),
        Column("SPOT", 5, align="right"),
        Column("WASTE", 5, align="right"),
    ),
    key=lambda row: row.key,
    cells=lambda row, unit: (
        row.key,
        f"{row.nodes:,}",
        (unit.text(row.hourly), "money"),
        percent(row.spot),
        (percent(row.waste), "warn" if row.waste > 0.4 else "text"),
    ),
    words=lambda row: row.key,
    fields=lambda row: {"pool": row.key},
    numbers=lambda row: {"price": row.hourly, "waste": row.waste * 100, "spot": row.spot * 100, "nodes": row.nodes},
    orders=(
        Order(0, lambda row: row.key),
        Order(1, lambda row: row.nodes, falling=True),
        Order(2, lambda row: row.hourly, falling=True),
        Order(4, lambda row: row.waste, falling=True),
    ),
)

SPACES: Table[NamespaceCost] = Table(
    columns=(
        Column("NAMESPACE", 20, weight=1, cut="middle"),
        Column("$", 9, align="right"),
        Column("OF ALL", 6, align="right"),
    ),
    key=lambda row: row.key,
    cells=lambda row, unit: (row.key, (unit.text(row.hourly), "money"), percent(row.share)),
    words=lambda row: row.key,
    fields=lambda row: {"namespace": row.key, "ns": row.key},
    numbers=lambda row: {"price": row.hourly, "share": row.share * 100},
    orders=(Order(0, lambda row: row.key), Order(1, lambda row: row.hourly, falling=True)),
)


def signed(value: float | None, unit: Unit) -> Cell:
    """Money with its sign, a true minus; what saves is told by the sign, the colour only adds to it."""
    if value is None:
        return ("…", "dim")
    sign = "−" if value < 0 else "+"
    return (f"{sign}{unit.text(abs(value))}", "ok" if value < 0 else "warn" if value > 0 else "text")


MOVES: Table[MoveRow] = Table(
    columns=(
        Column("TIME", 8),
        Column("MOVE", 18, weight=1, cut="middle"),
        Column("PODS", 4, align="right", drop=1),
        Column("SAID", 9, align="right"),
        Column("REAL", 9, align="right"),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=lambda row, unit: (
        (row.at, "dim"),
        row.text,
        f"{row.pods:,}",
        signed(row.said, unit),
        signed(row.real, unit),
    ),
    words=lambda row: f"{row.key} {row.at} {row.text}",
    fields=lambda row: {"decision": row.key},
    numbers=lambda row: {"said": row.said, "real": row.real, "pods": row.pods},
    orders=(Order(0, lambda row: row.key, falling=True), Order(3, lambda row: row.said)),
)

OPEN: Table[OpenRow] = Table(
    columns=(
        Column("$", 9, align="right"),
        Column("HELD BY", 22, weight=2, cut="middle"),
        Column("NODES", 5, align="right", drop=1),
        Column("WHY", 24, weight=4),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=lambda row, unit: (
        signed(-row.hourly, unit),
        (row.owner, "warn") if row.owner else (row.nodes[0].partition(".")[0], "ok"),
        f"{len(row.nodes):,}",
        row.why,
    ),
    words=lambda row: f"{row.owner or 'can go'} {row.why} {' '.join(row.nodes)}",
    fields=lambda row: {"owner": row.owner},
    numbers=lambda row: {"price": row.hourly, "nodes": len(row.nodes)},
    orders=(Order(0, lambda row: row.hourly, falling=True), Order(1, lambda row: row.owner)),
)

POD_MOVES: Table[PodMove] = Table(
    columns=(
        Column("PODS", 20, weight=2, cut="middle"),
        Column("FROM", 14, weight=1, cut="middle"),
        Column("TO", 16, weight=2),
        Column("STATUS", 16, weight=3),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=lambda row, unit: (row.pods, dash(row.source), dash(row.target), (row.status, row.role)),
    words=lambda row: f"{row.pods} {row.source} {row.target} {row.status}",
    fields=lambda row: {"from": row.source, "to": row.target, "status": row.status},
    orders=(Order(0, lambda row: row.pods), Order(1, lambda row: row.source), Order(3, lambda row: row.status)),
)
