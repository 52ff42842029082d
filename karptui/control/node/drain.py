"""Nodes that go: taint, drain in Karpenter's order, wait for volumes, let them end (spec/lifecycle.md 2.2, 2.3)."""

from collections.abc import Iterable

from karptui.cloud.provider import NotFound
from karptui.control.conditions import Said
from karptui.control.hands import Hands
from karptui.control.node.evictions import Evictions, force_eligible
from karptui.control.node.replaced_first import awaits_replacement
from karptui.control.node.times import termination_time
from karptui.control.taints import written_taint
from karptui.kube.timestamps import rfc3339
from karptui.model.labels import DISRUPTED, TERMINATION_FINALIZER
from karptui.model.metadata import condition, is_true
from karptui.model.node import Node, NodeClaim
from karptui.model.pod import Pod
from karptui.model.taints import DISRUPTED_TAINT, tolerates

MINIMUM_DRAIN_SECONDS = 5.0
STUCK_SECONDS = 60.0
TOLD_SECONDS = 120.0
CRITICAL = ("system-cluster-critical", "system-node-critical")
EXCLUDE_LOAD_BALANCERS = "node.kubernetes.io/exclude-from-external-load-balancers"


class NodeTermination:
    """Nodes with a deletionTimestamp that carry our finalizer."""

    resource = "nodes"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._evictions = Evictions(hands)
        self._told: dict[str, float] = {}  # when it was said of a node how many pods it waits for

    def due(self) -> Iterable[str]:
        """Every such node, until its finalizer is gone."""
        for key, node in self._hands.world.of("nodes").items():
            goes = node.metadata.deleted is not None and TERMINATION_FINALIZER in node.metadata.finalizers
            if goes and key not in self._hands.brakes.held:
                yield key

    async def reconcile(self, key: str) -> None:
        """One step: claim, taint, evict the next tier, wait for volumes, or hand on to the end of the instance."""
        world = self._hands.world
        node: Node | None = world.of("nodes").get(key)
        if node is None:
            return
        claim: NodeClaim | None = world.of("nodeclaims").get(world.claim_of_provider_id.get(node.provider_id, ""))
        if claim is not None and claim.metadata.deleted is None:
            await self._hands.kube.delete("nodeclaims", claim.key, uid=claim.metadata.uid)
            return
        if claim is not None and self._hands.kube.behind("nodeclaims", claim.key, claim.metadata.resource_version):
            return  # what this node needs next is worked out from its claim
        if await self._vanished(node):
            await self.release(node)
            return
        if not any(taint.key == DISRUPTED for taint in node.taints):
            await self._taint(node)
            return
        deadline = termination_time(claim)
        if deadline is not None:
            told = f"All pods will be deleted by {rfc3339(deadline)}"
            await self._hands.announce("Node", node.metadata, "TerminationGracePeriodExpiring", told, warning=True)
        if await self._draining(node, claim, deadline):
            return
        if claim is None:
            if not await self._attached(node):
                await self.release(node)
            return
        await self._finish(node, claim, deadline)

    async def release(self, node: Node) -> None:
        """Take our finalizer off: the node object goes."""
        finalizers = [name for name in node.metadata.finalizers if name != TERMINATION_FINALIZER]
        metadata = {"finalizers": finalizers, "resourceVersion": node.metadata.resource_version}
        await self._hands.kube.patch("nodes", node.key, {"metadata": metadata})

    async def _draining(self, node: Node, claim: NodeClaim | None, deadline: float | None) -> bool:
        """Whether pods are still waited for; those whose turn it is are asked to go."""
        waiting = self._waiting(node)
        if not waiting:
            return False
        now = self._hands.now()
        if awaits_replacement(self._hands.world, claim, waiting, now):
            return True
        if claim is not None and condition(claim.conditions, "Drained") is None:
            await self._hands.set_claim_condition(claim, "Drained", "Unknown", "Draining")
        forced = [pod for pod in waiting if force_eligible(pod, deadline, now)]
        if deadline is not None:
            await self._evictions.force(forced, deadline)
        polite = [pod for pod in waiting if pod not in forced]
        if polite:
            await self._evictions.evict(node, _next_tier(polite))
        await self._tell_waiting(node, len(waiting))
        return True

    async def _tell_waiting(self, node: Node, pods: int) -> None:
        """Once in two minutes, whatever their number is by then, as Karpenter does."""
        now = self._hands.now()
        self._told = {uid: at for uid, at in self._told.items() if now - at < TOLD_SECONDS}
        if node.metadata.uid not in self._told:
            self._told[node.metadata.uid] = now
            words = f"Failed to drain node, {pods} pods are waiting to be evicted"
            await self._hands.announce("Node", node.metadata, "FailedDraining", words, warning=True)

    async def _finish(self, node: Node, claim: NodeClaim, deadline: float | None) -> None:
        """Write down that it is drained, at least some seconds after that began, and how it is with its volumes."""
        drained = condition(claim.conditions, "Drained")
        if drained is None:
            await self._hands.set_claim_condition(claim, "Drained", "Unknown", "Draining")
            return
        said: list[Said] = []
        if drained.status != "True":
            if self._hands.now() - drained.changed < MINIMUM_DRAIN_SECONDS:
                return
            said.append(Said("Drained", "True"))
        volumes = await self._volumes(node, claim, deadline)
        if volumes is not None:
            said.append(volumes)
        if said:
            await self._hands.set_claim_conditions(claim, said)

    async def _volumes(self, node: Node, claim: NodeClaim, deadline: float | None) -> Said | None:
        """What is to be said of the volumes; None where it has been."""
        before = condition(claim.conditions, "VolumesDetached")
        if before is not None and before.status != "Unknown":
            return None
        attached = await self._attached(node)
        if not attached:
            return Said("VolumesDetached", "True")
        if deadline is not None and self._hands.now() > deadline:
            return Said("VolumesDetached", "False", "TerminationGracePeriodElapsed")
        if before is not None:
            return None
        waited_for = ", ".join(sorted(attached)[:5])
        told = f"Awaiting deletion of bound volumeattachments: {waited_for}"
        await self._hands.announce("Node", node.metadata, "AwaitingVolumeDetachment", told)
        return Said("VolumesDetached", "Unknown", "AwaitingVolumeDetachment", f"waiting for {waited_for}")

    async def _vanished(self, node: Node) -> bool:
        # A node that is not ready and whose instance is gone is not drained: there is nobody left to stop its pods.
        if is_true(node.conditions, "Ready") or not node.provider_id:
            return False
        try:
            await self._hands.provider.get(node.provider_id)
        except NotFound:
            return True
        return False

    async def _attached(self, node: Node) -> list[str]:
        """VolumeAttachments that must end first; not those of pods that stay on the node to the last."""
        claims = self._hands.world.of("persistentvolumeclaims")
        kept = {
            claims[key].volume_name
            for pod in self._on(node)
            if not self._drainable(pod)
            for volume in pod.spec.volumes
            if (key := _claim_key(pod, volume.name, volume.claim, volume.ephemeral)) in claims
        }
        return [volume for volume in await self._hands.kube.attached_volumes(node.key) if volume not in kept]

    async def _taint(self, node: Node) -> None:
        taints = [written_taint(taint) for taint in node.taints if taint.key != DISRUPTED]
        body = {
            "metadata": {
                "labels": {EXCLUDE_LOAD_BALANCERS: "karpenter"},
                "resourceVersion": node.metadata.resource_version,
            },
            "spec": {"taints": [*taints, {"key": DISRUPTED, "effect": "NoSchedule"}]},
        }
        await self._hands.kube.patch("nodes", node.key, body)

    def _on(self, node: Node) -> Iterable[Pod]:
        return self._hands.world.usage.on(node.key).values()

    def _waiting(self, node: Node) -> list[Pod]:
        """Pods that must leave first (WaitingEviction, spec/lifecycle.md 0.3)."""
        return [pod for pod in self._on(node) if not pod.terminal and self._drainable(pod)]

    def _drainable(self, pod: Pod) -> bool:
        """Not mirror, not stuck, and not at home on a disrupted node."""
        stuck = pod.metadata.deleted is not None and self._hands.now() - pod.metadata.deleted > STUCK_SECONDS
        return not pod.mirror and not stuck and not tolerates(pod.spec.tolerations, DISRUPTED_TAINT)


def _claim_key(pod: Pod, volume: str, claim: str, ephemeral: bool) -> str:
    name = f"{pod.metadata.name}-{volume}" if ephemeral else claim
    return f"{pod.metadata.namespace}/{name}"


def _next_tier(waiting: list[Pod]) -> list[Pod]:
    """The first non-empty group: ordinary pods, their DaemonSets, critical pods, critical DaemonSets."""
    tiers: list[list[Pod]] = [[], [], [], []]
    for pod in waiting:
        tiers[2 * (pod.spec.priority_class_name in CRITICAL) + pod.daemon].append(pod)
    return next(tier for tier in tiers if tier)


def may_end(claim: NodeClaim) -> bool:
    """Whether its node has been drained and its volumes are off, or no longer waited for."""
    volumes = condition(claim.conditions, "VolumesDetached")
    return is_true(claim.conditions, "Drained") and volumes is not None and volumes.status != "Unknown"
