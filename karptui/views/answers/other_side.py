"""From one thing to the one beside it: a pod's node, a decision's NodeClaim, whose timeline tells about it."""

from karptui.views.timelines.progress import waiting
from karptui.world.world import World


def other_side(world: World, kind: str, key: str, wanted: str, now: float) -> tuple[str, str] | None:
    """(kind, key) of what stands beside something, or None.

    `wanted` is "timeline" (whose timeline tells about it: a pod or a claim) or "other" (the object at its other side).
    """
    return _timeline(world, kind, key, now) if wanted == "timeline" else _other(world, kind, key, now)


def _timeline(world: World, kind: str, key: str, now: float) -> tuple[str, str] | None:
    match kind:
        case "pod":
            return ("pod", key)
        case "waiting":
            row = next((row for row in waiting(world, now) if row.key == key), None)
            return ("pod", row.pods[0]) if row is not None else None
        case "claim":
            return ("claim", key) if key in world.claim_timelines else None
        case "node":
            claim = _claim_of_node(world, key)
            return ("claim", claim) if claim in world.claim_timelines else None
        case "decision" if (decision := world.decisions.get(key)) is not None and decision.pods:
            return ("pod", decision.pods[0])
        case _:
            return None


def _other(world: World, kind: str, key: str, now: float) -> tuple[str, str] | None:
    match kind:
        case "pod":
            pod = world.of("pods").get(key)
            timeline = world.pod_timelines.get(key)
            if pod is not None and pod.node_name:
                return ("node", pod.node_name)
            return _target(world, timeline.target) if timeline is not None else None
        case "waiting":
            row = next((row for row in waiting(world, now) if row.key == key), None)
            if row is None:
                return None
            return ("claim", row.claim) if row.claim else ("pod", row.pods[0])
        case "claim":
            claim = world.of("nodeclaims").get(key)
            return ("node", claim.node_name) if claim is not None and claim.node_name in world.of("nodes") else None
        case "node":
            claim_name = _claim_of_node(world, key)
            return ("claim", claim_name) if claim_name else None
        case "decision":
            decision = world.decisions.get(key)
            claim_name = world.claim_of_decision.get(key, "")
            if claim_name:
                return _target(world, claim_name)
            return ("node", decision.nodes[0]) if decision is not None and decision.nodes else None
        case _:
            return None


def _claim_of_node(world: World, name: str) -> str:
    node = world.of("nodes").get(name)
    return world.claim_of_provider_id.get(node.provider_id, "") if node is not None else ""


def _target(world: World, name: str) -> tuple[str, str] | None:
    if name in world.of("nodeclaims"):
        return ("claim", name)
    return ("node", name) if name in world.of("nodes") else None
