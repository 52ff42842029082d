"""The Consolidatable condition: a node that pods have left alone for consolidateAfter (spec/lifecycle.md 3.6)."""

from collections.abc import Iterable

from karptui.control.hands import Hands
from karptui.model.metadata import condition, is_true
from karptui.model.node import NodeClaim


class Consolidatable:
    """Sets and clears the condition on every initialized NodeClaim of a dynamic pool."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def due(self) -> Iterable[str]:
        """Claims whose condition does not say what is so now."""
        for key, claim in self._hands.world.of("nodeclaims").items():
            if claim.metadata.deleted is None and self._wanted(claim) != is_true(claim.conditions, "Consolidatable"):
                yield key

    async def reconcile(self, key: str) -> None:
        """Set or clear it."""
        claim: NodeClaim | None = self._hands.world.of("nodeclaims").get(key)
        if claim is None:
            return
        if self._wanted(claim):
            await self._hands.set_claim_condition(claim, "Consolidatable", "True")
        else:
            await self._hands.clear_claim_condition(claim, "Consolidatable")

    def _wanted(self, claim: NodeClaim) -> bool:
        pool = self._hands.world.of("nodepools").get(claim.node_pool)
        initialized = condition(claim.conditions, "Initialized")
        if pool is None or pool.replicas is not None or pool.consolidate_after is None:
            return False
        if initialized is None or initialized.status != "True":
            return False
        seen = max(self._hands.world.usage.last_change(claim.node_name), claim.last_pod_event or 0.0)
        last = seen or initialized.changed
        return pool.consolidate_after <= 0 or self._hands.now() - last >= pool.consolidate_after
