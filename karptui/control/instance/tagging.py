"""Instances that Karpenter launched get the tags that name their node and claim (spec/aws.md 3.10), as by itself."""

from collections.abc import Iterable

from karptui.cloud.provider import Launched, NotFound
from karptui.control.hands import Hands
from karptui.model.node import NodeClaim

KIND = "EC2NodeClass"
TAGGED = {
    "karpenter.k8s.aws/tagged": "true",
    "compatibility.karpenter.k8s.aws/cluster-name-tagged": "true",
}
"""Annotations of a NodeClaim whose instance has its tags: Karpenter then leaves it alone."""
PACE_SECONDS = 1.0
"""Between two instances: CreateTags shares its rate limit with launches."""


def tagged_at_launch(claim: NodeClaim, launched: Launched) -> dict[str, str]:
    """What a claim says whose instance carries its name from the launch on, as those of karptui do."""
    return TAGGED if claim.node_class.kind == KIND and launched.claim == claim.key else {}


class Tagging:
    """NodeClaims whose node is known and whose instance has not all its tags."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._last = float("-inf")

    def due(self) -> Iterable[str]:
        """Those that are not annotated as tagged and not going; none until the next may be tagged."""
        if self._hands.provider.node_class != KIND or not self._may():
            return
        for key, claim in self._hands.world.of("nodeclaims").items():
            if _lacks_tags(claim):
                yield key

    async def reconcile(self, key: str) -> None:
        """Tag, then annotate; one a second, and the others when they are due again."""
        world = self._hands.world
        claim: NodeClaim | None = world.of("nodeclaims").get(key)
        # Asked once more: for a claim without an instance create() would launch one.
        if claim is None or not _lacks_tags(claim) or not self._may():
            return
        node_class = world.of("nodeclasses").get(claim.node_class.key)
        if node_class is None:
            return
        self._last = self._hands.now()
        try:
            await self._hands.provider.create(claim, node_class)
        except NotFound:
            return  # the collector takes the NodeClaim away
        await self._hands.kube.patch("nodeclaims", key, {"metadata": {"annotations": TAGGED}})

    def _may(self) -> bool:
        return self._hands.now() - self._last >= PACE_SECONDS


def _lacks_tags(claim: NodeClaim) -> bool:
    there = claim.provider_id and claim.node_name and claim.metadata.deleted is None
    return bool(there) and not TAGGED.items() <= claim.metadata.annotations.items()
