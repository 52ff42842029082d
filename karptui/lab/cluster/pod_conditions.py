"""What a pod's status says: conditions, readiness, activity."""

from __future__ import annotations

from karptui.kube.timestamps import epoch
from karptui.lab.cluster.kinds import Object, deleting


def condition_of(item: Object, type_: str) -> Object | None:
    """The condition of this type, if the object has it."""
    for condition in (item.get("status") or {}).get("conditions") or ():
        if condition["type"] == type_:
            return condition
    return None


def phase(pod: Object) -> str:
    """status.phase; a pod without a status is Pending."""
    return (pod.get("status") or {}).get("phase", "Pending")


def finished(pod: Object) -> bool:
    """Whether all its containers have ended for good."""
    return phase(pod) in ("Succeeded", "Failed")


def active(pod: Object) -> bool:
    """Neither finished nor terminating: what a ReplicaSet counts."""
    return not finished(pod) and not deleting(pod)


def ready(pod: Object) -> bool:
    """Whether its Ready condition is True."""
    condition = condition_of(pod, "Ready")
    return condition is not None and condition["status"] == "True"


def ready_since(pod: Object) -> float:
    """Epoch seconds of the Ready condition's last change, 0 if the pod is not ready."""
    condition = condition_of(pod, "Ready")
    return epoch(condition.get("lastTransitionTime")) if condition and condition["status"] == "True" else 0.0


def available_in(pod: Object, min_ready_seconds: int, now: float) -> float | None:
    """Seconds until a pod counts as available: 0 if it does by now, None while it is not ready."""
    if not ready(pod):
        return None
    if not min_ready_seconds:
        return 0.0
    return max(ready_since(pod) + min_ready_seconds - now, 0.0)


def node_name(pod: Object) -> str:
    """The node that it is bound to, or ""."""
    return pod["spec"].get("nodeName") or ""


def with_condition(conditions: list[Object], new: Object, now: str) -> list[Object]:
    """The conditions with `new` in place of the one of its type; lastTransitionTime moves only with the status."""
    old = next((entry for entry in conditions if entry["type"] == new["type"]), None)
    kept = old is not None and old["status"] == new["status"]
    changed = {**new, "lastTransitionTime": old.get("lastTransitionTime", now) if old and kept else now}
    if old is None:
        return [*conditions, changed]
    return [changed if entry is old else entry for entry in conditions]
