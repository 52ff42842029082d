"""The budget calendar: how many nodes of each NodePool may go now and later, and which budget says so."""

from msgspec import Struct

from karptui.engine.disruption.budgets import (
    NO_FLEET,
    REASONS,
    UNLIMITED,
    Allowance,
    Fleet,
    allowance,
    changes,
    fleets,
    next_closing,
    next_opening,
)
from karptui.engine.provisioning.state_nodes import state_nodes
from karptui.model.nodepool import Budget, NodePool
from karptui.model.snapshot import Snapshot
from karptui.views.wording import duration

AHEAD = 400 * 86400.0
"""Seconds within which the next opening or closing is looked for: a little more than the yearly schedules need."""


class Entry(Struct, frozen=True):
    """From `at` (epoch seconds) on `allowed` nodes may go (None: any number); `binds` is the budget that says so."""

    at: float
    allowed: int | None
    binds: str


class ReasonBudget(Struct, frozen=True):
    """One reason, Empty, Drifted or Underutilized. `opens` is set while nothing may go, `closes` while something may;
    None: no schedule changes that. `calendar` begins now."""

    reason: str
    allowed: int | None
    binds: str
    opens: float | None
    closes: float | None
    calendar: list[Entry]


class PoolBudgets(Struct, frozen=True):
    """A NodePool with `nodes` that budgets count, of which `busy` are on their way out or not ready."""

    pool: str
    nodes: int
    busy: int
    reasons: list[ReasonBudget]


class BudgetCalendar(Struct, frozen=True):
    """All NodePools by name, from `now` to `until` (epoch seconds)."""

    now: float
    until: float
    pools: list[PoolBudgets]


def budget_calendar(snapshot: Snapshot, ahead: float) -> BudgetCalendar:
    """What budgets allow within the next `ahead` seconds, if no node comes or goes."""
    counted = fleets(state_nodes(snapshot))
    now, until = snapshot.now, snapshot.now + ahead
    pools = [
        _pool(snapshot.node_pools[key], counted.get(key, NO_FLEET), now, until) for key in sorted(snapshot.node_pools)
    ]
    return BudgetCalendar(now, until, pools)


def _pool(pool: NodePool, fleet: Fleet, now: float, until: float) -> PoolBudgets:
    reasons: list[ReasonBudget] = []
    for reason in REASONS:
        found = allowance(pool, fleet, reason, now)
        reasons.append(
            ReasonBudget(
                reason=reason,
                allowed=_count(found),
                binds=binds(found, fleet),
                opens=None if found.count else next_opening(pool, reason, fleet, now, AHEAD),
                closes=next_closing(pool, reason, fleet, now, AHEAD) if found.count else None,
                calendar=[
                    Entry(at, _count(later), binds(later, fleet))
                    for at, later in changes(pool, reason, fleet, now, until)
                ],
            )
        )
    return PoolBudgets(pool.key, fleet.total, fleet.busy, reasons)


def _count(found: Allowance) -> int | None:
    return None if found.limit == UNLIMITED else found.count


def binds(found: Allowance, fleet: Fleet) -> str:
    """`10% of 20 nodes is 2, less 1 on its way` or `0 (0 9 * * mon-fri for 8h00m)`; what is wrong with a bad one."""
    if found.budget is None:
        return "no budget limits it"
    if found.fault:
        return f"a budget that cannot be read closes the pool: {found.fault}"
    text = found.budget.nodes
    if text.endswith("%"):
        text = f"{text} of {fleet.total} nodes is {found.limit}"
    if fleet.busy and found.limit:
        text += f", less {fleet.busy} not ready or on {'its' if fleet.busy == 1 else 'their'} way out"
    return f"{text}{_when(found.budget)}"


def _when(budget: Budget) -> str:
    return "" if budget.schedule is None else f" ({budget.schedule} for {duration(budget.duration or 0.0)}, UTC)"
