"""NodeClaims that go: their node first, then the instance, then the claim itself (spec/lifecycle.md 2.1)."""

from collections.abc import Iterable

from karptui.cloud.provider import NotFound
from karptui.control.drain import drained
from karptui.control.hands import Hands
from karptui.model.labels import TERMINATION_FINALIZER
from karptui.model.metadata import is_true
from karptui.model.node import Node, NodeClaim
from karptui.world import events


class ClaimTermination:
    """NodeClaims with a deletionTimestamp that carry our finalizer."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._ending: set[str] = set()

    def due(self) -> Iterable[str]:
        """Every such claim, until its finalizer is gone."""
        for key, claim in self._hands.world.of("nodeclaims").items():
            if claim.metadata.deleted is not None and TERMINATION_FINALIZER in claim.metadata.finalizers:
                yield key

    async def reconcile(self, key: str) -> None:
        """One step: delete the node and wait for the drain, end the instance, let node and claim go."""
        world = self._hands.world
        claim: NodeClaim | None = world.of("nodeclaims").get(key)
        if claim is None:
            return
        node: Node | None = world.of("nodes").get(world.node_of_provider_id.get(claim.provider_id, ""))
        if is_true(claim.conditions, "Registered") and node is not None:
            if node.metadata.deleted is None:
                await self._hands.kube.delete("nodes", node.key)
                return
            if not drained(claim) and not self._vanished(node):
                return
        if claim.provider_id and not await self._ended(claim):
            return
        if node is not None and TERMINATION_FINALIZER in node.metadata.finalizers:
            await self._release("nodes", node)
        await self._release("nodeclaims", claim)

    def _vanished(self, node: Node) -> bool:
        # A node that is not ready and whose instance is gone is not drained: there is nobody left to stop its pods.
        return not is_true(node.conditions, "Ready") and node.provider_id in self._ending

    async def _ended(self, claim: NodeClaim) -> bool:
        """Ask for the end of the instance; True once the cloud does not know it any more."""
        first = claim.key not in self._ending
        try:
            await self._hands.provider.delete(claim.provider_id)
        except NotFound:
            self._ending.discard(claim.key)
            return True
        if first:
            self._ending.add(claim.key)
            instance = claim.provider_id.rpartition("/")[2]
            self._hands.sink(events.CloudCalled(self._hands.now(), "TerminateInstances", claim.key, instance))
        if not is_true(claim.conditions, "InstanceTerminating"):
            await self._hands.set_claim_condition(claim, "InstanceTerminating", "True")
        return False

    async def _release(self, resource: str, found: Node | NodeClaim) -> None:
        finalizers = [name for name in found.metadata.finalizers if name != TERMINATION_FINALIZER]
        await self._hands.kube.patch(resource, found.key, {"metadata": {"finalizers": finalizers}})
