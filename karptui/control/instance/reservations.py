"""Nodes in capacity reservations that end: drained before a block is reclaimed, and on demand where one is over
(spec/aws.md 1.8, 3.9)."""

from collections.abc import Iterable

from karptui.cloud.provider import NotFound
from karptui.control.hands import Hands
from karptui.model.labels import (
    CAPACITY_RESERVATION_ID,
    CAPACITY_RESERVATION_INTERRUPTIBLE,
    CAPACITY_RESERVATION_TYPE,
    CAPACITY_TYPE,
    ON_DEMAND,
    RESERVED,
)
from karptui.model.node import NodeClaim
from karptui.world import events

LOOK_SECONDS = 60.0
OVER: dict[str, str | None] = {
    CAPACITY_TYPE: ON_DEMAND,
    CAPACITY_RESERVATION_ID: None,
    CAPACITY_RESERVATION_TYPE: None,
    CAPACITY_RESERVATION_INTERRUPTIBLE: None,
}


class CapacityReservations:
    """NodeClaims that were launched into one."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._looked: dict[str, float] = {}

    def due(self) -> Iterable[str]:
        """Those whose reservation ends, and every one once a minute."""
        now = self._hands.now()
        reserved = {
            key: claim
            for key, claim in self._hands.world.of("nodeclaims").items()
            if claim.capacity_type == RESERVED and claim.provider_id and claim.metadata.deleted is None
        }
        self._looked = {key: at for key, at in self._looked.items() if key in reserved}
        ending = self._ending() if reserved else ()
        for key, claim in reserved.items():
            if _reservation(claim) in ending or now - self._looked.get(key, 0.0) >= LOOK_SECONDS:
                yield key

    async def reconcile(self, key: str) -> None:
        """Delete it while there is time to drain; or look whether its instance is still in the reservation."""
        claim: NodeClaim | None = self._hands.world.of("nodeclaims").get(key)
        if claim is None:
            return
        if _reservation(claim) in self._ending():
            words = f"the capacity block {_reservation(claim)} ends soon: NodeClaim {key} is deleted"
            self._hands.sink(events.Problem(self._hands.now(), f"reservation of {key}", words))
            await self._hands.kube.delete("nodeclaims", key, uid=claim.metadata.uid)
            return
        try:
            instance = await self._hands.provider.get(claim.provider_id)
        except NotFound:
            self._looked[key] = self._hands.now()  # the collector takes the NodeClaim away
            return
        if instance.capacity_type != RESERVED:
            if claim.node_name in self._hands.world.of("nodes"):
                await self._hands.kube.patch("nodes", claim.node_name, {"metadata": {"labels": OVER}})
            metadata = {"labels": OVER, "resourceVersion": claim.metadata.resource_version}
            await self._hands.kube.patch("nodeclaims", key, {"metadata": metadata})
        self._looked[key] = self._hands.now()

    def _ending(self) -> set[str]:
        """Ids of capacity blocks that EC2 will reclaim soon."""
        listed = (
            entry
            for node_class in self._hands.world.of("nodeclasses").values()
            for entry in node_class.status.get("capacityReservations") or ()
        )
        return {str(entry.get("id")) for entry in listed if entry.get("state") == "expiring"}


def _reservation(claim: NodeClaim) -> str:
    return claim.metadata.labels.get(CAPACITY_RESERVATION_ID, "")
