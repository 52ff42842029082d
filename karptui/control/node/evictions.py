"""Pods off a node: asked politely with a back-off of their own each, past every budget once the deadline demands it
(spec/lifecycle.md 2.4)."""

import asyncio
from collections.abc import Iterable

from karptui.control.hands import Hands
from karptui.engine.provisioning.evictable import is_protected
from karptui.kube.timestamps import rfc3339
from karptui.kube.write import Eviction
from karptui.model.node import Node
from karptui.model.pod import Pod

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
AT_ONCE = 10  # requests in flight for one node
KEPT_SECONDS = 600.0  # since it was last asked, until a pod is forgotten


def force_eligible(pod: Pod, deadline: float | None, now: float) -> bool:
    """Whether a pod must go now so that it has its grace period before the deadline."""
    if deadline is None:
        return False
    if pod.metadata.deleted is not None:
        return pod.metadata.deleted > deadline
    return pod.spec.grace_seconds is not None and now > deadline - pod.spec.grace_seconds


class Evictions:
    """Remembers per pod, by UID, when it may be asked again, as long as pods take to go. What was accepted or gone is
    asked again only if it stays in the World, so nothing is lost with this memory."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._again: dict[str, tuple[float, float]] = {}
        self._forced: dict[str, float] = {}

    async def force(self, pods: Iterable[Pod], deadline: float) -> None:
        """Delete each with what is left until the deadline as its grace, at least a second; once a pod."""
        now = self._hands.now()
        self._forced = {uid: at for uid, at in self._forced.items() if now - at < KEPT_SECONDS}
        for pod in pods:
            if pod.metadata.uid in self._forced:
                continue
            grace = max(int(deadline - self._hands.now()), 1)
            await self._hands.kube.delete_pod(
                pod.metadata.namespace, pod.metadata.name, uid=pod.metadata.uid, grace_seconds=grace
            )
            self._forced[pod.metadata.uid] = now
            if pod.metadata.deleted is None:
                told = f"Deleted the pod to let its node go by {rfc3339(deadline)}"
                await self._hands.announce("Pod", pod.metadata, "Disrupted", told)

    async def evict(self, node: Node, tier: list[Pod]) -> None:
        """Evict those of a tier whose time has come."""
        now = self._hands.now()
        self._forget(now)
        due = [pod for pod in tier if pod.active and self._again.get(pod.metadata.uid, (0.0, 0.0))[0] <= now]
        for start in range(0, len(due), AT_ONCE):
            await asyncio.gather(*(self._one(node, pod, now) for pod in due[start : start + AT_ONCE]))

    def _forget(self, now: float) -> None:
        """Pods that were last asked long ago are gone. The oldest stand first: each answer puts its pod last."""
        while self._again and now - self._again[first := next(iter(self._again))][0] > KEPT_SECONDS:
            del self._again[first]

    async def _one(self, node: Node, pod: Pod, now: float) -> None:
        if is_protected(pod, now):
            self._later(pod, now)
            return
        meta = pod.metadata
        answer = await self._hands.kube.evict(meta.namespace, meta.name, uid=meta.uid)
        self._later(pod, now, answer.retry_after)
        if answer.outcome in (Eviction.BLOCKED, Eviction.REFUSED):
            message = f"Failed to drain node: {pod.key}: {answer.message}"
            await self._hands.kube.record_event("Node", node.metadata, "FailedDraining", message, now=now, warning=True)
        else:
            text = "Evicted pod"
            await self._hands.kube.record_event("Pod", meta, "Evicted", text, now=now)

    def _later(self, pod: Pod, now: float, asked: float | None = None) -> None:
        _, pause = self._again.pop(pod.metadata.uid, (0.0, FIRST_PAUSE / 2))
        pause = min(pause * 2, LONGEST_PAUSE)
        self._again[pod.metadata.uid] = (now + max(pause, min(asked or 0.0, LONGEST_PAUSE)), pause)
