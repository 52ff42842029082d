"""How many nodes of a NodePool may be taken away now, in a few words (spec/lifecycle.md 3.5)."""

from datetime import UTC, datetime

from karptui.engine.disruption.budgets import REASONS, UNLIMITED, Fleet, allowed, next_opening
from karptui.model.metadata import is_true
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodePool
from karptui.views.kept.keys import Keys
from karptui.world.world import World

_LOOKED_AHEAD = 7 * 86400.0


class KeptFleets:
    """By NodePool the nodes that its budgets count, from NodeClaims as they stand: all, and those that are going.

    Only NodeClaims that changed, or whose node did, are counted anew.
    """

    def __init__(self) -> None:
        self.claims = Keys()
        self._counted: dict[str, tuple[str, str, bool]] = {}
        self._of_node: dict[str, str] = {}
        self._sums: dict[str, list[int]] = {}

    def node_changed(self, name: str) -> None:
        """Its NodeClaim is to be looked at again."""
        if (claim := self._of_node.get(name)) is not None:
            self.claims.add(claim)

    def read(self, world: World) -> dict[str, Fleet]:
        """By NodePool; one without such nodes is left out."""
        if self.claims:
            held = world.of("nodeclaims")
            for key in self.claims.taken(held, self._counted):
                self._look(world, key, held.get(key))
        return {pool: Fleet(*count) for pool, count in self._sums.items() if count[0]}

    def _look(self, world: World, key: str, claim: NodeClaim | None) -> None:
        if (before := self._counted.pop(key, None)) is not None:
            pool, name, busy = before
            self._sums[pool][0] -= 1
            self._sums[pool][1] -= busy
            if self._of_node.get(name) == key:
                del self._of_node[name]
        if claim is None or not is_true(claim.conditions, "Initialized"):
            return
        if is_true(claim.conditions, "InstanceTerminating"):
            return
        node = world.of("nodes").get(claim.node_name)
        busy = claim.metadata.deleted is not None or node is None or not is_true(node.conditions, "Ready")
        self._counted[key] = claim.node_pool, claim.node_name, busy
        self._of_node[claim.node_name] = key
        count = self._sums.setdefault(claim.node_pool, [0, 0])
        count[0] += 1
        count[1] += busy


def budget_text(pool: NodePool, fleet: Fleet, now: float) -> str:
    """`2 free`, `2, 1 going`, `0, 1 going`, `0 until 18:00`, `2 empty only`; `-` where no node could go."""
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
        free = min(most, fleet.total - fleet.busy)
        return f"{free}, {fleet.busy} going" if fleet.busy else f"{free} free"
    if fleet.busy:
        return f"0, {fleet.busy} going"
    opens = next_opening(pool, REASONS[0], fleet, now, _LOOKED_AHEAD)
    if opens is None:
        return "0 ever"
    at = datetime.fromtimestamp(opens, UTC)
    return f"0 until {at:%H:%M}" if opens - now < 86400 else f"0 until {at:%a %H:%M}"
