"""The budget calendar as text and as JSON."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from karptui.report.status import columns
from karptui.views.lists.budgets import BudgetCalendar, PoolBudgets, ReasonBudget
from karptui.views.wording import duration, plural


def budgets_json(shown: BudgetCalendar) -> str:
    """One JSON object, indented. Times are RFC 3339 in UTC; `allowed` null: any number."""
    found: dict[str, Any] = {
        "now": _stamp(shown.now),
        "until": _stamp(shown.until),
        "pools": [
            {
                "pool": pool.pool,
                "nodes": pool.nodes,
                "busy": pool.busy,
                "reasons": [_reason(reason) for reason in pool.reasons],
            }
            for pool in shown.pools
        ],
    }
    return msgspec.json.format(msgspec.json.encode(found)).decode()


def _reason(entry: ReasonBudget) -> dict[str, Any]:
    return {
        "reason": entry.reason,
        "allowed": entry.allowed,
        "binds": entry.binds,
        "opens": None if entry.opens is None else _stamp(entry.opens),
        "closes": None if entry.closes is None else _stamp(entry.closes),
        "calendar": [{"at": _stamp(row.at), "allowed": row.allowed, "binds": row.binds} for row in entry.calendar],
    }


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def budgets_text(shown: BudgetCalendar) -> str:
    """Pool by pool: what may go now, what binds, when that opens or closes, and the calendar."""
    if not shown.pools:
        return "there is no NodePool, so there are no budgets"
    return "\n\n".join(_pool(pool, shown) for pool in shown.pools)


def _pool(pool: PoolBudgets, shown: BudgetCalendar) -> str:
    busy = f", {pool.busy} not ready or on the way out" if pool.busy else ""
    lines = [f"{pool.pool}: {plural(pool.nodes, 'node')}{busy}"]
    lines += columns(
        [[row.reason, f"{_amount(row.allowed)} now", row.binds, _turn(row, shown.now)] for row in pool.reasons]
    )
    calendar = _calendar(pool)
    if calendar:
        lines += [
            f"  in the next {duration(shown.until - shown.now)}, UTC:",
            *(f"  {line}" for line in columns(calendar)),
        ]
    return "\n".join(lines)


def _amount(allowed: int | None) -> str:
    return "any" if allowed is None else str(allowed)


def _turn(row: ReasonBudget, now: float) -> str:
    if row.opens is not None:
        return f"opens in {duration(row.opens - now)}, {_moment(row.opens)}"
    if row.closes is not None:
        return f"closes in {duration(row.closes - now)}, {_moment(row.closes)}"
    return "stays closed" if row.allowed == 0 else ""


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%a %d %b %H:%M")


def _calendar(pool: PoolBudgets) -> list[list[str]]:
    """Changes after now, those of several reasons at one time in one line."""
    found: dict[tuple[float, str, str], list[str]] = {}
    for row in pool.reasons:
        for entry in row.calendar[1:]:
            found.setdefault((entry.at, _amount(entry.allowed), entry.binds), []).append(row.reason)
    return [
        [_moment(at), "any reason" if len(reasons) == len(pool.reasons) else ", ".join(reasons), amount, binds]
        for (at, amount, binds), reasons in sorted(found.items(), key=lambda item: item[0][0])
    ]
