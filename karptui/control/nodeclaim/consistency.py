"""Whether a node has what its NodeClaim promised of it (spec/lifecycle.md 7.4): told, never acted upon."""

from collections.abc import Iterable

from karptui.control.hands import Hands
from karptui.model.metadata import condition, is_true
from karptui.model.node import Node, NodeClaim
from karptui.model.resources import format_resources

LOOK_AGAIN_SECONDS = 600.0
LEAST_SHARE = 0.9  # of the expected capacity


class Consistency:
    """Keeps ConsistentStateFound on initialized NodeClaims."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._looked: dict[str, float] = {}

    def due(self) -> Iterable[str]:
        """Those that were not looked at for ten minutes."""
        now, claims = self._hands.now(), self._hands.world.of("nodeclaims")
        for key, claim in claims.items():
            settled = claim.metadata.deleted is None and is_true(claim.conditions, "Initialized")
            if settled and now - self._looked.get(claim.metadata.uid, float("-inf")) > LOOK_AGAIN_SECONDS:
                yield key

    async def reconcile(self, key: str) -> None:
        """Compare, and say what is short."""
        world = self._hands.world
        claim: NodeClaim | None = world.of("nodeclaims").get(key)
        node: Node | None = world.of("nodes").get(claim.node_name) if claim is not None else None
        if claim is None or node is None:
            return
        short = _short(claim, node)
        for words in short:
            await self._hands.kube.record_event(
                "NodeClaim", claim.metadata, "FailedConsistencyCheck", words, now=self._hands.now(), warning=True
            )
        current = condition(claim.conditions, "ConsistentStateFound")
        wanted = "False" if short else "True"
        if current is None or current.status != wanted:
            reason, message = ("ConsistencyCheckFailed", "Consistency Check Failed") if short else ("", "")
            await self._hands.set_claim_condition(claim, "ConsistentStateFound", wanted, reason, message)
        living = {known.metadata.uid for known in world.of("nodeclaims").values()}
        self._looked = {uid: at for uid, at in self._looked.items() if uid in living}
        self._looked[claim.metadata.uid] = self._hands.now()


def _short(claim: NodeClaim, node: Node) -> list[str]:
    """A sentence for every requested resource of which the node has less than nine tenths."""
    found: list[str] = []
    for name, asked in sorted(claim.requests.items()):
        expected, there = claim.capacity.get(name, 0), node.capacity.get(name, 0)
        if asked and expected and there < expected * LEAST_SHARE:
            wanted, has = (format_resources({name: amount})[name] for amount in (expected, there))
            share = f"{100 * there / expected:.1f}% of expected"
            found.append(f"expected {wanted} of resource {name}, but found {has} ({share})")
    return found
