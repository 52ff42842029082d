"""NodePools of a fixed size (spec/scheduling.md Appendix D, spec/lifecycle.md 7.5); behind Karpenter's gate
StaticCapacity."""

from collections.abc import Iterable

from karptui.control.hands import Hands
from karptui.control.provisioning.provision import Provisioner
from karptui.engine.disruption.costs import rescheduling_cost
from karptui.engine.disruption.drift import bare_claim
from karptui.engine.provisioning.state_nodes import NODES
from karptui.model.decision import Decision, DecisionKind
from karptui.model.labels import DO_NOT_DISRUPT
from karptui.model.metadata import is_true
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodePool
from karptui.model.quantity import NANO
from karptui.world import events

SEEN_SECONDS = 30.0  # after which a NodeClaim that was never seen counts as gone again


class StaticPools:
    """Brings every such pool to its `replicas`: creates from the template alone, deletes what is dearest to keep."""

    resource = "nodepools"

    def __init__(self, hands: Hands, provisioner: Provisioner) -> None:
        self._hands = hands
        self._provisioner = provisioner
        self._created: dict[str, dict[str, float]] = {}

    def due(self) -> Iterable[str]:
        """Pools that have too few or too many."""
        if not self._hands.world.options.gate("StaticCapacity"):
            return
        for key, pool in self._hands.world.of("nodepools").items():
            if pool.replicas is not None and pool.metadata.deleted is None and self._missing(pool):
                yield key

    async def reconcile(self, key: str) -> None:
        """Create or delete what makes the difference."""
        pool: NodePool | None = self._hands.world.of("nodepools").get(key)
        if pool is None:
            return
        missing = self._missing(pool)
        for _ in range(missing):
            await self._create(pool)
        if missing < 0:
            for claim in self._surplus(pool, -missing):
                await self._hands.kube.delete("nodeclaims", claim.key, uid=claim.metadata.uid)

    async def _create(self, pool: NodePool) -> None:
        now, claim = self._hands.now(), bare_claim(pool)
        decision = Decision(
            id=self._hands.world.next_decision_id(),
            at=now,
            kind=DecisionKind.LAUNCH,
            pods=(),
            claim=claim,
            cause="StaticCapacity",
            snapshot=self._hands.world.number,
        )
        self._hands.sink(events.DecisionMade(now, decision))
        name = await self._provisioner.create(claim, decision.id)
        self._created.setdefault(pool.key, {})[name] = now

    def _missing(self, pool: NodePool) -> int:
        """How many NodeClaims are to be made; below 0: to be deleted. Nodes that are being replaced count as there."""
        replicas = pool.replicas or 0
        claims = self._claims(pool)
        there = sum(claim.metadata.deleted is None for claim in claims) + self._unseen(pool.key)
        stays = sum(_stays(claim) for claim in claims) + self._unseen(pool.key)
        if stays > replicas:
            return replicas - stays
        if not is_true(pool.conditions, "Ready"):
            return 0
        limit = (pool.limits or {}).get(NODES)
        room = replicas if limit is None else limit // NANO - len(claims) - self._unseen(pool.key)
        return max(min(replicas - there, room), 0)

    def _unseen(self, pool: str) -> int:
        """NodeClaims of ours that the World has not shown yet."""
        now, seen = self._hands.now(), self._hands.world.of("nodeclaims")
        created = self._created.get(pool) or {}
        left = {name: at for name, at in created.items() if name not in seen and now - at < SEEN_SECONDS}
        self._created[pool] = left
        return len(left)

    def _surplus(self, pool: NodePool, count: int) -> list[NodeClaim]:
        """Those that are not launched first, then the empty ones, then by what their pods' moving would cost."""
        candidates = [claim for claim in self._claims(pool) if _stays(claim)]
        return sorted(candidates, key=self._worth)[:count]

    def _worth(self, claim: NodeClaim) -> tuple[bool, bool, bool, float, str]:
        world = self._hands.world
        node = world.of("nodes").get(claim.node_name)
        pods = [pod for pod in world.usage.on(claim.node_name).values() if pod.active and not pod.daemon]
        kept = node is not None and node.metadata.annotations.get(DO_NOT_DISRUPT) == "true"
        return (bool(claim.provider_id), bool(pods), kept, rescheduling_cost(pods), claim.key)

    def _claims(self, pool: NodePool) -> list[NodeClaim]:
        return [claim for claim in self._hands.world.of("nodeclaims").values() if claim.node_pool == pool.key]


def _stays(claim: NodeClaim) -> bool:
    """Whether it neither goes nor is being replaced."""
    return claim.metadata.deleted is None and not is_true(claim.conditions, "DisruptionReason")
