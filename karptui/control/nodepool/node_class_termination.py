"""NodeClasses that go: not before their nodes, and with what was made for them (spec/aws.md 4.3)."""

from collections.abc import Iterable

from karptui.control.hands import Hands
from karptui.kube.decode import BY_KIND
from karptui.model.nodepool import NodeClass

FINALIZERS = {"EC2NodeClass": "karpenter.k8s.aws/termination"}
ASK_AGAIN_SECONDS = 5.0


class NodeClassTermination:
    """Puts Karpenter's finalizer on, and takes it off once no NodeClaim refers to the NodeClass."""

    resource = "nodeclasses"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._looked: dict[str, float] = {}

    def due(self) -> Iterable[str]:
        """Those that lack the finalizer, and those that go and have it."""
        now = self._hands.now()
        for key, node_class in self._hands.world.of("nodeclasses").items():
            finalizer = FINALIZERS.get(node_class.kind)
            if finalizer is None or now - self._looked.get(key, 0.0) < ASK_AGAIN_SECONDS:
                continue
            if (finalizer in node_class.metadata.finalizers) == (node_class.metadata.deleted is not None):
                yield key

    async def reconcile(self, key: str) -> None:
        """Add it; or wait for the NodeClaims, tidy up and take it off."""
        node_class: NodeClass | None = self._hands.world.of("nodeclasses").get(key)
        if node_class is None:
            return
        finalizer = FINALIZERS[node_class.kind]
        finalizers = list(node_class.metadata.finalizers)
        if node_class.metadata.deleted is None:
            await self._write(node_class, [*finalizers, finalizer])
            return
        self._looked[key] = self._hands.now()
        waiting = sorted(
            claim.key for claim in self._hands.world.of("nodeclaims").values() if claim.node_class.key == key
        )
        if waiting:
            told = f"Waiting on NodeClaim termination for {', '.join(waiting[:5])}"
            await self._hands.kube.record_event(
                node_class.kind, node_class.metadata, "WaitingOnNodeClaimTermination", told, now=self._hands.now()
            )
            return
        others = [other for other in self._hands.world.of("nodeclasses").values() if other.key != key]
        await self._hands.provider.tidy(others, list(self._hands.world.of("nodeclaims").values()))
        await self._write(node_class, [name for name in finalizers if name != finalizer])

    async def _write(self, node_class: NodeClass, finalizers: list[str]) -> None:
        metadata = {"finalizers": finalizers, "resourceVersion": node_class.metadata.resource_version}
        plural = BY_KIND[node_class.kind].plural
        await self._hands.kube.patch(plural, node_class.name, {"metadata": metadata})
