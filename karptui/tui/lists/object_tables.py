"""The tables of NodeClasses and PodDisruptionBudgets."""

from collections.abc import Callable

from karptui.tui.lists.money import Unit
from karptui.tui.lists.table import Order, Table
from karptui.tui.lists.tables import dash
from karptui.tui.widgets.columns import Cell, Column
from karptui.views.lists.object_lists import ClassRow, PdbRow
from karptui.views.wording import duration, short_node


def _found(count: int | None, more: str) -> Cell:
    """How many were found, with what tells about them; none at all is a fault, unless the provider lists none."""
    if count is None:
        return ("-", "dim")
    return ((f"{count:,}", "text" if count else "bad"), (f" {more}" if more else "", "dim"))


def class_table(clock: Callable[[], float]) -> Table[ClassRow]:
    """NodeClasses; `clock` tells the time of what is shown (epoch seconds)."""

    def age(row: ClassRow) -> float:
        return max(clock() - row.created, 0.0)

    def cells(row: ClassRow, unit: Unit) -> tuple[Cell, ...]:
        ready: Cell = ("Ready", "ok") if row.ready else (f"NOT READY {row.wrong}", "bad")
        if row.ready is None:
            ready = ("not told", "dim")
        return (
            row.name,
            ready,
            _found(row.amis, row.image),
            _found(row.subnets, " ".join(row.zones)),
            _found(row.groups, ""),
            dash(", ".join(row.pools)),
            (f"{row.nodes:,}", "text" if row.nodes else "dim"),
            (duration(age(row)) if row.created else "-", "dim"),
            (row.kind, "dim"),
        )

    return Table(
        columns=(
            Column("NODECLASS", 10, weight=2, cut="middle"),
            Column("READY", 24, weight=6),
            Column("AMIS", 5, weight=2, drop=2),
            Column("SUBNETS", 8, weight=1),
            Column("GROUPS", 6, align="right"),
            Column("NODEPOOLS", 10, weight=3),
            Column("NODES", 5, align="right"),
            Column("AGE", 6, align="right", drop=3),
            Column("KIND", 12, drop=4),
        ),
        gap=1,
        key=lambda row: row.key,
        cells=cells,
        words=lambda row: f"{row.key} {row.wrong or 'ready'} {row.image} {' '.join(row.pools)}",
        fields=lambda row: {
            "class": row.name, "kind": row.kind, "ready": str(row.ready), "pool": " ".join(row.pools),
        },
        numbers=lambda row: {
            "nodes": row.nodes, "amis": row.amis, "subnets": row.subnets, "groups": row.groups,
            "age": age(row),
        },
        orders=(
            Order(0, lambda row: row.name),
            Order(1, lambda row: (row.ready, row.name)),
            Order(6, lambda row: (row.nodes, row.name), falling=True),
            Order(7, lambda row: (-row.created, row.name), falling=True),
        ),
    )  # fmt: skip


def _healthy(row: PdbRow) -> Cell:
    """`4 of 5`; a fault where fewer are healthy than have to be."""
    if row.healthy is None:
        return ("-", "dim")
    enough = row.healthy >= (row.needed or 0)
    return (f"{row.healthy:,}" + (f" of {row.pods:,}" if row.pods is not None else ""), "text" if enough else "bad")


def _pdb_cells(row: PdbRow, unit: Unit) -> tuple[Cell, ...]:
    return (
        row.key,
        row.short_rule,
        _healthy(row),
        (f"{row.needed:,}", "text") if row.needed is not None else ("-", "dim"),
        (f"{row.allows:,}", "text" if row.allows else "bad"),
        (f"{len(row.nodes):,}", "warn" if row.nodes else "dim"),
        (unit.text(row.saves), "money") if row.saves else ("-", "dim"),
        dash(" ".join(short_node(name) for name in row.nodes), "dim"),
    )


PDBS: Table[PdbRow] = Table(
    columns=(
        Column("PODDISRUPTIONBUDGET", 20, weight=2, cut="middle"),
        Column("RULE", 17, weight=1),
        Column("HEALTHY", 7, align="right"),
        Column("NEEDED", 6, align="right"),
        Column("MAY GO", 6, align="right"),
        Column("HOLDS", 5, align="right"),
        Column("$", 7, align="right"),
        Column("NODES", 12, weight=2, drop=1),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=_pdb_cells,
    words=lambda row: f"{row.key} {row.rule} {row.short_rule} {' '.join(row.nodes)}",
    fields=lambda row: {
        "pdb": row.key, "namespace": row.key.partition("/")[0], "ns": row.key.partition("/")[0], "rule": row.rule,
    },
    numbers=lambda row: {
        "allows": row.allows, "holds": len(row.nodes), "price": row.saves, "healthy": row.healthy,
        "needed": row.needed, "pods": row.pods,
    },
    orders=(
        Order(0, lambda row: row.key),
        Order(4, lambda row: (row.allows, row.key)),
        Order(5, lambda row: (len(row.nodes), row.key), falling=True),
        Order(6, lambda row: (row.saves, row.key), falling=True),
    ),
)  # fmt: skip
