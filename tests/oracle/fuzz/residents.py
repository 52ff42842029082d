"""Mutations of pods that have a node, and of nodes that lose it: who has to go elsewhere, and who counts meanwhile."""

from tests.oracle.fuzz.draft import Draft, Json, Mutation
from tests.oracle.fuzz.nodes import volume_for

PROTECT = "karpenter.sh/do-not-disrupt"
PROTECTED = ("true", "10m", "1h", "90s", "0s", "-5m", "1h30m", "false", "yes", "10", "")
STARTED = ("2026-01-01T10:00:00Z", "2026-01-01T11:55:00Z", "2026-01-01T11:58:30Z")


def _owner(kind: str) -> list[Json]:
    version = "v1" if kind == "Node" else "apps/v1"
    return [{"apiVersion": version, "kind": kind, "name": "owner", "uid": "owner", "controller": True}]


def going(draft: Draft) -> str | None:
    """Nodes whose NodeClaims are being deleted."""
    claims = draft.of("NodeClaim")
    if not claims:
        return None
    for claim in draft.chance.sample(claims, draft.chance.randint(1, len(claims))):
        claim["metadata"]["deletionTimestamp"] = "2026-01-01T11:59:00Z"
    return "nodes are going"


def resident(draft: Draft) -> str | None:
    """A bound pod that has ended, is leaving, is owned or protected, tolerates its eviction, or is not ready."""
    pod = draft.pick(draft.bound())
    if pod is None:
        return None
    kind = draft.pick(
        (
            "ended",
            "failed",
            "leaving",
            "comes back",
            "StatefulSet",
            "Node",
            "DaemonSet",
            "protected",
            "ready",
            "tolerates",
        )
    )
    meta, status = pod["metadata"], pod["status"]
    if kind in ("ended", "failed"):
        status["phase"] = "Succeeded" if kind == "ended" else "Failed"
    elif kind in ("leaving", "comes back"):
        meta["deletionTimestamp"], meta["deletionGracePeriodSeconds"] = "2026-01-01T12:00:30Z", 30
        if kind == "comes back":
            meta["ownerReferences"] = _owner("StatefulSet")
    elif kind == "protected":
        meta.setdefault("annotations", {})[PROTECT] = draft.pick(PROTECTED)
        if draft.often(0.6):
            status["startTime"] = draft.pick(STARTED)
    elif kind == "ready":
        status.setdefault("conditions", []).append({"type": "Ready", "status": draft.pick(("True", "False"))})
    elif kind == "tolerates":
        entry = {"key": "karpenter.sh/disrupted", "operator": "Exists"}
        pod["spec"]["tolerations"] = [draft.pick(({"operator": "Exists"}, entry, {**entry, "effect": "NoSchedule"}))]
    else:
        meta["ownerReferences"] = _owner(kind)
    return f"{meta['name']}: {kind}"


def resident_volume(draft: Draft) -> str | None:
    """A volume of a bound pod."""
    pod = draft.pick(draft.bound())
    return volume_for(draft, [pod]) if pod is not None else None


def torn_volume(draft: Draft) -> str | None:
    """A claim or a class of storage that is gone while pods still name it."""
    gone = draft.pick([*draft.of("PersistentVolumeClaim"), *draft.of("StorageClass")])
    if gone is None:
        return None
    draft.objects.remove(gone)
    return f"no {gone['kind']} {gone['metadata']['name']}"


MUTATIONS: tuple[Mutation, ...] = (going, going, resident, resident, resident, resident_volume, torn_volume)
