"""The strip of clusters that are watched side by side."""

from karptui.tui.lists.money import Unit
from karptui.tui.lists.table import Order, Table
from karptui.tui.widgets.columns import Cell, Column
from karptui.views.lists.clusters import ClusterRow
from karptui.views.wording import duration


def _cells(row: ClusterRow, unit: Unit) -> tuple[Cell, ...]:
    name: Cell = (f"▸ {row.key}" if row.shown else f"  {row.key}", "strong" if row.shown else "text")
    if row.nodes is None:
        return (name, ("-", "dim"), ("-", "dim"), ("-", "dim"), (row.freshness, row.role))
    pending = f"{row.pending:,} pending" if row.oldest is None else f"{row.pending:,} pending {duration(row.oldest)}"
    price = unit.text(row.hourly) + ("+?" if row.unpriced else "")
    return (
        name,
        f"{row.nodes:,} nodes",
        (pending, "pending" if row.pending else "dim"),
        (f"{price} {unit.sign}", "money"),
        (row.freshness, row.role),
    )


CLUSTERS: Table[ClusterRow] = Table(
    columns=(
        Column("CONTEXT", 16, weight=2, cut="middle"),
        Column("NODES", 9, align="right"),
        Column("PENDING", 18, align="right"),
        Column("COST", 13, align="right"),
        Column("FRESH", 12, weight=3),
    ),
    key=lambda row: row.key,
    cells=_cells,
    words=lambda row: f"{row.key} {row.freshness}",
    fields=lambda row: {"context": row.key},
    numbers=lambda row: {"nodes": row.nodes, "pending": row.pending, "price": row.hourly},
    orders=(
        Order(0, lambda row: row.key),
        Order(1, lambda row: row.nodes or 0, falling=True),
        Order(2, lambda row: row.pending or 0, falling=True),
        Order(3, lambda row: row.hourly or 0.0, falling=True),
    ),
)
