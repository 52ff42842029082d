"""What a manifest would become in a cluster, so that it can be planned for without one.

An API server fills in defaults and controllers make pods; here the part of that is done on which decisions depend.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec

from karptui.kube.decode import decode_manifest, resource_for
from karptui.kube.errors import DecodeError
from karptui.model.labels import validate_requirement
from karptui.model.nodepool import NodePool
from karptui.model.pod import Pod

Manifest = dict[str, Any]

MOST_PODS = 100_000
"""Pods made of one workload at most: a typo in `replicas` must not fill the memory."""

DEFAULT_EXPIRE_AFTER = "720h"
"""spec.template.spec.expireAfter of a NodePool, as its CRD says."""

SYSTEM_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
WORKLOADS = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "Job"})
_OWNER_VERSIONS = {"ReplicaSet": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1"}
_READY = ("ValidationSucceeded", "NodeClassReady", "Ready")


def planned_objects(
    manifests: Iterable[tuple[str, Manifest]], now: float = 0.0
) -> tuple[list[tuple[str, Any]], list[str]]:
    """((plural, model object) pairs, problems) of what manifests would become: workloads with their pending pods.

    `manifests` are (source, object) pairs as read_manifests gives them, `now` epoch seconds.
    """
    given = list(manifests)
    priorities = {**SYSTEM_PRIORITIES, **_priorities(manifest for _, manifest in given)}
    found: list[tuple[str, Any]] = []
    problems: list[str] = []
    for source, manifest in given:
        for completed in _completed(manifest, priorities, now):
            try:
                resource, entry = decode_manifest(completed)
                if isinstance(entry, Pod) and (below := _below_nothing(entry)):
                    problems.append(f"{source}: Pod {entry.key} asks for less than nothing of {below}: it is left out")
                    break
                found.append((resource, entry))
                if isinstance(entry, NodePool):
                    problems += (f"{source}: NodePool {entry.metadata.name}: {why}" for why in _refusals(entry))
            except DecodeError as error:
                problems.append(f"{source}: {error}")
                break
            except KeyError:
                break
        if _wanted(manifest) > MOST_PODS:
            problems.append(f"{source}: {_wanted(manifest)} replicas are more than the {MOST_PODS} planned for.")
    return found, problems


def _below_nothing(pod: Pod) -> str:
    """The resources that a pod asks a negative amount of, which an API server refuses."""
    return ", ".join(sorted(name for name, amount in pod.requests.items() if amount < 0))


def _completed(manifest: Manifest, priorities: Mapping[str, int], now: float) -> Iterator[Manifest]:
    kind = str(manifest.get("kind"))
    manifest = _with_namespace(manifest)
    if kind in WORKLOADS:
        yield manifest
        yield from claims_of(manifest)
        yield from pending_pods_of(manifest, priorities=priorities, now=now)
    elif kind == "Pod":
        yield _pending(deepcopy(manifest), priorities, now)
    elif kind == "NodePool":
        yield _usable_pool(deepcopy(manifest))
    else:
        yield manifest


def pending_pods_of(
    workload: Manifest, *, priorities: Mapping[str, int] | None = None, now: float = 0.0
) -> list[Manifest]:
    """The pods that a Deployment, ReplicaSet, StatefulSet or Job asks for, as the kube-scheduler gave up on them.

    [] for other kinds and for what has no template; names and uids are the same every time.
    """
    kind, spec = str(workload.get("kind")), _map(workload.get("spec"))
    template = spec.get("template")
    if kind not in WORKLOADS or not isinstance(template, dict):
        return []
    workload = _with_namespace(workload)
    made = priorities or SYSTEM_PRIORITIES
    return [_pending(_pod(workload, template, index), made, now) for index in range(min(_wanted(workload), MOST_PODS))]


def claims_of(workload: Manifest) -> list[Manifest]:
    """The PersistentVolumeClaims that a StatefulSet's volumeClaimTemplates ask for."""
    if workload.get("kind") != "StatefulSet":
        return []
    metadata, claims = _map(workload.get("metadata")), []
    for index in range(min(_wanted(workload), MOST_PODS)):
        for template in _templates(workload):
            claim = deepcopy(template)
            name = f"{_map(template.get('metadata')).get('name')}-{metadata.get('name')}-{index}"
            claim.update(apiVersion="v1", kind="PersistentVolumeClaim")
            claim["metadata"] = {**_map(claim.get("metadata")), "name": name, "namespace": metadata.get("namespace")}
            claims.append(claim)
    return claims


def _wanted(workload: Manifest) -> int:
    spec = _map(workload.get("spec"))
    kind = workload.get("kind")
    if kind not in WORKLOADS:
        return 0
    if kind == "Job":
        counts = [count for count in (spec.get("parallelism"), spec.get("completions")) if isinstance(count, int)]
        return max(min(counts), 0) if counts else 1
    replicas = spec.get("replicas")
    return max(replicas, 0) if isinstance(replicas, int) else 1


