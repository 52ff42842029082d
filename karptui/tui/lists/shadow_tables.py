"""The tables of the Shadow screen: predictions beside what happened, and what is expected next."""

from karptui.tui.lists.table import Order, Table
from karptui.tui.widgets.columns import SPARE, Column
from karptui.views.foreseen.shadow import CaseRow
from karptui.views.foreseen.shadow_next import ActRow

CASES: Table[CaseRow] = Table(
    columns=(
        Column("TIME", 8),
        Column("KIND", 13, drop=SPARE),
        Column("OURS", 16, weight=3, cut="name", most=32),
        Column("REAL", 20, weight=3, cut="name", most=32),
        Column("", 1),
        Column("VERDICT", 13, weight=1),
        Column("CAUSE", 12, weight=3, drop=SPARE + 1, most=12),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=lambda row, unit: (
        (row.at, "dim"),
        row.kind,
        row.ours,
        row.real,
        (row.mark, row.role),
        (row.verdict, row.role),
        (row.cause, "dim" if row.agrees else "text"),
    ),
    words=lambda row: f"{row.key} {row.at} {row.kind} {row.ours} {row.real} {row.verdict} {row.cause} {row.claim}",
    fields=lambda row: {
        "kind": row.kind, "verdict": row.verdict, "cause": row.cause, "claim": row.claim, "node": row.node,
    },
    orders=(
        Order(0, lambda row: row.key, falling=True),
        Order(1, lambda row: (row.kind, row.key)),
        Order(5, lambda row: (row.agrees, row.verdict, row.key)),
        Order(6, lambda row: (row.cause, row.key), falling=True),
    ),
)  # fmt: skip

ACTS: Table[ActRow] = Table(
    columns=(Column("WHEN", 11, weight=1), Column("WHAT", 10, weight=1), Column("", 16, weight=9)),
    gap=1,
    key=lambda row: row.key,
    cells=lambda row, unit: ((row.when, row.role), row.kind, row.what),
    words=lambda row: f"{row.when} {row.kind} {row.what}",
)
