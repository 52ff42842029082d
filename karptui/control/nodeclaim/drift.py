"""The Drifted condition: a node is no longer as its NodePool or NodeClass would have it (spec/lifecycle.md 4.2)."""

from collections.abc import Iterable

from karptui.cloud.provider import NotFound
from karptui.control.hands import Hands
from karptui.engine.disruption.drift_reasons import drift_reason
from karptui.model.metadata import condition, is_true
from karptui.model.node import NodeClaim
from karptui.model.snapshot import Snapshot

LOOK_AGAIN_SECONDS = 300.0
SWEEP_SECONDS = 1.0  # of the cluster's clock: how soon a change is seen

Standing = tuple[object, ...]


class Drift:
    """Sets and clears the condition; what it was decided from is remembered, so that nothing is asked twice."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._looked: dict[str, tuple[Standing, float]] = {}
        self._swept = 0.0

    def due(self) -> Iterable[str]:
        """NodeClaims of which something changed that drift depends on, and every one again after five minutes."""
        now, claims = self._hands.now(), self._hands.world.of("nodeclaims")
        if now - self._swept < SWEEP_SECONDS:
            return
        self._swept = now
        self._looked = {key: looked for key, looked in self._looked.items() if key in claims}
        for key, claim in claims.items():
            standing, at = self._looked.get(key, ((), 0.0))
            if claim.metadata.deleted is None and (standing != self._standing(claim) or now - at > LOOK_AGAIN_SECONDS):
                yield key

    async def reconcile(self, key: str) -> None:
        """Look, and write what is so now."""
        world = self._hands.world
        claim: NodeClaim | None = world.of("nodeclaims").get(key)
        if claim is None:
            return
        standing, now = self._standing(claim), self._hands.now()
        reason = await self._reason(claim)
        current = condition(claim.conditions, "Drifted")
        if reason and (current is None or current.status != "True" or current.reason != reason):
            await self._hands.set_claim_condition(claim, "Drifted", "True", reason, reason)
        elif reason == "" and current is not None:
            await self._hands.clear_claim_condition(claim, "Drifted")
        self._looked[key] = (standing, now)

    async def _reason(self, claim: NodeClaim) -> str | None:
        """Why it drifted, "" if it did not, None if that cannot be said."""
        if not is_true(claim.conditions, "Launched"):
            return ""
        world = self._hands.world
        pool = world.of("nodepools").get(claim.node_pool)
        if pool is None:
            return None
        known = Snapshot(world.number, self._hands.now(), world.options, world.catalogue)
        if found := drift_reason(claim, pool, known):
            return found
        node_class = world.of("nodeclasses").get(claim.node_class.key)
        if node_class is None or not is_true(node_class.conditions, "Ready"):
            return None
        try:
            return await self._hands.provider.is_drifted(claim, node_class)
        except NotFound:
            return None

    def _standing(self, claim: NodeClaim) -> Standing:
        """What drift is decided from; equal as long as another look would find the same."""
        world = self._hands.world
        pool = world.of("nodepools").get(claim.node_pool)
        node_class = world.of("nodeclasses").get(claim.node_class.key)
        return (
            claim.metadata.uid,
            is_true(claim.conditions, "Launched"),
            claim.metadata.annotations,
            claim.metadata.labels,
            pool and (pool.metadata.generation, pool.metadata.annotations),
            node_class and (node_class.metadata.generation, node_class.metadata.annotations, node_class.status),
        )
