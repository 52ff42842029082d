"""Launched claims to registered, registered to initialized (spec/lifecycle.md 1.4, 1.5)."""

from collections.abc import Iterable
from typing import Any

from karptui.control.hands import Hands
from karptui.control.registration_health import RegistrationHealth
from karptui.model.labels import DO_NOT_SYNC_TAINTS, INITIALIZED, REGISTERED, TERMINATION_FINALIZER, UNREGISTERED
from karptui.model.metadata import condition, is_true
from karptui.model.node import Node, NodeClaim
from karptui.model.taints import Taint, is_ephemeral


class Registration:
    """Claims whose instance runs and whose node is to be taken over."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands, health: RegistrationHealth) -> None:
        self._hands = hands
        self._health = health

    def due(self) -> Iterable[str]:
        """Launched, not registered, not going, and the node is there."""
        world = self._hands.world
        for key, claim in world.of("nodeclaims").items():
            waits = is_true(claim.conditions, "Launched") and not is_true(claim.conditions, "Registered")
            if waits and claim.metadata.deleted is None and claim.provider_id in world.node_of_provider_id:
                yield key

    async def reconcile(self, key: str) -> None:
        """Write onto the node what the claim says of it, take the unregistered taint away, mark both."""
        world = self._hands.world
        claim: NodeClaim | None = world.of("nodeclaims").get(key)
        node = world.of("nodes").get(world.node_of_provider_id.get(claim.provider_id, "")) if claim else None
        if claim is None or node is None:
            return
        await self._hands.kube.patch("nodes", node.key, self._synced(claim, node))
        await self._hands.set_claim_condition(claim, "Registered", "True", nodeName=node.key)
        self._health.succeeded(claim)

    def _synced(self, claim: NodeClaim, node: Node) -> dict[str, Any]:
        taints = [taint for taint in node.taints if taint.key != UNREGISTERED]
        if claim.metadata.labels.get(DO_NOT_SYNC_TAINTS) != "true":
            there = {(taint.key, taint.effect) for taint in taints}
            wanted = (*claim.taints, *claim.startup_taints)
            taints += [taint for taint in wanted if (taint.key, taint.effect) not in there]
        owner = {
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodeClaim",
            "name": claim.key,
            "uid": claim.metadata.uid,
            "blockOwnerDeletion": True,
        }
        return {
            "metadata": {
                "labels": {**claim.metadata.labels, REGISTERED: "true"},
                "annotations": claim.metadata.annotations,
                "finalizers": sorted({*node.metadata.finalizers, TERMINATION_FINALIZER}),
                "ownerReferences": [owner],
                # A taint written meanwhile must not be lost: the list is replaced as a whole.
                "resourceVersion": node.metadata.resource_version,
            },
            "spec": {"taints": [written_taint(taint) for taint in taints]},
        }


class Initialization:
    """Registered claims whose node is not usable yet."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def due(self) -> Iterable[str]:
        """Registered, not initialized, not going, and either ready to be or waiting for a reason not yet written."""
        for key, claim in self._hands.world.of("nodeclaims").items():
            if claim.metadata.deleted is not None or is_true(claim.conditions, "Initialized"):
                continue
            if not is_true(claim.conditions, "Registered"):
                continue
            current = condition(claim.conditions, "Initialized")
            if current is None or current.reason != self._obstacle(claim):
                yield key

    async def reconcile(self, key: str) -> None:
        """Mark node and claim, or write down what is waited for."""
        claim: NodeClaim | None = self._hands.world.of("nodeclaims").get(key)
        if claim is None:
            return
        obstacle = self._obstacle(claim)
        if obstacle:
            await self._hands.set_claim_condition(claim, "Initialized", "Unknown", obstacle)
            return
        await self._hands.kube.patch("nodes", claim.node_name, {"metadata": {"labels": {INITIALIZED: "true"}}})
        await self._hands.set_claim_condition(claim, "Initialized", "True")

    def _obstacle(self, claim: NodeClaim) -> str:
        """The first of the checks that fails, in Karpenter's order, or ""."""
        node: Node | None = self._hands.world.of("nodes").get(claim.node_name)
        if node is None:
            return "NodeNotFound"
        if not is_true(node.conditions, "Ready"):
            return "NodeNotReady"
        there = {(taint.key, taint.effect) for taint in node.taints}
        if any((taint.key, taint.effect) in there for taint in claim.startup_taints):
            return "StartupTaintsExist"
        if any(is_ephemeral(taint) for taint in node.taints):
            return "KnownEphemeralTaintsExist"
        if any(amount and not node.allocatable.get(name) for name, amount in claim.requests.items()):
            return "ResourceNotRegistered"
        return ""


def written_taint(taint: Taint) -> dict[str, str]:
    """A taint as the API has it."""
    found = {"key": taint.key, "effect": taint.effect}
    return found | {"value": taint.value} if taint.value else found
