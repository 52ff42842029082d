"""A node that EC2 takes is drained once its pods have another one that is ready, or when their time is nearly up.

karptui's own, beside spec/aws.md 5: Karpenter drains at once, so that pods wait for as long as a machine takes to boot.
"""

from collections.abc import Collection
from datetime import datetime

from karptui.engine.provisioning.evictable import is_reschedulable
from karptui.model.labels import INITIALIZED
from karptui.model.node import NodeClaim
from karptui.model.pod import Pod
from karptui.world.world import World

TAKEN_AT = "karptui/taken-at"
"""Annotation of a NodeClaim: when EC2 ends its instance (RFC 3339). On the object: the next one finds it too."""

NOTICE_SECONDS = 120.0
"""What EC2 gives for spot; assumed where a warning names no time."""
EVICTION_SECONDS = 30.0
"""Kept free for the evictions themselves, beside the longest grace period of the pods."""
LONGEST_GRACE = 60.0
"""A longer one than this does not fit into the notice anyway."""


def latest_drain(claim: NodeClaim | None, pods: Collection[Pod]) -> float | None:
    """When the drain begins whether there is a replacement or not (epoch seconds); None: it does not wait for one."""
    text = claim.metadata.annotations.get(TAKEN_AT) if claim is not None else None
    if not text:
        return None
    try:
        taken = datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None  # written by hand, and wrongly: as if it were not there
    grace = max((pod.spec.grace_seconds or 0.0 for pod in pods), default=0.0)
    return taken - EVICTION_SECONDS - min(grace, LONGEST_GRACE)


def awaits_replacement(world: World, claim: NodeClaim | None, pods: Collection[Pod], now: float) -> bool:
    """Whether the drain of these pods is held back: some of them could go elsewhere, but not yet.

    Asked of what provisioning last found, which is the same for a controller that has just taken over.
    """
    latest = latest_drain(claim, pods)
    if latest is None or now >= latest:
        return False
    budgets = list(world.of("poddisruptionbudgets").values())
    homeless = {pod.key for pod in pods if pod.active and is_reschedulable(pod, budgets, now)}
    if not homeless or world.preview is None:
        return bool(homeless)
    plan = world.preview.plan
    homeless -= plan.errors.keys() | plan.ignored.keys()
    for name, placed in plan.existing.items():
        if _usable(world, name):
            homeless.difference_update(placed)
    return bool(homeless)


def _usable(world: World, name: str) -> bool:
    node = world.of("nodes").get(name)
    return node is not None and name not in world.going and node.metadata.labels.get(INITIALIZED) == "true"
