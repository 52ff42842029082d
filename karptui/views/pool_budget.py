"""How many nodes of a NodePool may be taken away now, in a few words (spec/lifecycle.md 3.5)."""

from datetime import UTC, datetime

from karptui.engine.disruption.budgets import REASONS, UNLIMITED, Fleet, allowed, next_opening
from karptui.model.metadata import is_true
from karptui.model.nodepool import NodePool
from karptui.world.world import World

_LOOKED_AHEAD = 7 * 86400.0


def fleets_of(world: World) -> dict[str, Fleet]:
    """By NodePool the nodes that its budgets count, from NodeClaims as they stand: all, and those that are going."""
    nodes, counted = world.of("nodes"), dict[str, list[int]]()
    for claim in world.of("nodeclaims").values():
        if not is_true(claim.conditions, "Initialized") or is_true(claim.conditions, "InstanceTerminating"):
            continue
        node = nodes.get(claim.node_name)
        count = counted.setdefault(claim.node_pool, [0, 0])
        count[0] += 1
        count[1] += claim.metadata.deleted is not None or node is None or not is_true(node.conditions, "Ready")
    return {pool: Fleet(*count) for pool, count in counted.items()}


def budget_text(pool: NodePool, fleet: Fleet, now: float) -> str:
    """`2 free`, `1 of 3 used`, `0, 1 going`, `0 until 18:00`, `2 empty only`; `-` where no node could go."""
    if pool.replicas is not None:
        return "static"
    if not fleet.total:
        return "-"
    amounts = {reason: allowed(pool, fleet, reason, now) for reason in REASONS}
    most, least = max(amounts.values()), min(amounts.values())
    if least >= UNLIMITED - fleet.busy:
        return "no limit"
    if most != least:
        reasons = [reason.lower() for reason, amount in amounts.items() if amount == most]
        return f"{min(most, fleet.total)} {' '.join(reasons)} only" if not least else f"{least} to {most} free"
    if most:
        return f"{fleet.busy} of {fleet.busy + most} used" if fleet.busy else f"{min(most, fleet.total)} free"
    if fleet.busy:
        return f"0, {fleet.busy} going"
    opens = next_opening(pool, REASONS[0], fleet, now, _LOOKED_AHEAD)
    if opens is None:
        return "0 ever"
    at = datetime.fromtimestamp(opens, UTC)
    return f"0 until {at:%H:%M}" if opens - now < 86400 else f"0 until {at:%a %H:%M}"
