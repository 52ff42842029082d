"""A node that EC2 takes is drained once its pods have another one that is ready, or when their time is nearly up.

karptui's own, beside spec/aws.md 5: Karpenter drains at once, so that pods wait for as long as a machine takes to boot.
"""

from collections.abc import Collection
from datetime import datetime

from karptui.engine.provisioning.evictable import is_reschedulable
from karptui.model.decision import DecisionKind
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
    """Whether the drain of these pods is held back: some of them could go elsewhere, but not yet."""
    latest = latest_drain(claim, pods)
    if latest is None or now >= latest:
        return False
    budgets = list(world.of("poddisruptionbudgets").values())
    homeless = {pod.key for pod in pods if pod.active and is_reschedulable(pod, budgets, now)}
    if world.preview is not None:
        homeless -= world.preview.plan.errors.keys() | world.preview.plan.ignored.keys()
    places = _places(world, homeless, _since(claim))
    return any(not _usable(world, places.get(pod, "")) for pod in homeless)


def replacements(world: World) -> set[str]:
    """Nodes that are kept free for the pods of nodes that EC2 takes: as long as those are there, they are not empty."""
    found: set[str] = set()
    for name, node in world.going.items():
        claim = world.of("nodeclaims").get(world.claim_of_provider_id.get(node.provider_id, ""))
        if claim is not None and TAKEN_AT in claim.metadata.annotations:
            found.update(_places(world, set(world.usage.on(name)), _since(claim)).values())
    return found


def _since(claim: NodeClaim | None) -> float:
    """From when on decisions about the pods count; Kubernetes cuts off the fraction of a second."""
    return (claim.metadata.deleted or 0.0) - 1.0 if claim is not None else 0.0


def _places(world: World, pods: Collection[str], since: float) -> dict[str, str]:
    """The node for which each of the pods is meant, "" for one that is not there yet: what was decided last, else what
    would be now, which is all that a controller that has just taken over knows."""
    found: dict[str, str] = {}
    for decision in reversed(world.decisions.values()):
        if decision.at < since:
            break
        target = world.claim_of_decision.get(decision.id) or "".join(decision.nodes[:1])
        for pod in decision.pods if decision.kind in (DecisionKind.LAUNCH, DecisionKind.NOMINATE) else ():
            if pod in pods:
                found.setdefault(pod, target)
    for target, placed in world.preview.plan.existing.items() if world.preview is not None else ():
        for pod in placed:
            if pod in pods and not _usable(world, found.get(pod, "")):
                found[pod] = target
    claims = world.of("nodeclaims")
    return {pod: claims[target].node_name if target in claims else target for pod, target in found.items()}


def _usable(world: World, name: str) -> bool:
    node = world.of("nodes").get(name)
    return node is not None and name not in world.going and node.metadata.labels.get(INITIALIZED) == "true"
