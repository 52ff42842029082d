"""How the acts that active mode is about to carry out are drawn."""

from karptui.tui.lists.money import Unit
from karptui.tui.lists.table import Table
from karptui.tui.widgets.columns import Cell, Column
from karptui.views.lists.acts import ActRow
from karptui.views.wording import duration


def _cells(row: ActRow, unit: Unit) -> tuple[Cell, ...]:
    when: Cell = ("HELD", "warn") if row.held else (f"in {duration(row.due)}", "accent") if row.due is not None else (
        "now", "dim"
    )  # fmt: skip
    return (when, (row.text, "dim" if row.held else "text"))


ACTS: Table[ActRow] = Table(
    columns=(Column("", 8, align="right"), Column("", 24, weight=1)),
    gap=1,
    key=lambda row: row.key,
    cells=_cells,
    words=lambda row: f"{'held ' if row.held else ''}{row.text}",
    fields=lambda row: {"node": " ".join(row.nodes)},
    numbers=lambda row: {"due": row.due if row.due is not None else 0.0},
)
