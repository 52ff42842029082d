"""The status of a Deployment, as `kubectl rollout status` reads it."""

from __future__ import annotations

from karptui.lab.cluster.kinds import Object
from karptui.lab.cluster.pod_conditions import with_condition


def deployment_status(item: Object, new: Object | None, sets: list[Object], max_unavailable: int, now: str) -> Object:
    """Counts and conditions from the ReplicaSets; `now` is the time of conditions that change."""

    def total(name: str) -> int:
        return sum((one.get("status") or {}).get(name, 0) for one in sets)

    wanted = item["spec"].get("replicas", 1)
    available = total("availableReplicas")
    updated = (new.get("status") or {}).get("replicas", 0) if new else 0
    conditions: list[Object] = [*((item.get("status") or {}).get("conditions") or ())]
    if available >= wanted - max_unavailable:
        enough = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        enough = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    conditions = _set(conditions, "Available", *enough, now)
    if new is not None:
        name = new["metadata"]["name"]
        if updated == wanted and total("replicas") == wanted and available == wanted:
            progress = ("NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
        elif not updated and not any(entry["type"] == "Progressing" for entry in conditions):
            progress = ("NewReplicaSetCreated", f'Created new replica set "{name}"')
        else:
            progress = ("ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
        conditions = _set(conditions, "Progressing", "True", *progress, now)
    return {
        "observedGeneration": item["metadata"].get("generation", 0),
        "replicas": total("replicas"),
        "updatedReplicas": updated,
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(wanted - available, 0),
        "terminatingReplicas": total("terminatingReplicas"),
        "conditions": conditions,
    }


def _set(conditions: list[Object], type_: str, status: str, reason: str, message: str, now: str) -> list[Object]:
    old = next((entry for entry in conditions if entry["type"] == type_), None)
    if old and (old["status"], old.get("reason"), old.get("message")) == (status, reason, message):
        return conditions
    new = {"type": type_, "status": status, "reason": reason, "message": message, "lastUpdateTime": now}
    return with_condition(conditions, new, now)
