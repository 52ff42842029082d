"""`karptui cost`: the bill now, by pool and namespace, what moves said and earned, and what nobody has taken."""

from collections.abc import Sequence
from typing import Any

from karptui.report.twins.twin import Record, Twin
from karptui.views.forms import Export
from karptui.views.line import Line, plain
from karptui.views.lists.open_savings import OpenRow, open_rows
from karptui.views.spending.commitments import commitment_rows, effective_bill, with_commitments
from karptui.views.spending.cost import (
    Bill,
    MoveRow,
    NodeCosts,
    averages,
    averages_line,
    bill,
    bill_lines,
    ledger_line,
    move_rows,
    price_source,
)
from karptui.views.wording import HOURS_A_MONTH, amount, monthly, percent, signed_hourly
from karptui.world.world import World


def cost_twin(world: World, now: float) -> Twin:
    """The Cost screen. Its CSV is the bill by NodePool, then by namespace: `by` says which a line is."""
    found, moves, savings = bill(NodeCosts().read(world)), move_rows(world), _open(world, now)
    pools: list[Record] = [
        {
            "nodePool": row.key or "(no pool)",
            "nodes": row.nodes,
            "usdPerHour": row.hourly,
            "usdPerMonth": row.hourly * HOURS_A_MONTH,
            "spotShare": row.spot,
            "notAskedForShare": row.waste,
        }
        for row in found.pools
    ]
    namespaces: list[Record] = [
        {
            "namespace": row.key,
            "usdPerHour": row.hourly,
            "usdPerMonth": row.hourly * HOURS_A_MONTH,
            "share": row.share,
        }
        for row in found.namespaces
    ]
    data = _data(world, found, moves, savings, now, pools, namespaces)
    boxes = _boxes(world, found, moves, savings, now)
    table: list[Record] = [
        {"by": "nodePool", "name": row["nodePool"], **_money(row), "nodes": row["nodes"], "spotShare": row["spotShare"]}
        for row in pools
    ]
    table += [
        {"by": "namespace", "name": row["namespace"], **_money(row), "nodes": None, "spotShare": None}
        for row in namespaces
    ]
    return Twin(
        "cost",
        ledger_line(world),
        boxes,
        data,
        table,
        ("by", "name", "usdPerHour", "usdPerMonth", "nodes", "spotShare"),
    )


def _money(row: Record) -> dict[str, Any]:
    return {"usdPerHour": row["usdPerHour"], "usdPerMonth": row["usdPerMonth"]}


def _open(world: World, now: float) -> list[OpenRow]:
    if world.surveyed is None:
        return []
    return open_rows(world.snapshot(now), world.surveyed.survey, now, world.of("nodes"))


def _data(
    world: World,
    found: Bill,
    moves: Sequence[MoveRow],
    savings: Sequence[OpenRow],
    now: float,
    pools: list[Record],
    namespaces: list[Record],
) -> dict[str, Any]:
    return {
        "usdPerHour": found.hourly,
        "usdPerMonth": found.hourly * HOURS_A_MONTH,
        "spotUsdPerHour": found.spot,
        "onDemandUsdPerHour": found.hourly - found.spot,
        "askedForUsdPerHour": found.asked,
        "allOnDemandUsdPerHour": found.all_on_demand,
        "unpricedNodes": found.unpriced,
        "prices": price_source(world, now),
        "averages": [
            {"period": kept.name, "usdPerHour": kept.hourly, "seconds": kept.seconds, "knownSeconds": kept.known}
            for kept in averages(world, now)
        ],
        **_effective(world),
        "pools": pools,
        "namespaces": namespaces,
        "moves": [
            {
                "decision": row.key,
                "at": row.at,
                "text": row.text,
                "saidUsdPerHour": row.said,
                "realUsdPerHour": row.real,
                "podsMoved": row.pods,
            }
            for row in moves
        ],
        "openSavings": [
            {"usdPerHour": row.hourly, "owner": row.owner, "nodes": list(row.nodes), "why": row.why} for row in savings
        ],
    }


def _effective(world: World) -> dict[str, Any]:
    """The same with what is paid in advance; null where nothing is."""
    bill = effective_bill(world)
    if bill is None:
        return {"effectiveUsdPerHour": None, "unusedCommitmentUsdPerHour": None, "commitments": [], "nodes": []}
    return {
        "effectiveUsdPerHour": bill.hourly,
        "unusedCommitmentUsdPerHour": bill.idle,
        "commitments": [
            {
                "kind": use.commitment.kind,
                "id": use.commitment.id,
                "usedShare": use.used,
                "usdPerHour": use.cost,
                "coversUsdPerHour": use.covers,
            }
            for use in bill.uses
        ],
        "nodes": [{"name": name, "effectiveUsdPerHour": price} for name, price in sorted(bill.nodes.items())],
    }


def _now_lines(world: World, found: Bill, now: float) -> list[Line]:
    lines, kept = with_commitments(bill_lines(world, found, now), world), averages_line(world, now)
    return [*lines, kept] if kept is not None else lines


def _boxes(world: World, found: Bill, moves: Sequence[MoveRow], savings: Sequence[OpenRow], now: float) -> list[Export]:
    return [
        Export("Now", (), (), tuple(plain(line) for line in _now_lines(world, found, now))),
        Export(
            "Paid in advance", ("COMMITMENT", "WHAT", "USED", "$/h", "COVERS $/h", "ENDS"),
            tuple(commitment_rows(world, now)),
        ),
        Export("By pool", ("POOL", "NODES", "$/h", "$/mo", "SPOT", "NOT ASKED FOR"), tuple(
            (row.key or "(no pool)", f"{row.nodes:,}", amount(row.hourly), monthly(row.hourly)[1:-3],
             percent(row.spot), percent(row.waste))
            for row in found.pools
        )),
        Export("By namespace, by what its pods ask for", ("NAMESPACE", "$/h", "$/mo", "SHARE"), tuple(
            (row.key, amount(row.hourly), monthly(row.hourly)[1:-3], percent(row.share)) for row in found.namespaces
        )),
        Export("Moves, said and real", ("TIME", "DECISION", "SAID", "REAL", "PODS", "MOVE"), tuple(
            (row.at, row.key, signed_hourly(row.said), "-" if row.real is None else signed_hourly(row.real),
             f"{row.pods}", row.text)
            for row in moves
        )),
        Export("Savings nobody has taken", ("$/h", "HELD BY", "WHY"), tuple(
            (amount(row.hourly), row.owner or "nobody", row.why) for row in savings
        )),
    ]  # fmt: skip
