"""Nodes that go: taint, drain in Karpenter's order, then let them end (spec/lifecycle.md 2.2, 2.3)."""

from collections.abc import Iterable

from karptui.control.hands import Hands
from karptui.control.register import written_taint
from karptui.model.labels import DISRUPTED, TERMINATION_FINALIZER
from karptui.model.metadata import condition, is_true
from karptui.model.node import Node, NodeClaim
from karptui.model.pod import Pod
from karptui.model.taints import DISRUPTED_TAINT, tolerates

MINIMUM_DRAIN_SECONDS = 5.0
STUCK_SECONDS = 60.0
CRITICAL = ("system-cluster-critical", "system-node-critical")


class NodeTermination:
    """Nodes with a deletionTimestamp that carry our finalizer."""

    resource = "nodes"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def due(self) -> Iterable[str]:
        """Every such node, until its finalizer is gone."""
        for key, node in self._hands.world.of("nodes").items():
            if node.metadata.deleted is not None and TERMINATION_FINALIZER in node.metadata.finalizers:
                yield key

    async def reconcile(self, key: str) -> None:
        """One step: claim, taint, evict the next tier, or hand on to the end of the instance."""
        world = self._hands.world
        node: Node | None = world.of("nodes").get(key)
        if node is None:
            return
        claim: NodeClaim | None = world.of("nodeclaims").get(world.claim_of_provider_id.get(node.provider_id, ""))
        if claim is not None and claim.metadata.deleted is None:
            await self._hands.kube.delete("nodeclaims", claim.key)
            return
        if not any(taint.key == DISRUPTED for taint in node.taints):
            await self._taint(node)
            return
        waiting = self._waiting(node)
        if waiting:
            if claim is not None and condition(claim.conditions, "Drained") is None:
                await self._hands.set_claim_condition(claim, "Drained", "Unknown", "Draining")
            await self._evict(_next_tier(waiting))
            return
        if claim is None:
            await self.release(node)
            return
        await self._finish(claim)

    async def release(self, node: Node) -> None:
        """Take our finalizer off: the node object goes."""
        finalizers = [name for name in node.metadata.finalizers if name != TERMINATION_FINALIZER]
        metadata = {"finalizers": finalizers, "resourceVersion": node.metadata.resource_version}
        await self._hands.kube.patch("nodes", node.key, {"metadata": metadata})

    async def _finish(self, claim: NodeClaim) -> None:
        drained = condition(claim.conditions, "Drained")
        if drained is None:
            await self._hands.set_claim_condition(claim, "Drained", "Unknown", "Draining")
        elif drained.status != "True" and self._hands.now() - drained.changed >= MINIMUM_DRAIN_SECONDS:
            await self._hands.set_claim_condition(claim, "Drained", "True")

    async def _taint(self, node: Node) -> None:
        taints = [written_taint(taint) for taint in node.taints if taint.key != DISRUPTED]
        body = {
            "metadata": {
                "labels": {"node.kubernetes.io/exclude-from-external-load-balancers": "karpenter"},
                "resourceVersion": node.metadata.resource_version,
            },
            "spec": {"taints": [*taints, {"key": DISRUPTED, "effect": "NoSchedule"}]},
        }
        await self._hands.kube.patch("nodes", node.key, body)

    def _waiting(self, node: Node) -> list[Pod]:
        """Pods that must leave first: not terminal, not mirror, not stuck, and not at home on a disrupted node."""
        now = self._hands.now()
        return [
            pod
            for pod in self._hands.world.usage.on(node.key).values()
            if not pod.mirror
            and not tolerates(pod.spec.tolerations, DISRUPTED_TAINT)
            and not (pod.metadata.deleted is not None and now - pod.metadata.deleted > STUCK_SECONDS)
        ]

    async def _evict(self, tier: list[Pod]) -> None:
        for pod in tier:
            if pod.terminating or pod.metadata.annotations.get("karpenter.sh/do-not-disrupt") == "true":
                continue
            # Blocked by a PodDisruptionBudget or gone already: either way the next look tells.
            await self._hands.kube.evict(pod.metadata.namespace, pod.metadata.name, uid=pod.metadata.uid)


def _next_tier(waiting: list[Pod]) -> list[Pod]:
    """The first non-empty group: ordinary pods, their DaemonSets, critical pods, critical DaemonSets."""
    tiers: list[list[Pod]] = [[], [], [], []]
    for pod in waiting:
        tiers[2 * (pod.spec.priority_class_name in CRITICAL) + pod.daemon].append(pod)
    return next(tier for tier in tiers if tier)


def drained(claim: NodeClaim) -> bool:
    """Whether its node has been drained."""
    return is_true(claim.conditions, "Drained")
