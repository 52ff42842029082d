"""NodeClasses and NodePools made ready: without it no pool is usable (spec/lifecycle.md 1.7, spec/aws.md 4)."""

from collections.abc import Iterable

from msgspec.structs import replace

from karptui.control.conditions import ROOT, with_condition, with_pool_condition, written
from karptui.control.hands import Hands
from karptui.control.nodepool.hashes import write_class_hash
from karptui.failure import Failure
from karptui.kube.decode import BY_KIND
from karptui.model.metadata import Condition, Conditions, condition, is_true
from karptui.model.nodepool import NodeClass, NodePool
from karptui.world import events

RESOLVE_AGAIN_SECONDS = 300.0
SOON_SECONDS = 60.0  # until what was not found, or changes by itself, is looked for again
RESERVATION_TERMS = "capacityReservationSelectorTerms"


class NodeClassReadiness:
    """Asks the provider what a NodeClass stands for and writes it into its status."""

    resource = "nodeclasses"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._resolved: dict[str, tuple[int, float]] = {}
        self._told: dict[str, str] = {}

    def due(self) -> Iterable[str]:
        """New or changed NodeClasses, and every one again after five minutes."""
        now = self._hands.now()
        for key, node_class in self._hands.world.of("nodeclasses").items():
            generation, at = self._resolved.get(key, (-1, 0.0))
            if node_class.kind not in BY_KIND or self._hands.provider.node_class not in ("", node_class.kind):
                continue
            # Reservations fill up and end.
            soon = not is_true(node_class.conditions, "Ready") or node_class.spec.get(RESERVATION_TERMS)
            pause = SOON_SECONDS if soon else RESOLVE_AGAIN_SECONDS
            unsaid = condition(node_class.conditions, "Ready") is None
            if node_class.metadata.generation != generation or now - at > pause or unsaid:
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
        self._resolved[key] = (node_class.metadata.generation, now)
        self._tell(node_class, conditions)
        resolved = {**node_class.status, **found.status}
        self._hands.pretend("nodeclasses", replace(node_class, status=resolved, conditions=conditions))
        status = {**found.status, "conditions": written(conditions)}
        try:
            if found.hashed:
                await write_class_hash(self._hands, node_class, found.hashed, found.hash_version)
            plural = BY_KIND[node_class.kind].plural
            await self._hands.kube.patch(plural, node_class.name, {"status": status}, subresource="status")
        except Failure:
            if not self._hands.dry_run:
                del self._resolved[key]
            raise
        await self._record(node_class, conditions)

    def _tell(self, node_class: NodeClass, conditions: Conditions) -> None:
        """Say once why a NodeClass cannot be used."""
        unready = [entry for entry in conditions if entry.status != "True" and entry.type != ROOT]
        causes = [entry for entry in unready if entry.reason != "DependenciesNotReady"] or unready
        told = "; ".join(f"{entry.type}={entry.status}, {entry.reason}: {entry.message}" for entry in causes)
        if told and told != self._told.get(node_class.key):
            where = f"{node_class.kind} {node_class.name}"
            words = f"not ready, no node is launched with it: {told}"
            self._hands.sink(events.Problem(self._hands.now(), where, words))
        self._told[node_class.key] = told

    async def _record(self, node_class: NodeClass, conditions: Conditions) -> None:
        """An event for every condition whose status changed, as Karpenter has it."""
        for entry in conditions:
            before = condition(node_class.conditions, entry.type)
            status = before.status if before is not None else "Unknown"
            if status != entry.status:
                await self._hands.kube.record_event(
                    node_class.kind,
                    node_class.metadata,
                    entry.type,
                    transition_text(entry, status),
                    now=self._hands.now(),
                )


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
        now = self._hands.now()
        conditions = with_pool_condition(pool, pool.conditions, "ValidationSucceeded", ("True", "", ""), now)
        conditions = with_pool_condition(pool, conditions, "NodeClassReady", self._node_class_ready(pool), now)
        self._hands.pretend("nodepools", replace(pool, conditions=conditions))
        # The list is replaced as a whole: another condition written meanwhile must not be lost.
        version = {"resourceVersion": pool.metadata.resource_version}
        body = {"metadata": version, "status": {"conditions": written(conditions)}}
        await self._hands.kube.patch("nodepools", key, body, subresource="status")

    def _node_class_ready(self, pool: NodePool) -> tuple[str, str, str]:
        node_class: NodeClass | None = self._hands.world.of("nodeclasses").get(pool.template.node_class.key)
        if node_class is None:
            return "False", "NodeClassNotFound", f"NodeClass {pool.template.node_class.name} not found"
        if node_class.metadata.deleted is not None:
            return "False", "NodeClassTerminating", f"NodeClass {node_class.name} is being deleted"
        if is_true(node_class.conditions, "Ready"):
            return "True", "", ""
        ready = condition(node_class.conditions, "Ready")
        if ready is None or ready.status == "Unknown":
            return "Unknown", "NodeClassReadinessUnknown", "Node Class Readiness Unknown"
        return "False", ready.reason, ready.message


def transition_text(entry: Condition, before: str) -> str:
    """The words of the event that tells of a condition's change."""
    told = [f"Status condition transitioned, Type: {entry.type}", f"Status: {before} -> {entry.status}"]
    told.append(f"Reason: {entry.reason or entry.type}")
    return ", ".join([*told, f"Message: {entry.message}"] if entry.message else told)
