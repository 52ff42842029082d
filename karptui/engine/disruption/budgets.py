"""Disruption budgets (spec/lifecycle.md 3.5)."""

import math

from karptui.model.metadata import is_true
from karptui.model.nodepool import NodePool
from karptui.model.snapshot import Snapshot

UNLIMITED = 2**31 - 1


def allowed(snapshot: Snapshot, pool: NodePool, reason: str) -> int:
    """How many of a pool's nodes may go now for `reason`; a budget with a schedule counts as closed."""
    total, busy = _fleet(snapshot, pool)
    least = UNLIMITED
    for budget in pool.budgets:
        if budget.reasons is not None and reason not in budget.reasons:
            continue
        least = min(least, 0 if budget.schedule is not None else _amount(budget.nodes, total))
    return max(least - busy, 0)


def has_schedules(snapshot: Snapshot) -> bool:
    """Whether any pool has a budget that opens and closes by the clock, which is not weighed yet."""
    return any(budget.schedule is not None for pool in snapshot.node_pools.values() for budget in pool.budgets)


def _amount(nodes: str, total: int) -> int:
    if nodes.endswith("%"):
        return math.ceil(total * int(nodes[:-1]) / 100)
    return int(nodes)


def _fleet(snapshot: Snapshot, pool: NodePool) -> tuple[int, int]:
    total = busy = 0
    by_provider_id = {node.provider_id: node for node in snapshot.nodes.values() if node.provider_id}
    for claim in snapshot.node_claims.values():
        node = by_provider_id.get(claim.provider_id)
        if claim.node_pool != pool.key or node is None or not is_true(claim.conditions, "Initialized"):
            continue
        if is_true(claim.conditions, "InstanceTerminating"):
            continue
        total += 1
        going = claim.metadata.deleted is not None or node.key in snapshot.marked_for_deletion
        if going or not is_true(node.conditions, "Ready"):
            busy += 1
    return total, busy
