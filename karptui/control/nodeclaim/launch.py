"""NodeClaims into instances (spec/lifecycle.md 1.3): one launch a claim, whatever happens in between."""

from collections.abc import Iterable

from msgspec.structs import replace

from karptui.cloud.provider import CloudError, CreateError, InsufficientCapacity, Launched, NodeClassNotReady
from karptui.control.conditions import Said
from karptui.control.hands import Hands
from karptui.control.instance.tagging import tagged_at_launch
from karptui.control.nodeclaim.overlays_at_launch import OverlaysAtLaunch
from karptui.control.nodeclaim.register import NOT_REGISTERED
from karptui.model.labels import TERMINATION_FINALIZER
from karptui.model.metadata import is_true
from karptui.model.node import NodeClaim
from karptui.model.resources import format_resources
from karptui.world import events
from karptui.world.remember import remember

MESSAGE_LIMIT = 300
NEW_SECONDS = 10.0
"""Age at which somebody else may have launched for a claim that we made: a Lease changes hands after 15 s at most."""

KEPT_TRIED = 10_000
"""Claims that somebody else deleted before their launch had an answer are among them."""


class Launch:
    """Claims that have no instance yet."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._tried: dict[str, bool] = {}  # by UID, until there is an answer
        self._overlays = OverlaysAtLaunch(hands)

    def due(self) -> Iterable[str]:
        """Claims not launched and not going."""
        for key, claim in self._hands.world.of("nodeclaims").items():
            if claim.metadata.deleted is None and not is_true(claim.conditions, "Launched"):
                yield key

    async def reconcile(self, key: str) -> None:
        """The finalizer first, so that no instance is launched that nobody would end; then the instance."""
        claim: NodeClaim | None = self._hands.world.of("nodeclaims").get(key)
        if claim is None:
            return
        if TERMINATION_FINALIZER not in claim.metadata.finalizers:
            finalizers = [*claim.metadata.finalizers, TERMINATION_FINALIZER]
            metadata = {"finalizers": finalizers, "resourceVersion": claim.metadata.resource_version}
            await self._hands.kube.patch("nodeclaims", key, {"metadata": metadata})
            return
        node_class = self._hands.world.of("nodeclasses").get(claim.node_class.key)
        try:
            if node_class is None:
                raise InsufficientCapacity(f"NodeClass {claim.node_class.name} does not exist")
            launched = await self._hands.provider.create(
                claim, node_class, new=self._is_new(claim), laid_over=self._overlays.of(claim.node_pool)
            )
        except (InsufficientCapacity, NodeClassNotReady) as error:
            await self._give_up(claim, error)
            return
        except CloudError as error:
            self._told(key, error=str(error))
            reason = error.reason if isinstance(error, CreateError) else "LaunchFailed"
            message = error.condition_message if isinstance(error, CreateError) else str(error)
            cut = f"{message[:MESSAGE_LIMIT]}..." if len(message) > MESSAGE_LIMIT else message
            await self._hands.set_claim_condition(claim, "Launched", "Unknown", reason, cut)
            raise
        price = self._hands.world.ledger.price(
            launched.instance_type, launched.zone, launched.capacity_type, claim.node_pool
        )
        cost = f" ${price:.4f}/h" if price is not None else ""
        what = f"{launched.instance_type} {launched.capacity_type} {launched.zone}{cost} {launched.instance_id}"
        self._told(key, detail=what)
        await self._write(claim, launched)
        self._tried.pop(claim.metadata.uid, None)

    def _is_new(self, claim: NodeClaim) -> bool:
        """Whether this run made it a moment ago and has not tried to launch for it yet; from now on it has."""
        uid, age = claim.metadata.uid, self._hands.now() - claim.metadata.created
        first = uid not in self._tried
        remember(self._tried, uid, True, KEPT_TRIED)
        return first and age < NEW_SECONDS and claim.key in self._hands.world.decision_of_claim

    async def _write(self, claim: NodeClaim, launched: Launched) -> None:
        # The claim's own labels win over the provider's, the provider's annotations over the claim's.
        metadata = {
            "labels": {**launched.labels, **claim.metadata.labels},
            "annotations": {**claim.metadata.annotations, **launched.annotations, **tagged_at_launch(claim, launched)},
        }
        await self._hands.kube.patch("nodeclaims", claim.key, {"metadata": metadata})
        world = self._hands.world
        said = [Said("Launched", "True")]
        if launched.provider_id not in world.node_of_provider_id:
            said.append(Said("Registered", "Unknown", "NodeNotFound", NOT_REGISTERED))
        await self._hands.set_claim_conditions(
            _unversioned(world.of("nodeclaims").get(claim.key, claim)),
            said,
            providerID=launched.provider_id,
            imageID=launched.image_id,
            capacity=format_resources(launched.capacity),
            allocatable=format_resources(launched.allocatable),
        )

    async def _give_up(self, claim: NodeClaim, error: Exception) -> None:
        self._told(claim.key, error=str(error))
        if isinstance(error, InsufficientCapacity):
            reason = "InsufficientCapacityError"
            await self._hands.kube.record_event(
                "NodeClaim", claim.metadata, reason, str(error), now=self._hands.now(), warning=True
            )
        await self._hands.kube.delete("nodeclaims", claim.key, uid=claim.metadata.uid)
        self._tried.pop(claim.metadata.uid, None)

    def _told(self, claim: str, detail: str = "", error: str = "") -> None:
        self._hands.sink(events.CloudCalled(self._hands.now(), "CreateFleet", claim, detail, error))


def _unversioned(claim: NodeClaim) -> NodeClaim:
    """The claim without its version: the launch has happened and must be written, whoever else wrote meanwhile."""
    return replace(claim, metadata=replace(claim.metadata, resource_version=""))
