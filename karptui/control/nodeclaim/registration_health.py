"""Whether the nodes of a NodePool come to register: the condition NodeRegistrationHealthy (spec/lifecycle.md 1.7)."""

from collections import deque
from collections.abc import Iterable

from msgspec.structs import replace

from karptui.control.conditions import with_pool_condition, written
from karptui.control.hands import Hands
from karptui.model.metadata import condition
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodeClass, NodePool

HEALTHY = "NodeRegistrationHealthy"
KEPT = 4
"""Results that are looked at; half of them bad, counted against four however few there are, is unhealthy."""


class RegistrationHealth:
    """Remembers the last results of each pool, by UID, and writes the condition when one of them decides it.

    Whoever registers a claim or gives it up says so with `succeeded` and `failed`.
    """

    resource = "nodepools"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._results: dict[str, deque[bool]] = {}
        self._verdicts: dict[str, tuple[str, str, str]] = {}
        self._judged: dict[str, tuple[int, int]] = {}

    def succeeded(self, claim: NodeClaim) -> None:
        """A node of this claim has registered."""
        pool = self._pool_of(claim)
        if pool is not None and _healthy(self._noted(pool, True)):
            self._verdicts[pool.metadata.uid] = ("True", HEALTHY, "")

    def failed(self, claim: NodeClaim) -> None:
        """No node of this claim came in time."""
        pool = self._pool_of(claim)
        if pool is None or _healthy(self._noted(pool, False)):
            return
        launched = condition(claim.conditions, "Launched")
        if launched is None or launched.status == "True":
            verdict = ("False", "RegistrationFailed", "the latest nodes of this NodePool did not register")
        else:
            verdict = ("False", launched.reason or "LaunchFailed", launched.message)
        self._verdicts[pool.metadata.uid] = verdict

    def due(self) -> Iterable[str]:
        """Pools that changed since the condition was written, and those with a new verdict."""
        for key, pool in self._hands.world.of("nodepools").items():
            if pool.metadata.deleted is None and (self._changed(pool) or self._verdict(pool) is not None):
                yield key

    async def reconcile(self, key: str) -> None:
        """Write it; what changed is unknown again, and so are its earlier results."""
        pool: NodePool | None = self._hands.world.of("nodepools").get(key)
        if pool is None:
            return
        uid = pool.metadata.uid
        verdict = self._verdict(pool)
        if self._changed(pool):
            self._results[uid] = deque(maxlen=KEPT)
            self._verdicts.pop(uid, None)
            verdict = ("Unknown", "AwaitingReconciliation", "object is awaiting reconciliation")
        if verdict is None:
            return
        conditions = with_pool_condition(pool, pool.conditions, HEALTHY, verdict, self._hands.now())
        generation = self._class_generation(pool)
        self._hands.pretend("nodepools", replace(pool, conditions=conditions, class_generation=generation))
        body = {
            "metadata": {"resourceVersion": pool.metadata.resource_version},
            "status": {"conditions": written(conditions), "nodeClassObservedGeneration": generation},
        }
        await self._hands.kube.patch("nodepools", key, body, subresource="status")
        self._judged[uid] = (pool.metadata.generation, generation)
        if self._verdicts.get(uid) == verdict:
            del self._verdicts[uid]

    def _verdict(self, pool: NodePool) -> tuple[str, str, str] | None:
        """What is to be written and is not there yet."""
        verdict = self._verdicts.get(pool.metadata.uid)
        current = condition(pool.conditions, HEALTHY)
        if verdict is not None and current is not None and (current.status, current.reason) == verdict[:2]:
            del self._verdicts[pool.metadata.uid]
            return None
        return verdict

    def _changed(self, pool: NodePool) -> bool:
        current = condition(pool.conditions, HEALTHY)
        if current is None or current.observed_generation < pool.metadata.generation:
            return True
        # An older definition of NodePools drops the field: then what was written here is what is known.
        generations = (pool.metadata.generation, self._class_generation(pool))
        return generations[1] != pool.class_generation and self._judged.get(pool.metadata.uid) != generations

    def _class_generation(self, pool: NodePool) -> int:
        node_class: NodeClass | None = self._hands.world.of("nodeclasses").get(pool.template.node_class.key)
        return node_class.metadata.generation if node_class is not None else pool.class_generation

    def _noted(self, pool: NodePool, result: bool) -> deque[bool]:
        results = self._results.get(pool.metadata.uid)
        if results is None:
            # After a restart the condition stands for what was seen before it.
            seed = condition(pool.conditions, HEALTHY)
            before = (
                [] if seed is None or seed.status == "Unknown" else [True] if seed.status == "True" else [False] * 2
            )
            results = self._results[pool.metadata.uid] = deque(before, maxlen=KEPT)
        results.append(result)
        return results

    def _pool_of(self, claim: NodeClaim) -> NodePool | None:
        """The claim's pool, if it is that one and not another of the same name."""
        pool: NodePool | None = self._hands.world.of("nodepools").get(claim.node_pool)
        owners = {owner.uid for owner in claim.metadata.owners if owner.kind == "NodePool"}
        return pool if pool is not None and pool.metadata.uid in owners else None


def _healthy(results: deque[bool]) -> bool:
    return results.count(False) < KEPT / 2
