"""Launched claims to registered, registered to initialized (spec/lifecycle.md 1.4, 1.5)."""

from collections.abc import Iterable
from typing import Any

from karptui.control.hands import Hands
from karptui.control.nodeclaim.registration_health import RegistrationHealth
from karptui.control.taints import written_taint
from karptui.model.labels import DO_NOT_SYNC_TAINTS, INITIALIZED, REGISTERED, TERMINATION_FINALIZER, UNREGISTERED
from karptui.model.metadata import condition, is_true
from karptui.model.node import Node, NodeClaim
from karptui.model.taints import is_ephemeral

NOT_REGISTERED = "Node not registered with cluster"


class Registration:
    """Claims whose instance runs and whose node is to be taken over."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands, health: RegistrationHealth) -> None:
        self._hands = hands
        self._health = health

    def due(self) -> Iterable[str]:
        """Launched, not registered, not going, and the node is there, or it is not written yet that it is not."""
        for key, claim in self._hands.world.of("nodeclaims").items():
            waits = is_true(claim.conditions, "Launched") and claim.provider_id and claim.metadata.deleted is None
            current = condition(claim.conditions, "Registered")
            # Nobody looks again at a claim for which there were two nodes: its time runs out (spec/lifecycle.md 1.4).
            if not waits or (current is not None and current.status != "Unknown"):
                continue
            if self._node_of(claim) is not None or current is None or current.reason != "NodeNotFound":
                yield key

    async def reconcile(self, key: str) -> None:
        """Write onto the node what the claim says of it, take the unregistered taint away, mark both."""
        claim: NodeClaim | None = self._hands.world.of("nodeclaims").get(key)
        if claim is None:
            return
        node = self._node_of(claim)
        if node is None:
            await self._hands.set_claim_condition(claim, "Registered", "Unknown", "NodeNotFound", NOT_REGISTERED)
            return
        twins = [other.key for other in self._hands.world.of("nodes").values() if other.provider_id == node.provider_id]
        if len(twins) > 1:
            told = f"Invariant violated, matched multiple nodes: {', '.join(sorted(twins))}"
            await self._hands.set_claim_condition(claim, "Registered", "False", "MultipleNodesFound", told)
            return
        if REGISTERED not in node.metadata.labels and all(taint.key != UNREGISTERED for taint in node.taints):
            told = "Missing karpenter.sh/unregistered taint which prevents registration related race conditions"
            await self._hands.announce("NodeClaim", claim.metadata, "UnregisteredTaintMissing", told, warning=True)
        await self._hands.kube.patch("nodes", node.key, self._synced(claim, node))
        await self._hands.set_claim_condition(claim, "Registered", "True", nodeName=node.key)
        self._health.succeeded(claim)

    def _node_of(self, claim: NodeClaim) -> Node | None:
        world = self._hands.world
        return world.of("nodes").get(world.node_of_provider_id.get(claim.provider_id, ""))

    def _synced(self, claim: NodeClaim, node: Node) -> dict[str, Any]:
        taints = [taint for taint in node.taints if taint.key != UNREGISTERED]
        # A node that says so was told its taints when it booted: a startup taint that is off by now stays off.
        if node.metadata.labels.get(DO_NOT_SYNC_TAINTS) != "true":
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
