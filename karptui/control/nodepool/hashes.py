"""Hashes of NodePools and NodeClasses, by which Karpenter sees that a node is of an older template
(spec/lifecycle.md 4.2, spec/aws.md 3.12)."""

from collections.abc import Iterable

from msgspec.structs import replace

from karptui.control.hands import Hands
from karptui.engine.disruption.nodepool_hash import HASH_VERSION, nodepool_hash
from karptui.engine.provisioning.pools import SUPPORTED_NODE_CLASSES
from karptui.kube.decode import BY_KIND
from karptui.model.labels import NODEPOOL_HASH, NODEPOOL_HASH_VERSION
from karptui.model.metadata import is_true
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodeClass, NodePool


class NodePoolHash:
    """Keeps the hash of its template on every NodePool."""

    resource = "nodepools"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._known: dict[str, tuple[NodePool, str]] = {}

    def due(self) -> Iterable[str]:
        """Pools that carry another hash than theirs, or none."""
        for key, pool in self._hands.world.of("nodepools").items():
            reference = pool.template.node_class
            if (reference.group, reference.kind) in SUPPORTED_NODE_CLASSES and pool.metadata.deleted is None:
                carried = pool.metadata.annotations
                found = (carried.get(NODEPOOL_HASH), carried.get(NODEPOOL_HASH_VERSION))
                if found != (self._hash(pool), HASH_VERSION):
                    yield key

    async def reconcile(self, key: str) -> None:
        """Write it; if the way of hashing changed, on its NodeClaims first, so that none looks drifted for that."""
        pool: NodePool | None = self._hands.world.of("nodepools").get(key)
        if pool is None:
            return
        wanted = {NODEPOOL_HASH: self._hash(pool), NODEPOOL_HASH_VERSION: HASH_VERSION}
        if pool.metadata.annotations.get(NODEPOOL_HASH_VERSION) != HASH_VERSION:
            claims = [claim for claim in self._hands.world.of("nodeclaims").values() if claim.node_pool == key]
            await _rehash(self._hands, claims, NODEPOOL_HASH, NODEPOOL_HASH_VERSION, wanted)
        annotations = {**pool.metadata.annotations, **wanted}
        self._hands.pretend("nodepools", replace(pool, metadata=replace(pool.metadata, annotations=annotations)))
        await self._hands.kube.patch("nodepools", key, {"metadata": {"annotations": wanted}})

    def _hash(self, pool: NodePool) -> str:
        known = self._known.get(pool.key)
        if known is None or known[0] is not pool:
            known = self._known[pool.key] = (pool, nodepool_hash(pool))
        return known[1]


async def write_class_hash(hands: Hands, node_class: NodeClass, hashed: str, version: str) -> None:
    """The same for a NodeClass, whose provider has hashed it."""
    group = BY_KIND[node_class.kind].group
    hash_key = f"{group}/{node_class.kind.lower()}-hash"
    version_key = f"{hash_key}-version"
    wanted = {hash_key: hashed, version_key: version}
    carried = node_class.metadata.annotations
    if wanted.items() <= carried.items():
        return
    if carried.get(version_key) != version:
        claims = hands.world.of("nodeclaims").values()
        own = [claim for claim in claims if claim.node_class.key == node_class.key]
        await _rehash(hands, own, hash_key, version_key, wanted)
    await hands.kube.patch(BY_KIND[node_class.kind].plural, node_class.name, {"metadata": {"annotations": wanted}})


async def _rehash(
    hands: Hands, claims: Iterable[NodeClaim], hash_key: str, version_key: str, wanted: dict[str, str]
) -> None:
    """Give NodeClaims of another version the new one; what has drifted already keeps its hash, and so stays drifted."""
    for claim in claims:
        if claim.metadata.annotations.get(version_key) == wanted[version_key]:
            continue
        drifted = is_true(claim.conditions, "Drifted")
        own = {version_key: wanted[version_key]} if drifted else {key: wanted[key] for key in (hash_key, version_key)}
        await hands.kube.patch("nodeclaims", claim.key, {"metadata": {"annotations": own}})
