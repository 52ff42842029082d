"""When a pod last came to a node or left it, as status.lastPodEventTime of its NodeClaim (spec/lifecycle.md 3.6)."""

from collections.abc import Iterable

from karptui.control.hands import Hands
from karptui.kube.timestamps import rfc3339
from karptui.model.node import NodeClaim

GRAIN_SECONDS = 10.0
"""What happens so soon after what was written last is not written."""


class PodEvents:
    """Writes it: consolidation counts from there, the engine's and that of a Karpenter that comes back."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def due(self) -> Iterable[str]:
        """Claims on whose node something happened since."""
        for key, claim in self._hands.world.of("nodeclaims").items():
            if claim.node_name and claim.metadata.deleted is None and self._news(claim):
                yield key

    async def reconcile(self, key: str) -> None:
        """Write it; refused if the claim changed meanwhile."""
        claim: NodeClaim | None = self._hands.world.of("nodeclaims").get(key)
        if claim is not None and (at := self._news(claim)):
            await self._hands.set_claim_conditions(claim, (), lastPodEventTime=rfc3339(at))

    def _news(self, claim: NodeClaim) -> float:
        """When something happened that is not written yet; 0.0: nothing did."""
        at = self._hands.world.usage.last_change(claim.node_name)
        return at if at and (claim.last_pod_event is None or at - claim.last_pod_event >= GRAIN_SECONDS) else 0.0
