"""NodeClasses and NodePools made ready: without it no pool is usable (spec/lifecycle.md 1.7, spec/aws.md 4)."""

from collections.abc import Iterable

from karptui.control.conditions import NODE_POOL_DEPENDENTS, with_condition, written
from karptui.control.hands import Hands
from karptui.kube.decode import BY_KIND
from karptui.model.metadata import Conditions, condition, is_true
from karptui.model.nodepool import NodeClass, NodePool

RESOLVE_AGAIN_SECONDS = 300.0


class NodeClassReadiness:
    """Asks the provider what a NodeClass stands for and writes it into its status."""

    resource = "nodeclasses"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._resolved: dict[str, tuple[int, float]] = {}

    def due(self) -> Iterable[str]:
        """New or changed NodeClasses, and every one again after five minutes."""
        now = self._hands.now()
        for key, node_class in self._hands.world.of("nodeclasses").items():
            generation, at = self._resolved.get(key, (-1, 0.0))
            if node_class.kind not in BY_KIND:
                continue
            if node_class.metadata.generation != generation or now - at > RESOLVE_AGAIN_SECONDS:
                yield key

    async def reconcile(self, key: str) -> None:
        """Resolve it and write the status."""
        node_class: NodeClass | None = self._hands.world.of("nodeclasses").get(key)
        if node_class is None:
            return
        found = await self._hands.provider.node_class_status(node_class)
        now = self._hands.now()
        dependents = tuple(entry.type for entry in found.conditions)
        conditions: Conditions = node_class.conditions
        for entry in found.conditions:
            conditions = with_condition(
                conditions,
                entry.type,
                entry.status,
                now=now,
                created=node_class.metadata.created,
                generation=node_class.metadata.generation,
                dependents=dependents,
                reason=entry.reason,
                message=entry.message,
            )
        status = {**found.status, "conditions": written(conditions)}
        await self._hands.kube.patch(BY_KIND[node_class.kind].plural, key, {"status": status}, subresource="status")
        self._resolved[key] = (node_class.metadata.generation, now)


class NodePoolReadiness:
    """Keeps NodeClassReady, ValidationSucceeded and with them Ready on every NodePool."""

    resource = "nodepools"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def due(self) -> Iterable[str]:
        """Pools whose conditions do not say what is so."""
        for key, pool in self._hands.world.of("nodepools").items():
            status, _, _ = self._node_class_ready(pool)
            current = condition(pool.conditions, "NodeClassReady")
            said = current is not None and current.status == status
            if not said or condition(pool.conditions, "ValidationSucceeded") is None:
                yield key

    async def reconcile(self, key: str) -> None:
        """Write both conditions."""
        pool: NodePool | None = self._hands.world.of("nodepools").get(key)
        if pool is None:
            return
        status, reason, message = self._node_class_ready(pool)
        conditions = self._with(pool, pool.conditions, "ValidationSucceeded", "True", "", "")
        conditions = self._with(pool, conditions, "NodeClassReady", status, reason, message)
        await self._hands.kube.patch(
            "nodepools", key, {"status": {"conditions": written(conditions)}}, subresource="status"
        )

    def _with(
        self, pool: NodePool, conditions: Conditions, type_: str, status: str, reason: str, message: str
    ) -> Conditions:
        return with_condition(
            conditions,
            type_,
            status,
            now=self._hands.now(),
            created=pool.metadata.created,
            generation=pool.metadata.generation,
            dependents=NODE_POOL_DEPENDENTS,
            reason=reason,
            message=message,
        )

    def _node_class_ready(self, pool: NodePool) -> tuple[str, str, str]:
        node_class: NodeClass | None = self._hands.world.of("nodeclasses").get(pool.template.node_class.name)
        if node_class is None:
            return "False", "NodeClassNotFound", f"NodeClass {pool.template.node_class.name} not found"
        if node_class.metadata.deleted is not None:
            return "False", "NodeClassTerminating", f"NodeClass {node_class.key} is being deleted"
        if is_true(node_class.conditions, "Ready"):
            return "True", "", ""
        ready = condition(node_class.conditions, "Ready")
        if ready is None or ready.status == "Unknown":
            return "Unknown", "NodeClassReadinessUnknown", "Node Class Readiness Unknown"
        return "False", ready.reason, ready.message
