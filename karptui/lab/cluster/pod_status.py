"""The status that a kubelet writes for a pod, stage by stage."""

from __future__ import annotations

import zlib

from karptui.lab.cluster.kinds import Object
from karptui.lab.cluster.pod_conditions import condition_of, phase

ALWAYS = "Always"
READY_TYPES = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady")

Patch = Object
"""A strategic merge patch of the status."""


def creating(pod: Object, node: Object | None, now: str) -> Patch:
    """Taken on by the kubelet: nothing runs yet."""
    waiting = {"waiting": {"reason": "ContainerCreating" if not _to_finish_first(pod) else "PodInitializing"}}
    host = host_ip(node)
    names = [container["name"] for container in pod["spec"]["containers"]]
    not_ready = ("ContainersNotReady", f"containers with unready status: [{' '.join(names)}]")
    initialized: tuple[str, str, str] = ("True", "", "")
    if _to_finish_first(pod):
        initialized = (
            "False",
            "ContainersNotInitialized",
            f"containers with incomplete status: [{' '.join(_to_finish_first(pod))}]",
        )
    status: Object = {
        "phase": "Pending",
        "startTime": now,
        "hostIP": host,
        "hostIPs": [{"ip": host}],
        "containerStatuses": [_container(container, waiting, False, False) for container in pod["spec"]["containers"]],
        "conditions": _conditions(
            pod,
            {
                "PodReadyToStartContainers": ("False", "", ""),
                "Initialized": initialized,
                "Ready": ("False", *not_ready),
                "ContainersReady": ("False", *not_ready),
            },
            now,
        ),
    }
    if pod["spec"].get("initContainers"):
        status["initContainerStatuses"] = [
            _container(container, waiting, False, False) for container in pod["spec"]["initContainers"]
        ]
    return {"status": status}


def running(pod: Object, ready: bool, now: str) -> Patch:
    """All containers run; without `ready` their probes have not succeeded yet."""
    state = {"running": {"startedAt": now}}
    names = [container["name"] for container in pod["spec"]["containers"]]
    if ready:
        last: tuple[str, str, str] = ("True", "", "")
    else:
        last = ("False", "ContainersNotReady", f"containers with unready status: [{' '.join(names)}]")
    done = ("True", "", "")
    conditions = {"PodReadyToStartContainers": done, "Initialized": done, "Ready": last, "ContainersReady": last}
    ip = pod_ip(pod)
    status: Object = {
        "phase": "Running",
        "podIP": ip,
        "podIPs": [{"ip": ip}],
        "containerStatuses": [_container(container, state, ready, True) for container in pod["spec"]["containers"]],
        "conditions": _conditions(pod, conditions, now),
    }
    if pod["spec"].get("initContainers"):
        over = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}}
        status["initContainerStatuses"] = [
            _container(container, state if container.get("restartPolicy") == ALWAYS else over, True, True)
            for container in pod["spec"]["initContainers"]
        ]
    return {"status": status}


def now_ready(pod: Object, now: str) -> Patch:
    """The probes of a running pod have succeeded."""
    done = ("True", "", "")
    statuses = [{**one, "ready": True} for one in pod["status"].get("containerStatuses") or ()]
    conditions = _conditions(pod, {"Ready": done, "ContainersReady": done}, now)
    return {"status": {"containerStatuses": statuses, "conditions": conditions}}


def ended(pod: Object, exit_code: int, now: str) -> Patch:
    """All containers have ended by themselves."""
    reason = "Completed" if exit_code == 0 else "Error"
    statuses: list[Object] = []
    for one in pod["status"].get("containerStatuses") or ():
        started = ((one.get("state") or {}).get("running") or {}).get("startedAt", now)
        over = {"exitCode": exit_code, "reason": reason, "startedAt": started, "finishedAt": now}
        statuses.append({**one, "ready": False, "started": False, "state": {"terminated": over}})
    not_ready = ("False", "PodCompleted" if exit_code == 0 else "PodFailed", "")
    conditions = {
        "PodReadyToStartContainers": ("False", "", ""),
        "Initialized": ("True", "PodCompleted" if exit_code == 0 else "", ""),
        "Ready": not_ready,
        "ContainersReady": not_ready,
    }
    return {
        "status": {
            "phase": "Succeeded" if exit_code == 0 else "Failed",
            "containerStatuses": statuses,
            "conditions": _conditions(pod, conditions, now),
        }
    }


def started_at(pod: Object) -> str | None:
    """When the first container started."""
    for one in (pod.get("status") or {}).get("containerStatuses") or ():
        at = ((one.get("state") or {}).get("running") or {}).get("startedAt")
        if at:
            return at
    return None


def taken_on(pod: Object) -> bool:
    """Whether a kubelet has seen it."""
    return bool((pod.get("status") or {}).get("startTime"))


def runs_to_end(pod: Object) -> bool:
    """Whether its containers end by themselves: those of Jobs do."""
    return (pod["spec"].get("restartPolicy") or ALWAYS) != ALWAYS


def is_running(pod: Object) -> bool:
    """Whether its phase is Running."""
    return phase(pod) == "Running"


def host_ip(node: Object | None) -> str:
    """The node's internal address."""
    for address in ((node or {}).get("status") or {}).get("addresses") or ():
        if address["type"] == "InternalIP":
            return address["address"]
    return "10.0.0.1"


def pod_ip(pod: Object) -> str:
    """An address made of the uid: stable over restarts, of the kind that the VPC plugin gives."""
    if pod["spec"].get("hostNetwork"):
        return (pod.get("status") or {}).get("hostIP") or "10.0.0.1"
    value = zlib.crc32(pod["metadata"]["uid"].encode())
    return f"10.0.{value >> 8 & 0xFF}.{(value & 0xFF) or 1}"


def _to_finish_first(pod: Object) -> list[str]:
    """Names of init containers that end before the others start."""
    init = pod["spec"].get("initContainers") or ()
    return [container["name"] for container in init if container.get("restartPolicy") != ALWAYS]


def _container(container: Object, state: Object, ready: bool, started: bool) -> Object:
    digest = f"{zlib.crc32(container['image'].encode()):08x}" * 8
    known = "waiting" not in state
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": f"{container['image'].split('@')[0]}@sha256:{digest}" if known else "",
        "lastState": {},
        "ready": ready,
        "restartCount": 0,
        "started": started,
        "state": state,
    }


def _conditions(pod: Object, wanted: dict[str, tuple[str, str, str]], now: str) -> list[Object]:
    conditions: list[Object] = []
    for type_, (status, reason, message) in wanted.items():
        old = condition_of(pod, type_)
        kept = old is not None and old["status"] == status
        # None deletes in a merge patch: a reason must not outlive its status.
        conditions.append(
            {
                "type": type_,
                "status": status,
                "reason": reason or None,
                "message": message or None,
                "lastProbeTime": None,
                "lastTransitionTime": old["lastTransitionTime"] if old and kept else now,
            }
        )
    return conditions
