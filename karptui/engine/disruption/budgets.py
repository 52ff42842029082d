"""Disruption budgets: how many nodes of a NodePool may go, now and later (spec/lifecycle.md 3.5)."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from karptui.engine.disruption.cron import CronError, Schedule, parse_schedule
from karptui.engine.provisioning.state_nodes import StateNode
from karptui.model.metadata import is_true
from karptui.model.nodepool import Budget, NodePool

UNLIMITED = 2**31 - 1
EMPTY, DRIFTED, UNDERUTILIZED = "Empty", "Drifted", "Underutilized"
REASONS = (EMPTY, DRIFTED, UNDERUTILIZED)

_AMOUNT = re.compile(r"[+-]?[0-9]+")
_MOST_CHANGES = 2000


class Fleet(Struct, frozen=True, gc=False):
    """The nodes of one pool that budgets count: all of them, and those that are on their way out or not ready."""

    total: int = 0
    busy: int = 0


NO_FLEET = Fleet()


def fleets(nodes: Iterable[StateNode]) -> dict[str, Fleet]:
    """By NodePool."""
    counted: dict[str, list[int]] = {}
    for state in nodes:
        claim = state.claim
        if claim is None or not state.initialized or is_true(claim.conditions, "InstanceTerminating"):
            continue
        count = counted.setdefault(state.node_pool, [0, 0])
        count[0] += 1
        ready = state.node is not None and is_true(state.node.conditions, "Ready")
        count[1] += state.deleting or not ready
    return {pool: Fleet(*count) for pool, count in counted.items()}


class Allowance(Struct, frozen=True, gc=False):
    """How many nodes may go; `budget` is the one that says so, None where none limits.

    `fault` is what is wrong with a budget that cannot be read, which closes the pool. `limit` is before the nodes that
    are on their way already are taken off.
    """

    count: int
    limit: int = UNLIMITED
    budget: Budget | None = None
    fault: str = ""


def allowance(pool: NodePool, fleet: Fleet, reason: str, now: float) -> Allowance:
    """What budgets say of a pool's nodes at `now` for a reason."""
    least, binding = UNLIMITED, None
    for budget in pool.budgets:
        try:
            amount = _amount(budget.nodes, fleet.total) if is_active(budget, now) else UNLIMITED
        except ValueError as error:
            return Allowance(0, 0, budget, str(error))
        if amount < least and (budget.reasons is None or reason in budget.reasons):
            least, binding = amount, budget
    return Allowance(max(least - fleet.busy, 0), least, binding)


def allowed(pool: NodePool, fleet: Fleet, reason: str, now: float) -> int:
    """How many of a pool's nodes may go at `now` for a reason. A budget that cannot be read closes the pool."""
    return allowance(pool, fleet, reason, now).count


def allowances(pools: Iterable[NodePool], counted: dict[str, Fleet], now: float) -> dict[str, dict[str, int]]:
    """How many may go, by pool and reason."""
    return {
        pool.key: {reason: allowed(pool, counted.get(pool.key, NO_FLEET), reason, now) for reason in REASONS}
        for pool in pools
    }


def is_active(budget: Budget, now: float) -> bool:
    """Whether a budget holds at `now`: within [hit, hit + duration) of its schedule. Raises CronError."""
    if budget.schedule is None and budget.duration is None:
        return True
    following = _schedule(budget).following(now - (budget.duration or 0.0))
    # A schedule without any hit reads as always active, as Karpenter takes Go's zero time for one.
    return following is None or following <= now


def changes(pool: NodePool, reason: str, fleet: Fleet, now: float, until: float) -> Iterator[tuple[float, Allowance]]:
    """What may go from when on, from `now` to `until`: one for every time that the amount changes."""
    known = allowance(pool, fleet, reason, now)
    yield now, known
    for moment in _moments(pool.budgets, now, until):
        found = allowance(pool, fleet, reason, moment)
        if found.count != known.count:
            known = found
            yield moment, found


def next_change(budgets: Sequence[Budget], now: float) -> float | None:
    """When the first schedule begins or ends after `now`; None if none ever does."""
    found: float | None = None
    for schedule, duration in _schedules(budgets):
        begun = schedule.following(now - duration)
        for moment in (schedule.following(now), begun + duration if begun is not None else None):
            if moment is not None and moment > now and (found is None or moment < found):
                found = moment
    return found


def next_opening(pool: NodePool, reason: str, fleet: Fleet, now: float, within: float = 400 * 86400) -> float | None:
    """When at least one node may go: `now`, a later time, or None if that is not for its schedules to say."""
    return next((moment for moment, found in changes(pool, reason, fleet, now, now + within) if found.count > 0), None)


def next_closing(pool: NodePool, reason: str, fleet: Fleet, now: float, within: float = 400 * 86400) -> float | None:
    """When no node may go any more: `now`, a later time, or None if that is not for its schedules to say."""
    return next((moment for moment, found in changes(pool, reason, fleet, now, now + within) if not found.count), None)


def _moments(budgets: Sequence[Budget], now: float, until: float) -> list[float]:
    """When any schedule begins or ends; no more than the first few thousand."""
    found: set[float] = set()
    for schedule, duration in _schedules(budgets):
        moment = schedule.following(now - duration)
        for _ in range(_MOST_CHANGES):
            if moment is None or moment > until:
                break
            found.update(at for at in (moment, moment + duration) if now < at <= until)
            moment = schedule.following(moment)
    return sorted(found)


def _schedules(budgets: Sequence[Budget]) -> Iterator[tuple[Schedule, float]]:
    """The schedules that can be read, and how long each lasts, in seconds."""
    for budget in budgets:
        if budget.schedule is None:
            continue
        try:
            yield _schedule(budget), budget.duration or 0.0
        except CronError:
            continue


def _schedule(budget: Budget) -> Schedule:
    return parse_schedule(budget.schedule or "")


def _amount(nodes: str, total: int) -> int:
    if nodes.endswith("%") and _AMOUNT.fullmatch(nodes[:-1]):
        return math.ceil(int(nodes[:-1]) * total / 100)
    if not _AMOUNT.fullmatch(nodes):
        raise ValueError(f"{nodes} is no number of nodes")
    return int(nodes)