def _pod(workload: Manifest, template: Manifest, index: int) -> Manifest:
    metadata, kind = _map(workload.get("metadata")), str(workload["kind"])
    made, spec = _map(template.get("metadata")), deepcopy(_map(template.get("spec")))
    name, labels = str(metadata.get("name")), dict(_map(made.get("labels")))
    owner_kind, owner_name, pod_name = kind, name, f"{name}-{index:05d}"
    if kind == "Deployment":
        revision = _digest(msgspec.json.encode(template), 5)
        # What topologySpreadConstraints name in matchLabelKeys.
        labels["pod-template-hash"] = revision
        owner_kind, owner_name = "ReplicaSet", f"{name}-{revision}"
        pod_name = f"{owner_name}-{index:05d}"
    elif kind == "StatefulSet":
        pod_name = f"{name}-{index}"
        spec["volumes"] = [*(spec.get("volumes") or ()), *_claimed(workload, index)]
    owner = {
        "apiVersion": _OWNER_VERSIONS[owner_kind],
        "kind": owner_kind,
        "name": owner_name,
        "uid": _digest(f"{metadata.get('namespace')}/{owner_kind}/{owner_name}".encode(), 16),
        "controller": True,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod_name,
            "namespace": metadata.get("namespace"),
            "labels": labels,
            "annotations": made.get("annotations"),
            "ownerReferences": [owner],
        },
        "spec": spec,
    }


def _claimed(workload: Manifest, index: int) -> Iterator[Manifest]:
    owner = _map(workload.get("metadata")).get("name")
    for template in _templates(workload):
        name = _map(template.get("metadata")).get("name")
        yield {"name": name, "persistentVolumeClaim": {"claimName": f"{name}-{owner}-{index}"}}


def _templates(workload: Manifest) -> list[Manifest]:
    templates = _map(workload.get("spec")).get("volumeClaimTemplates")
    return [template for template in templates if isinstance(template, dict)] if isinstance(templates, list) else []


def _pending(pod: Manifest, priorities: Mapping[str, int], now: float) -> Manifest:
    """The pod as an API server would store it and the kube-scheduler leave it, if it has neither node nor status."""
    metadata, spec = _map(pod.get("metadata")), _map(pod.get("spec"))
    stamp = datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z")
    metadata.setdefault("name", f"{metadata.get('generateName', 'pod-')}00000")
    metadata.setdefault("uid", _digest(f"{metadata.get('namespace')}/{metadata['name']}".encode(), 16))
    metadata.setdefault("creationTimestamp", stamp)
    for container in [*_list(spec.get("containers")), *_list(spec.get("initContainers"))]:
        resources = container.get("resources") if isinstance(container, dict) else None
        if isinstance(resources, dict) and isinstance(resources.get("limits"), dict):
            resources["requests"] = {**resources["limits"], **_map(resources.get("requests"))}
    if "priority" not in spec and spec.get("priorityClassName") in priorities:
        spec["priority"] = priorities[spec["priorityClassName"]]
    status = _map(pod.get("status"))
    if not spec.get("nodeName") and not status.get("conditions"):
        condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": stamp}
        gated = {**condition, "reason": "SchedulingGated"}
        pod["status"] = {
            **status,
            "phase": "Pending",
            "conditions": [gated if spec.get("schedulingGates") else condition],
        }
    return {**pod, "metadata": metadata, "spec": spec}


def _usable_pool(pool: Manifest) -> Manifest:
    """The pool with its CRD's default, and ready if it does not say."""
    template = _map(_map(pool.get("spec")).get("template")).get("spec")
    if isinstance(template, dict) and not str(pool.get("apiVersion")).endswith("v1beta1"):
        template.setdefault("expireAfter", DEFAULT_EXPIRE_AFTER)
    if not _map(pool.get("status")).get("conditions"):
        conditions = [{"type": kind, "status": "True", "reason": kind} for kind in _READY]
        pool["status"] = {**_map(pool.get("status")), "conditions": conditions}
    return pool


def _refusals(pool: NodePool) -> list[str]:
    """Why Karpenter would not take the pool's requirements: it would never be ready."""
    return [
        error
        for spec in pool.template.requirements
        for error in validate_requirement(spec.key, spec.operator, spec.values, spec.min_values)
    ]


def _with_namespace(manifest: Manifest) -> Manifest:
    resource = resource_for(str(manifest.get("kind")), str(manifest.get("apiVersion")))
    metadata = manifest.get("metadata")
    if resource is None or not resource.namespaced or not isinstance(metadata, dict) or metadata.get("namespace"):
        return manifest
    return {**manifest, "metadata": {**metadata, "namespace": "default"}}


def _priorities(manifests: Iterable[Manifest]) -> dict[str, int]:
    return {
        str(_map(manifest.get("metadata")).get("name")): manifest["value"]
        for manifest in manifests
        if manifest.get("kind") == "PriorityClass" and isinstance(manifest.get("value"), int)
    }


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _digest(content: bytes, size: int) -> str:
    return blake2b(content, digest_size=size).hexdigest()
