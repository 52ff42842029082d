"""The table of nodes: with why each is still here, and with GPUs where there are any."""

from collections.abc import Callable, Collection
from dataclasses import replace as dataclass_replace

from msgspec.structs import replace

from karptui.tui.lists.money import Unit
from karptui.tui.lists.table import Order, Table
from karptui.tui.lists.tables import bar, capacity, zone_cell
from karptui.tui.widgets.columns import Cell, Column
from karptui.views.extended import extended_title, short_extended
from karptui.views.lists.overview import NodeRow
from karptui.views.wording import short_node

MOST_DROPPED = 9
"""The `drop` of a column that goes before all others."""


def nodes_table(note_of: Callable[[NodeRow], tuple[str, str]]) -> Table[NodeRow]:
    """The nodes with a note of `note_of` (words and role) where they have none of their own: why it is still here."""

    def noted(row: NodeRow) -> NodeRow:
        if row.note:
            return row
        note, role = note_of(row)
        return replace(row, note=note, role=role) if note else row

    def noted_order(order: Order[NodeRow]) -> Order[NodeRow]:
        return Order(order.column, lambda row: order.value(noted(row)), order.falling)

    return dataclass_replace(
        NODES,
        cells=lambda row, unit: _node_cells(noted(row), unit),
        words=lambda row: NODES.words(noted(row)),
        fields=lambda row: NODES.fields(noted(row)),
        orders=tuple(noted_order(order) for order in NODES.orders),
    )


BEFORE_EXTENDED = 6
"""Columns of a node before those of extended resources: up to its memory."""


def with_extended(table: Table[NodeRow], names: Collection[str]) -> Table[NodeRow]:
    """The nodes with a bar for GPUs and other extended resources, which goes first where there is no room for all."""

    def cells(row: NodeRow, unit: Unit) -> tuple[Cell, ...]:
        drawn = table.cells(row, unit)
        share: Cell = bar(row.extended[0][1]) if row.extended else ("-", "dim")
        return (*drawn[:BEFORE_EXTENDED], share, *drawn[BEFORE_EXTENDED:])

    def moved(order: Order[NodeRow]) -> Order[NodeRow]:
        return order if order.column < BEFORE_EXTENDED else dataclass_replace(order, column=order.column + 1)

    title, before = extended_title(names), table.columns[:BEFORE_EXTENDED]
    by_share = Order[NodeRow](
        BEFORE_EXTENDED, lambda row: (row.extended[0][1] if row.extended else -1.0, row.key), falling=True
    )
    return dataclass_replace(
        table,
        columns=(*before, Column(title, 8, weight=2, drop=MOST_DROPPED), *table.columns[BEFORE_EXTENDED:]),
        cells=cells,
        numbers=lambda row: {
            **table.numbers(row),
            **{short_extended(name).lower(): share * 100 for name, share in row.extended},
        },
        orders=(*map(moved, table.orders), by_share),
    )


def _node_cells(row: NodeRow, unit: Unit) -> tuple[Cell, ...]:
    price: Cell = (unit.text(row.price), "money") if row.price is not None else ("none", "warn")
    return (
        short_node(row.key),
        row.instance_type,
        capacity(row.capacity_type),
        zone_cell(row.zone),
        bar(row.cpu),
        bar(row.memory),
        f"{row.pods:,}",
        price,
        ((f"{row.mark} ", "text"), (row.note, row.role)) if row.mark else (row.note, row.role),
    )


NODES: Table[NodeRow] = Table(
    columns=(
        Column("NODE", 14, weight=2, cut="middle"),
        Column("TYPE", 12, weight=1),
        Column("CAP", 4),
        Column("ZN", 2, drop=3),
        Column("CPU", 8, weight=3),
        Column("MEM", 8, weight=3, drop=2, gives=4),
        Column("PODS", 4, align="right", drop=4),
        Column("$", 6, align="right"),
        Column("NOTE", 11, weight=1, drop=1),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=_node_cells,
    words=lambda row: f"{row.key} {row.instance_type} {row.capacity_type} {row.zone} {row.note}",
    fields=lambda row: {
        "node": row.key, "type": row.instance_type, "cap": row.capacity_type, "zone": row.zone, "note": row.note,
    },
    numbers=lambda row: {"price": row.price, "cpu": row.cpu * 100, "memory": row.memory * 100, "pods": row.pods},
    orders=(
        Order(0, lambda row: row.key),
        Order(1, lambda row: (row.instance_type, row.key)),
        Order(3, lambda row: (row.zone, row.key)),
        Order(4, lambda row: (row.cpu, row.key), falling=True),
        Order(5, lambda row: (row.memory, row.key), falling=True),
        Order(6, lambda row: (row.pods, row.key), falling=True),
        Order(7, lambda row: (row.price or 0.0, row.key), falling=True),
        Order(8, lambda row: (row.note, row.key), falling=True),
    ),
)  # fmt: skip
