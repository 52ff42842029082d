"""NodeClaims that go: their node first, then the instance, then the claim itself (spec/lifecycle.md 2.1)."""

from collections.abc import Iterable

from karptui.cloud.provider import NotFound
from karptui.control.hands import Hands
from karptui.control.node.drain import may_end
from karptui.kube.timestamps import rfc3339
from karptui.model.labels import TERMINATION_FINALIZER, TERMINATION_TIMESTAMP
from karptui.model.metadata import is_true
from karptui.model.node import Node, NodeClaim
from karptui.world import events

ASK_AGAIN_SECONDS = 5.0  # between two questions whether an instance is gone


class ClaimTermination:
    """NodeClaims with a deletionTimestamp that carry our finalizer."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._ending: dict[str, float] = {}

    def due(self) -> Iterable[str]:
        """Every such claim, until its finalizer is gone."""
        now = self._hands.now()
        for key, claim in self._hands.world.of("nodeclaims").items():
            goes = claim.metadata.deleted is not None and TERMINATION_FINALIZER in claim.metadata.finalizers
            if goes and now - self._ending.get(claim.metadata.uid, 0.0) >= ASK_AGAIN_SECONDS:
                yield key

    async def reconcile(self, key: str) -> None:
        """One step: set the deadline, delete the node and wait for the drain, end the instance, let all go."""
        world = self._hands.world
        claim: NodeClaim | None = world.of("nodeclaims").get(key)
        if claim is None or claim.metadata.deleted is None:
            return
        grace = claim.termination_grace_period
        if grace is not None and TERMINATION_TIMESTAMP not in claim.metadata.annotations:
            await self._set_deadline(claim, claim.metadata.deleted + grace)
            return
        node: Node | None = world.of("nodes").get(world.node_of_provider_id.get(claim.provider_id, ""))
        if is_true(claim.conditions, "Registered") and node is not None:
            if node.metadata.deleted is None:
                await self._hands.kube.delete("nodes", node.key, uid=node.metadata.uid)
                return
            if not may_end(claim):
                return
        if claim.provider_id and not await self._ended(claim):
            return
        if node is not None and TERMINATION_FINALIZER in node.metadata.finalizers:
            await self._release("nodes", node)
        await self._release("nodeclaims", claim)
        self._ending.pop(claim.metadata.uid, None)

    async def _set_deadline(self, claim: NodeClaim, at: float) -> None:
        metadata = {
            "annotations": {TERMINATION_TIMESTAMP: rfc3339(at)},
            "resourceVersion": claim.metadata.resource_version,
        }
        await self._hands.kube.patch("nodeclaims", claim.key, {"metadata": metadata})
        message = f"All pods will be deleted by {rfc3339(at)}"
        await self._hands.kube.record_event(
            "NodeClaim",
            claim.metadata,
            "TerminationGracePeriodExpiring",
            message,
            now=self._hands.now(),
            warning=True,
        )

    async def _ended(self, claim: NodeClaim) -> bool:
        """Ask for the end of the instance; True once the cloud does not know it any more."""
        first = claim.metadata.uid not in self._ending
        try:
            await self._hands.provider.delete(claim.provider_id)
        except NotFound:
            return True
        if first:
            instance = claim.provider_id.rpartition("/")[2]
            self._hands.sink(events.CloudCalled(self._hands.now(), "TerminateInstances", claim.key, instance))
        if not is_true(claim.conditions, "InstanceTerminating"):
            await self._hands.set_claim_condition(claim, "InstanceTerminating", "True")
        self._ending[claim.metadata.uid] = self._hands.now()
        return False

    async def _release(self, resource: str, found: Node | NodeClaim) -> None:
        finalizers = [name for name in found.metadata.finalizers if name != TERMINATION_FINALIZER]
        metadata = {"finalizers": finalizers, "resourceVersion": found.metadata.resource_version}
        await self._hands.kube.patch(resource, found.key, {"metadata": metadata})
