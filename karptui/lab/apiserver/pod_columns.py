"""The row of a pod in `kubectl get pods`: its status is read from many places."""

from __future__ import annotations

from typing import Any

from karptui.lab.apiserver.timestamps import age

Manifest = dict[str, Any]

_NONE = "<none>"


def pod_cells(pod: Manifest, now: float) -> list[Any]:
    """Name, Ready, Status, Restarts, Age, IP, Node, Nominated Node, Readiness Gates."""
    spec, status, metadata = pod.get("spec") or {}, pod.get("status") or {}, pod["metadata"]
    statuses = status.get("containerStatuses") or ()
    ready = sum(1 for item in statuses if item.get("ready") and "running" in (item.get("state") or {}))
    restarts = sum(item.get("restartCount", 0) for item in statuses)
    addresses = status.get("podIPs") or ()
    gates = spec.get("readinessGates") or ()
    true = {item["type"] for item in status.get("conditions") or () if item.get("status") == "True"}
    return [
        metadata["name"],
        f"{ready}/{len(spec.get('containers') or ())}",
        pod_status(pod),
        str(restarts),
        age(metadata.get("creationTimestamp"), now),
        (addresses[0].get("ip") if addresses else status.get("podIP")) or _NONE,
        spec.get("nodeName") or _NONE,
        status.get("nominatedNodeName") or _NONE,
        f"{sum(gate['conditionType'] in true for gate in gates)}/{len(gates)}" if gates else _NONE,
    ]


def pod_status(pod: Manifest) -> str:
    """The word in the Status column: a container's trouble goes before the phase, deletion before both."""
    status = pod.get("status") or {}
    word = status.get("reason") or status.get("phase") or "Pending"
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            word = "SchedulingGated"
    initializing = _initializing(pod, status)
    if initializing:
        word = initializing
    else:
        word = _container_word(status) or word
    if "deletionTimestamp" in pod["metadata"]:
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return word


def _initializing(pod: Manifest, status: Manifest) -> str:
    total = len((pod.get("spec") or {}).get("initContainers") or ())
    for index, item in enumerate(status.get("initContainerStatuses") or ()):
        state = item.get("state") or {}
        ended = state.get("terminated")
        if ended is not None and ended.get("exitCode", 0) == 0:
            continue
        if item.get("started") and item.get("ready"):
            continue
        if ended is not None:
            return f"Init:{ended.get('reason') or 'ExitCode:' + str(ended.get('exitCode'))}"
        reason = (state.get("waiting") or {}).get("reason")
        return f"Init:{reason}" if reason and reason != "PodInitializing" else f"Init:{index}/{total}"
    return ""


def _container_word(status: Manifest) -> str:
    word = ""
    running = False
    for item in reversed(status.get("containerStatuses") or ()):
        state = item.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated")
        if waiting.get("reason"):
            word = waiting["reason"]
        elif ended is not None:
            word = ended.get("reason") or f"ExitCode:{ended.get('exitCode', 0)}"
        elif item.get("ready") and "running" in state:
            running = True
    if word == "Completed" and running:
        return "Running"
    return word
