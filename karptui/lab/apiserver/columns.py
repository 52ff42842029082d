"""The columns that the real server prints for its built-in resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from karptui.kube.timestamps import epoch
from karptui.lab.apiserver.pod_columns import pod_cells
from karptui.lab.apiserver.timestamps import age, human_duration

Manifest = dict[str, Any]
Row = Callable[[Manifest, float], list[Any]]

_NONE = "<none>"


def _spec(manifest: Manifest) -> Manifest:
    return manifest.get("spec") or {}


def _status(manifest: Manifest) -> Manifest:
    return manifest.get("status") or {}


def _name(manifest: Manifest) -> str:
    return manifest["metadata"]["name"]


def _age(manifest: Manifest, now: float) -> str:
    return age(manifest["metadata"].get("creationTimestamp"), now)


def _selector(selector: Manifest | None) -> str:
    parts = [f"{key}={value}" for key, value in sorted(((selector or {}).get("matchLabels") or {}).items())]
    return ",".join(parts) or _NONE


def _containers(template: Manifest) -> tuple[str, str]:
    containers = (_spec(template.get("template") or {})).get("containers") or ()
    return ",".join(item["name"] for item in containers), ",".join(item["image"] for item in containers)


def name_and_age(manifest: Manifest, now: float) -> list[Any]:
    """The row of a resource without columns of its own."""
    return [_name(manifest), _age(manifest, now)]


def _node(node: Manifest, now: float) -> list[Any]:
    spec, status = _spec(node), _status(node)
    ready = next((item for item in status.get("conditions") or () if item.get("type") == "Ready"), None)
    state = "Unknown" if ready is None else ("Ready" if ready.get("status") == "True" else "NotReady")
    if spec.get("unschedulable"):
        state += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    labels = node["metadata"].get("labels") or {}
    roles = sorted(label.removeprefix(prefix) for label in labels if label.startswith(prefix))
    addresses = {item["type"]: item["address"] for item in status.get("addresses") or ()}
    info = status.get("nodeInfo") or {}
    return [
        _name(node),
        state,
        ",".join(roles) or _NONE,
        _age(node, now),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", _NONE),
        addresses.get("ExternalIP", _NONE),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _deployment(item: Manifest, now: float) -> list[Any]:
    spec, status = _spec(item), _status(item)
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}"
    names, images = _containers(spec)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    return [_name(item), ready, updated, available, _age(item, now), names, images, _selector(spec.get("selector"))]


def _replica_set(item: Manifest, now: float) -> list[Any]:
    spec, status = _spec(item), _status(item)
    names, images = _containers(spec)
    counts = [spec.get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [_name(item), *counts, _age(item, now), names, images, _selector(spec.get("selector"))]


def _stateful_set(item: Manifest, now: float) -> list[Any]:
    spec, status = _spec(item), _status(item)
    return [
        _name(item),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        _age(item, now),
        *_containers(spec),
    ]


def _daemon_set(item: Manifest, now: float) -> list[Any]:
    spec, status = _spec(item), _status(item)
    counted = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled")
    node_selector = (_spec(spec.get("template") or {})).get("nodeSelector") or {}
    return [
        _name(item),
        *(status.get(field, 0) for field in counted),
        status.get("numberAvailable", 0),
        _selector({"matchLabels": node_selector}),
        _age(item, now),
        *_containers(spec),
        _selector(spec.get("selector")),
    ]


def _job(item: Manifest, now: float) -> list[Any]:
    spec, status = _spec(item), _status(item)
    true = {entry["type"] for entry in status.get("conditions") or () if entry.get("status") == "True"}
    state = next((name for name in ("Complete", "Failed", "Suspended") if name in true), "Running")
    completions = f"{status.get('succeeded', 0)}/{spec.get('completions', 1)}"
    duration = ""
    if status.get("startTime"):
        end = epoch(status["completionTime"]) if status.get("completionTime") else now
        duration = human_duration(end - epoch(status["startTime"]))
    return [
        _name(item),
        state,
        completions,
        duration,
        _age(item, now),
        *_containers(spec),
        _selector(spec.get("selector")),
    ]


def _cron_job(item: Manifest, now: float) -> list[Any]:
    spec, status = _spec(item), _status(item)
    last = age(status["lastScheduleTime"], now) if status.get("lastScheduleTime") else _NONE
    return [
        _name(item),
        spec.get("schedule", ""),
        spec.get("timeZone") or _NONE,
        str(bool(spec.get("suspend"))),
        len(status.get("active") or ()),
        last,
        _age(item, now),
    ]


def _budget(item: Manifest, now: float) -> list[Any]:
    spec = _spec(item)
    minimum, maximum = spec.get("minAvailable"), spec.get("maxUnavailable")
    return [
        _name(item),
        "N/A" if minimum is None else str(minimum),
        "N/A" if maximum is None else str(maximum),
        _status(item).get("disruptionsAllowed", 0),
        _age(item, now),
    ]


def _service(item: Manifest, now: float) -> list[Any]:
    spec = _spec(item)
    ports = ",".join(f"{port.get('port')}/{port.get('protocol', 'TCP')}" for port in spec.get("ports") or ())
    selector = _selector({"matchLabels": spec.get("selector") or {}})
    cluster_ip = spec.get("clusterIP") or _NONE
    external = spec.get("externalName") or ",".join(spec.get("externalIPs") or ()) or _NONE
    return [_name(item), spec.get("type", ""), cluster_ip, external, ports or _NONE, _age(item, now), selector]


def _namespace(item: Manifest, now: float) -> list[Any]:
    return [_name(item), _status(item).get("phase", ""), _age(item, now)]


def _event(item: Manifest, now: float) -> list[Any]:
    involved = item.get("involvedObject") or {}
    source = item.get("source") or {}
    metadata = item["metadata"]
    first = item.get("firstTimestamp") or item.get("eventTime") or metadata.get("creationTimestamp")
    series = item.get("series") or {}
    last = series.get("lastObservedTime") or item.get("lastTimestamp") or first
    return [
        age(last, now),
        item.get("type", ""),
        item.get("reason", ""),
        f"{involved.get('kind', '').lower()}/{involved.get('name', '')}",
        involved.get("fieldPath", ""),
        source.get("component") or item.get("reportingComponent") or "",
        str(item.get("message", "")).strip(),
        age(first, now),
        series.get("count") or item.get("count") or 1,
        metadata["name"],
    ]


def _config_map(item: Manifest, now: float) -> list[Any]:
    return [_name(item), len(item.get("data") or {}) + len(item.get("binaryData") or {}), _age(item, now)]


def _secret(item: Manifest, now: float) -> list[Any]:
    return [_name(item), item.get("type", ""), len(item.get("data") or {}), _age(item, now)]


def _claim(item: Manifest, now: float) -> list[Any]:
    spec, status = _spec(item), _status(item)
    capacity = (status.get("capacity") or {}).get("storage", "")
    return [
        _name(item),
        status.get("phase", ""),
        spec.get("volumeName", ""),
        capacity,
        _access_modes(status if status.get("accessModes") else spec),
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        _age(item, now),
        spec.get("volumeMode", ""),
    ]


def _volume(item: Manifest, now: float) -> list[Any]:
    spec, status = _spec(item), _status(item)
    claim = spec.get("claimRef") or {}
    return [
        _name(item),
        (spec.get("capacity") or {}).get("storage", ""),
        _access_modes(spec),
        spec.get("persistentVolumeReclaimPolicy", ""),
        status.get("phase", ""),
        f"{claim['namespace']}/{claim['name']}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        status.get("reason", ""),
        _age(item, now),
        spec.get("volumeMode", ""),
    ]


_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _access_modes(holder: Manifest) -> str:
    return ",".join(_MODES.get(str(mode), str(mode)) for mode in holder.get("accessModes") or ())


def _storage_class(item: Manifest, now: float) -> list[Any]:
    annotations = item["metadata"].get("annotations") or {}
    default = annotations.get("storageclass.kubernetes.io/is-default-class") == "true"
    return [
        _name(item) + (" (default)" if default else ""),
        item.get("provisioner", ""),
        item.get("reclaimPolicy", ""),
        item.get("volumeBindingMode", ""),
        bool(item.get("allowVolumeExpansion")),
        _age(item, now),
    ]


def _csi_node(item: Manifest, now: float) -> list[Any]:
    return [_name(item), len(_spec(item).get("drivers") or ()), _age(item, now)]


def _lease(item: Manifest, now: float) -> list[Any]:
    return [_name(item), _spec(item).get("holderIdentity", ""), _age(item, now)]


def _priority_class(item: Manifest, now: float) -> list[Any]:
    policy = item.get("preemptionPolicy", "")
    return [_name(item), item.get("value", 0), bool(item.get("globalDefault")), _age(item, now), policy]


def _definition(item: Manifest, now: float) -> list[Any]:
    return [_name(item), item["metadata"].get("creationTimestamp")]


def _layout(names: str, row: Row) -> tuple[tuple[str, ...], Row]:
    return tuple(names.split("|")), row


_EVENT_COLUMNS = "Last Seen|Type|Reason|Object|+Subobject|+Source|Message|+First Seen|+#Count|+Name"

LAYOUTS: dict[tuple[str, str], tuple[tuple[str, ...], Row]] = {
    ("", "pods"): _layout("Name|Ready|Status|Restarts|Age|+IP|+Node|+Nominated Node|+Readiness Gates", pod_cells),
    ("", "nodes"): _layout(
        "Name|Status|Roles|Age|Version|+Internal-IP|+External-IP|+OS-Image|+Kernel-Version|+Container-Runtime", _node
    ),
    ("", "namespaces"): _layout("Name|Status|Age", _namespace),
    ("", "services"): _layout("Name|Type|Cluster-IP|External-IP|Port(s)|Age|+Selector", _service),
    ("", "events"): _layout(_EVENT_COLUMNS, _event),
    ("events.k8s.io", "events"): _layout(_EVENT_COLUMNS, _event),
    ("", "configmaps"): _layout("Name|#Data|Age", _config_map),
    ("", "secrets"): _layout("Name|Type|#Data|Age", _secret),
    ("", "persistentvolumeclaims"): _layout(
        "Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|+VolumeMode", _claim
    ),
    ("", "persistentvolumes"): _layout(
        "Name|Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|VolumeAttributesClass|Reason|Age"
        "|+VolumeMode",
        _volume,
    ),
    ("apps", "deployments"): _layout(
        "Name|Ready|#Up-to-date|#Available|Age|+Containers|+Images|+Selector", _deployment
    ),
    ("apps", "replicasets"): _layout("Name|#Desired|#Current|#Ready|Age|+Containers|+Images|+Selector", _replica_set),
    ("", "replicationcontrollers"): _layout(
        "Name|#Desired|#Current|#Ready|Age|+Containers|+Images|+Selector", _replica_set
    ),
    ("apps", "statefulsets"): _layout("Name|Ready|Age|+Containers|+Images", _stateful_set),
    ("apps", "daemonsets"): _layout(
        "Name|#Desired|#Current|#Ready|#Up-to-date|#Available|Node Selector|Age|+Containers|+Images|+Selector",
        _daemon_set,
    ),
    ("batch", "jobs"): _layout("Name|Status|Completions|Duration|Age|+Containers|+Images|+Selector", _job),
    ("batch", "cronjobs"): _layout("Name|Schedule|Timezone|Suspend|#Active|Last Schedule|Age", _cron_job),
    ("policy", "poddisruptionbudgets"): _layout("Name|Min Available|Max Unavailable|#Allowed Disruptions|Age", _budget),
    ("storage.k8s.io", "storageclasses"): _layout(
        "Name|Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age", _storage_class
    ),
    ("storage.k8s.io", "csinodes"): _layout("Name|#Drivers|Age", _csi_node),
    ("coordination.k8s.io", "leases"): _layout("Name|Holder|Age", _lease),
    ("scheduling.k8s.io", "priorityclasses"): _layout(
        "Name|#Value|Global-Default|Age|PreemptionPolicy", _priority_class
    ),
    ("apiextensions.k8s.io", "customresourcedefinitions"): _layout("Name|Created At", _definition),
}
"""Resource → column names (marks as in `table._definition`) and the function that fills a row."""
