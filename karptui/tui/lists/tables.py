"""The tables of the application: which columns pools, pods, nodes and the rest have, and how they are drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as dataclass_replace
from math import isfinite
from typing import TypeVar

from karptui.model.decision import Refusal
from karptui.tui.lists.money import Unit
from karptui.tui.lists.table import Order, Table
from karptui.tui.segments.bars import UsageBar
from karptui.tui.segments.line import Line, fit, fit_line, width_of
from karptui.tui.widgets.columns import SPARE, Cell, Column
from karptui.views.lists.decisions import CandidateRow, DecisionRow
from karptui.views.lists.log import LogRow
from karptui.views.lists.overview import ClaimRow, PoolRow
from karptui.views.lists.pods import PodRow
from karptui.views.timelines.progress import Waiting, pods_text
from karptui.views.wording import duration, percent, short_capacity_type, short_node, short_zone

T = TypeVar("T")

NEARLY_FULL = 0.9


def bar(share: float) -> Cell:
    """A share as a bar, to the percent."""
    return UsageBar(round(share, 2))


def capacity(capacity_type: str) -> Cell:
    """The capacity type in four letters at most."""
    role = {"spot": "spot", "reserved": "reserved"}.get(capacity_type, "on_demand")
    return (short_capacity_type(capacity_type) or "-", role if capacity_type else "dim")


def zone_cell(zone: str) -> Cell:
    """Two letters tell the zones of a region apart."""
    short = short_zone(zone)
    return dash(short if len(short) <= 2 else short.rpartition("-")[2])


def dash(text: str, role: str = "text") -> Cell:
    """The text, or a dash where there is none."""
    return (text, role) if text else ("-", "dim")


@dataclass(frozen=True, slots=True)
class PricedText:
    """Words that may end in a price or in a remark behind a comma; these go first where there is no room for all."""

    text: str

    @property
    def need(self) -> int:
        """Cells of all of it."""
        return width_of(self.text)

    def draw(self, width: int) -> Line:
        """The words in exactly `width` cells."""
        words, _, price = self.text.rpartition(" ")
        fits = width_of(self.text) <= width
        if "$" in price:
            return (
                fit_line(((f"{words} ", "text"), (price, "money")), width) if fits else ((fit(words, width), "text"),)
            )
        return ((fit(self.text if fits else _without_remark(self.text, width), width), "text"),)


def _without_remark(text: str, width: int) -> str:
    """Without what stands in brackets, then without what stands behind the last comma, if that is enough."""
    shorter = text.partition(" (")[0]
    plainer = shorter.rpartition(", ")[0]
    return next((words for words in (shorter, plainer) if words and width_of(words) <= width), text)


def _pool_cells(row: PoolRow, unit: Unit) -> tuple[Cell, ...]:
    limit: Cell = ("-", "dim")
    if row.limit is not None:
        limit = (
            f"{percent(row.limit)} {row.limited.rpartition('/')[2]}",
            "bad" if row.limit >= 1 else "warn" if row.limit >= NEARLY_FULL else "text",
        )
    used: tuple[Cell, Cell] = (("-", "dim"), ("-", "dim"))
    if row.nodes:
        used = (bar(row.cpu), bar(row.memory))
    name: Cell = (row.key, "text" if row.ready else "bad")
    budget: Cell = (row.budget, "dim") if row.ready else ("NOT READY", "bad")
    nodes: Cell = (f"{row.nodes:,}", "text" if row.nodes else "dim")
    return (name, nodes, *used, limit, (unit.text(row.hourly), "money" if row.hourly else "dim"), budget)


POOLS: Table[PoolRow] = Table(
    columns=(
        Column("POOL", 10, weight=1, cut="middle"),
        Column("NODES", 5, align="right"),
        Column("CPU", 10, weight=2),
        Column("MEMORY", 10, weight=2),
        Column("OF LIMIT", 8, align="right", drop=3),
        Column("$", 7, align="right"),
        Column("MAY GO NOW", 11, weight=1, drop=2),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=_pool_cells,
    words=lambda row: f"{row.key} {row.budget}",
    fields=lambda row: {"pool": row.key, "budget": row.budget},
    numbers=lambda row: {"price": row.hourly, "nodes": row.nodes, "cpu": row.cpu * 100, "memory": row.memory * 100},
    orders=(
        Order(0, lambda row: row.key),
        Order(1, lambda row: row.nodes, falling=True),
        Order(2, lambda row: row.cpu, falling=True),
        Order(3, lambda row: row.memory, falling=True),
        Order(5, lambda row: row.hourly, falling=True),
    ),
)


def _waiting_cells(row: Waiting, unit: Unit) -> tuple[Cell, ...]:
    words = (("BLOCKED", "bad"), (f" {row.text}", "text")) if row.blocked else ((row.text, row.role),)
    return ((f"{len(row.pods):,}", "strong"), words, (pods_text(row.pods), "dim"))


WAITING: Table[Waiting] = Table(
    columns=(
        Column("", 2, align="right"),
        Column("", 24, weight=1),
        Column("", 24, drop=1, cut="middle"),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=_waiting_cells,
    words=lambda row: f"{row.text} {' '.join(row.pods)} {'blocked' if row.blocked else ''}",
    fields=lambda row: {"claim": row.claim},
    numbers=lambda row: {"pods": len(row.pods)},
)


def plainer(table: Table[T]) -> Table[T]:
    """The table as it is read from afar, where nobody presses a key for the rest of a text: a column that may be left
    out goes before any text beside it is cut, and what is too long even then goes on in the next line."""
    columns = tuple(
        dataclass_replace(column, drop=max(column.drop, SPARE))
        if column.drop
        else dataclass_replace(column, wraps=column.weight > 0)
        for column in table.columns
    )
    return dataclass_replace(table, columns=columns)


def _claim_cells(row: ClaimRow, unit: Unit) -> tuple[Cell, ...]:
    known = bool(row.capacity_type)
    return (
        row.key,
        (row.instance_type, "text" if known else "dim"),
        capacity(row.capacity_type),
        zone_cell(row.zone),
        (row.stage, row.role),
        (duration(row.age), "text"),
        (f"{row.pods:,}", "text" if row.pods else "dim"),
    )


CLAIMS: Table[ClaimRow] = Table(
    columns=(
        Column("NODECLAIM", 13, weight=1, cut="middle"),
        Column("TYPE", 12, weight=1),
        Column("CAP", 4, drop=2),
        Column("ZN", 2, drop=3),
        Column("STAGE", 18, weight=4),
        Column("AGE", 6, align="right"),
        Column("PODS", 4, align="right", drop=1),
    ),
    gap=1,
    key=lambda row: row.key,
    cells=_claim_cells,
    words=lambda row: f"{row.key} {row.instance_type} {row.capacity_type} {row.zone} {row.stage}",
    fields=lambda row: {
        "claim": row.key, "type": row.instance_type, "cap": row.capacity_type, "zone": row.zone, "stage": row.stage,
    },
    numbers=lambda row: {"age": row.age, "pods": row.pods},
    orders=(
        Order(0, lambda row: row.key),
        Order(1, lambda row: row.instance_type),
        Order(4, lambda row: row.stage),
        Order(5, lambda row: row.age, falling=True),
        Order(6, lambda row: row.pods, falling=True),
    ),
)  # fmt: skip


def with_labels(table: Table[T], names: Sequence[str], labels_of: Callable[[T], Mapping[str, str]]) -> Table[T]:
    """The table with a column for each of these labels; `key=value` in a filter looks at every label."""

    def cells(row: T, unit: Unit) -> tuple[Cell, ...]:
        labels = labels_of(row) if names else {}
        return (*table.cells(row, unit), *(dash(labels.get(name, "")) for name in names))

    def order_by(index: int, name: str) -> Order[T]:
        return Order(len(table.columns) + index, lambda row: labels_of(row).get(name, ""))

    orders = tuple(order_by(index, name) for index, name in enumerate(names))
    titles = (name.rpartition("/")[2].upper() for name in names)
    return dataclass_replace(
        table,
        columns=(*table.columns, *(Column(title, max(len(title), 10)) for title in titles)),
        cells=cells,
        words=lambda row: " ".join((table.words(row), *(labels_of(row).get(name, "") for name in names))),
        fields=lambda row: {**{name.lower(): value for name, value in labels_of(row).items()}, **table.fields(row)},
        orders=(*table.orders, *orders),
    )


def _decision_cells(row: DecisionRow, unit: Unit) -> tuple[Cell, ...]:
    return ((row.at, "dim"), PricedText(row.text), (row.mark, row.role))


DECISIONS: Table[DecisionRow] = Table(
    columns=(Column("", 8), Column("", 20, weight=1), Column("", 1)),
    gap=1,
    key=lambda row: row.key,
    cells=_decision_cells,
    words=lambda row: f"{row.key} {row.at} {row.text}",
)
DECISION_LIST: Table[DecisionRow] = Table(
    columns=(Column("TIME", 8), Column("DECISION", 8), Column("WHAT", 30, weight=1), Column("", 1)),
    key=lambda row: row.key,
    cells=lambda row, unit: ((row.at, "dim"), (row.key, "accent"), PricedText(row.text), (row.mark, row.role)),
    words=lambda row: f"{row.key} {row.at} {row.text}",
    orders=(Order(1, lambda row: row.key), Order(2, lambda row: row.text)),
)


def _pod_cells(row: PodRow, unit: Unit) -> tuple[Cell, ...]:
    """What a pod waits for takes the room of the node that it has not got."""
    decision: Cell = (row.decision, "accent") if row.decision else "" if not row.node else ("-", "dim")
    where: tuple[Cell, Cell] = (short_node(row.node), dash(row.bound)) if row.node else ("", "")
    return (row.key, (duration(row.age), "text"), (row.state, row.role), *where, decision)


PODS: Table[PodRow] = Table(
    columns=(
        Column("POD", 24, weight=4, cut="middle"),
        Column("AGE", 6, align="right"),
        Column("STATE", 18, weight=4, flows=True),
        Column("NODE", 14, weight=3, drop=1, cut="middle"),
        Column("BOUND IN", 8, align="right", drop=3),
        Column("DECISION", 8, drop=2),
    ),
    key=lambda row: row.key,
    cells=_pod_cells,
    words=lambda row: f"{row.key} {row.state} {row.node} {row.decision}",
    fields=lambda row: {
        "pod": row.key, "namespace": row.key.partition("/")[0], "ns": row.key.partition("/")[0], "state": row.state,
        "node": row.node, "decision": row.decision,
    },
    numbers=lambda row: {"age": row.age, "pending": row.age if not row.node else None},
    orders=(
        Order(0, lambda row: row.key),
        Order(1, lambda row: (-row.created, row.key), falling=True),
        Order(2, lambda row: (row.state, row.key)),
        Order(3, lambda row: (row.node, row.key)),
        Order(5, lambda row: (row.decision, row.key), falling=True),
    ),
)  # fmt: skip

_VERDICT_ROLES = {Refusal.CHOSEN: "chosen", Refusal.DEARER: "text", Refusal.NO_CAPACITY: "warn"}


def _candidate_cells(row: CandidateRow, unit: Unit) -> tuple[Cell, ...]:
    chosen = row.code is Refusal.CHOSEN
    return (
        (row.instance_type, "chosen" if chosen else "text"),
        capacity(row.capacity_type),
        zone_cell(row.zone),
        (unit.text(row.price), "money" if isfinite(row.price) else "dim"),
        dash(row.use),
        (row.verdict, _VERDICT_ROLES.get(row.code, "refused")),
    )


CANDIDATES: Table[CandidateRow] = Table(
    columns=(
        Column("TYPE", 15, cut="middle"),
        Column("CAP", 4),
        Column("ZN", 2, drop=2),
        Column("$", 7, align="right"),
        Column("CPU/MEM", 9, drop=1),
        Column("VERDICT", 14, weight=1),
    ),
    key=lambda row: row.key,
    cells=_candidate_cells,
    words=lambda row: f"{row.instance_type} {row.capacity_type} {row.zone} {row.verdict}",
    fields=lambda row: {"type": row.instance_type, "cap": row.capacity_type, "zone": row.zone, "reason": row.verdict},
    numbers=lambda row: {"price": row.price if isfinite(row.price) else None},
    orders=(
        Order(0, lambda row: row.key),
        Order(3, lambda row: (row.price, row.key)),
        Order(5, lambda row: (row.verdict, row.price, row.key)),
    ),
)

_SOURCE_ROLES = {"problem": "bad", "stream": "warn", "story": "accent", "ec2": "launching", "karptui": "accent"}


def _log_cells(row: LogRow, unit: Unit) -> tuple[Cell, ...]:
    return (
        (row.at, "dim"),
        (row.source.removeprefix("default-"), _SOURCE_ROLES.get(row.source, "dim")),
        (row.about, "text"),
        (row.text, row.role),
    )


LOG: Table[LogRow] = Table(
    columns=(
        Column("TIME", 10),
        Column("SOURCE", 10, drop=1, most=12),
        Column("OBJECT", 20, weight=2, cut="middle", most=36),
        Column("WHAT", 30, weight=5),
    ),
    key=lambda row: row.key,
    cells=_log_cells,
    words=lambda row: f"{row.source} {row.about} {row.text}",
    fields=lambda row: {
        "source": row.source, "object": row.about, "from": "kubernetes" if row.kube else "karptui",
    },
    orders=(Order(1, lambda row: row.source), Order(2, lambda row: row.about)),
)  # fmt: skip
