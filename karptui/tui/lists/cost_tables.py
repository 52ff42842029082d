"""The tables of the Cost and What-if screens."""

from karptui.tui.lists.money import Unit
from karptui.tui.lists.table import Order, Table
from karptui.tui.lists.tables import PricedText, capacity, dash
from karptui.tui.segments.bars import UsageBar
from karptui.tui.widgets.columns import Cell, Column
from karptui.views.lists.open_savings import OpenRow, short_owner
from karptui.views.lists.overview import NodeRow
from karptui.views.spending.cost import MoveRow, NamespaceCost, PoolCost, wasted
from karptui.views.spending.what_if import NOWHERE
from karptui.views.spending.what_if import MoveRow as PodMove
from karptui.views.wording import short_node

MUCH_WASTED = 0.4


def _waste(share: float) -> Cell:
    """What is paid and nobody asked for; much of it is told by the role of the figure too."""
    return UsageBar(round(share, 2), "bar", "warn" if share > MUCH_WASTED else "text")


POOLS: Table[PoolCost] = Table(
    columns=(
        Column("POOL", 10, weight=1, cut="middle"),
        Column("NODES", 5, align="right"),
        Column("$", 7, align="right"),
        Column("ON SPOT", 10, weight=1),
        Column("WASTED", 10, weight=1),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=lambda row, unit: (
        row.key,
        f"{row.nodes:,}",
        (unit.text(row.hourly), "money"),
        UsageBar(round(row.spot, 2), "spot"),
        _waste(row.waste),
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
        Column("NAMESPACE", 16, weight=1, cut="middle"),
        Column("$", 7, align="right"),
        Column("OF THE BILL", 12, weight=1),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=lambda row, unit: (row.key, (unit.text(row.hourly), "money"), UsageBar(round(row.share, 2))),
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
        Column("MOVE", 18, weight=1),
        Column("PODS", 4, align="right", drop=1),
        Column("SAID", 7, align="right"),
        Column("REAL", 7, align="right"),
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
        Column("$", 7, align="right"),
        Column("HELD BY", 18, weight=3, cut="middle"),
        Column("NODES", 5, align="right", drop=1),
        Column("WHY", 18, weight=2),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=lambda row, unit: (
        signed(-row.hourly, unit),
        (short_owner(row.owner), "warn") if row.owner else (short_node(row.nodes[0]), "ok"),
        f"{len(row.nodes):,}",
        row.brief,
    ),
    words=lambda row: f"{row.owner or 'can go'} {row.why} {' '.join(row.nodes)}",
    fields=lambda row: {"owner": row.owner},
    numbers=lambda row: {"price": row.hourly, "nodes": len(row.nodes)},
    orders=(Order(0, lambda row: row.hourly, falling=True), Order(1, lambda row: row.owner)),
)

WASTE: Table[NodeRow] = Table(
    columns=(
        Column("$", 7, align="right"),
        Column("NODE", 14, weight=1, cut="middle"),
        Column("TYPE", 12, weight=1, drop=1),
        Column("CAP", 4, drop=2),
        Column("ASKED", 10, weight=1),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=lambda row, unit: (
        (unit.text(wasted(row)), "money"),
        short_node(row.key),
        row.instance_type,
        capacity(row.capacity_type),
        UsageBar(round(max(row.cpu, row.memory), 2)),
    ),
    words=lambda row: f"{row.key} {row.instance_type} {row.capacity_type}",
    fields=lambda row: {"node": row.key, "type": row.instance_type, "cap": row.capacity_type},
    numbers=lambda row: {"price": wasted(row), "cpu": row.cpu * 100, "memory": row.memory * 100},
)


def _pod_move_cells(row: PodMove, unit: Unit) -> tuple[Cell, ...]:
    """Why a pod finds no place takes the room of the place."""
    where: tuple[Cell, Cell] = (PricedText(row.target), (row.status, row.role))
    if row.target == NOWHERE:
        where = ((row.status, row.role), "")
    return (row.pods, dash(row.source), *where)


POD_MOVES: Table[PodMove] = Table(
    columns=(
        Column("PODS", 20, weight=2, cut="middle"),
        Column("FROM", 14, weight=1, cut="middle"),
        Column("TO", 16, weight=2, flows=True, wraps=True),
        Column("STATUS", 6, weight=3, wraps=True),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=_pod_move_cells,
    words=lambda row: f"{row.pods} {row.source} {row.target} {row.status}",
    fields=lambda row: {"from": row.source, "to": row.target, "status": row.status},
    orders=(Order(0, lambda row: row.pods), Order(1, lambda row: row.source), Order(3, lambda row: row.status)),
)
