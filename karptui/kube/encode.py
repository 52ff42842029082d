"""Model objects back into manifests that `decode` reads as the same: what a kept question is made of.

Only what the model has is written. A pod's containers come as one, which asks for what all of them do.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from karptui.kube.decode import BY_KIND
from karptui.kube.encode_pod import encoded_node_terms, encoded_pod_spec, encoded_selector, given
from karptui.model.metadata import Conditions, Metadata
from karptui.model.node import Node, NodeClaim, NodeClassReference, RequirementSpec
from karptui.model.node_overlay import NodeOverlay
from karptui.model.nodepool import Budget, NodeClass, NodePool
from karptui.model.pod import Pod
from karptui.model.quantity import NANO
from karptui.model.taints import Taint
from karptui.model.volume import CSINode, PersistentVolume, PersistentVolumeClaim, StorageClass
from karptui.model.workload import DaemonSet, Namespace, PodDisruptionBudget, PriorityClass, Workload

Json = dict[str, Any]
_MILLI = NANO // 1000
_PROVIDER_GROUPS = {"EC2NodeClass": "karpenter.k8s.aws/v1", "KWOKNodeClass": "karpenter.kwok.sh/v1alpha1"}


def encoded(entry: Any) -> Json:
    """The manifest of a model object. Raises TypeError for what is none."""
    match entry:
        case Pod():
            return _pod(entry)
        case Node():
            return _node(entry)
        case NodeClaim():
            return _node_claim(entry)
        case NodePool():
            return _node_pool(entry)
        case NodeOverlay():
            return _node_overlay(entry)
        case NodeClass():
            version = _PROVIDER_GROUPS.get(entry.kind, "karpenter.k8s.aws/v1")
            body = given(spec=entry.spec, status={**entry.status, "conditions": encoded_conditions(entry.conditions)})
            return {"apiVersion": version, "kind": entry.kind, "metadata": encoded_metadata(entry.metadata), **body}
        case DaemonSet():
            template = {"metadata": {"labels": entry.template_labels}, "spec": encoded_pod_spec(entry.spec)}
            spec = given(selector=encoded_selector(entry.selector), template=template)
            return _manifest("DaemonSet", entry.metadata, spec=spec)
        case Workload():
            wanted, ready = ("parallelism", "ready") if entry.kind == "Job" else ("replicas", "readyReplicas")
            spec = {wanted: entry.replicas, **given(selector=encoded_selector(entry.selector))}
            return _manifest(entry.kind, entry.metadata, spec=spec, status={ready: entry.ready})
        case PodDisruptionBudget():
            return _budget(entry)
        case Namespace():
            return _manifest("Namespace", entry.metadata)
        case PriorityClass():
            return _manifest("PriorityClass", entry.metadata, value=entry.value, globalDefault=entry.global_default)
        case PersistentVolumeClaim() | PersistentVolume() | StorageClass() | CSINode():
            return _volume(entry)
        case _:
            raise TypeError(f"{type(entry).__name__} is no Kubernetes object")


def encoded_amounts(resources: Mapping[str, int]) -> dict[str, str]:
    """A resource list of nano-units as exact quantities."""
    return {name: encoded_amount(amount) for name, amount in resources.items()}


def encoded_amount(amount: int) -> str:
    """An exact quantity of nano-units."""
    if amount % NANO == 0:
        return str(amount // NANO)
    return f"{amount // _MILLI}m" if amount % _MILLI == 0 else f"{amount}n"


def encoded_time(at: float) -> str:
    """RFC 3339 in UTC, to the microsecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def encoded_metadata(metadata: Metadata) -> Json:
    """metadata, as much as the model has of it."""
    owners = [
        {"apiVersion": o.api_version, "kind": o.kind, "name": o.name, "uid": o.uid, "controller": o.controller}
        for o in metadata.owners
    ]
    return {
        "name": metadata.name,
        "creationTimestamp": encoded_time(metadata.created),
        **given(
            namespace=metadata.namespace,
            uid=metadata.uid,
            labels=metadata.labels,
            annotations=metadata.annotations,
            deletionTimestamp=None if metadata.deleted is None else encoded_time(metadata.deleted),
            ownerReferences=owners,
            finalizers=list(metadata.finalizers),
            resourceVersion=metadata.resource_version,
            generation=metadata.generation,
        ),
    }


def encoded_conditions(conditions: Conditions) -> list[Json]:
    """status.conditions."""
    return [
        {
            "type": entry.type,
            "status": entry.status,
            "lastTransitionTime": encoded_time(entry.changed),
            **given(reason=entry.reason, message=entry.message, observedGeneration=entry.observed_generation),
        }
        for entry in conditions
    ]


def encoded_requirements(requirements: Iterable[RequirementSpec]) -> list[Json]:
    """Requirements of a NodePool or NodeClaim."""
    return [
        {"key": entry.key, "operator": entry.operator, **given(values=list(entry.values), minValues=entry.min_values)}
        for entry in requirements
    ]


def _manifest(kind: str, metadata: Metadata, **body: Any) -> Json:
    return {"apiVersion": BY_KIND[kind].api_version(), "kind": kind, "metadata": encoded_metadata(metadata), **body}


def _taints(taints: Iterable[Taint]) -> list[Json]:
    return [{"key": taint.key, "effect": taint.effect, **given(value=taint.value)} for taint in taints]


def _duration(seconds: float | None) -> str:
    return "Never" if seconds is None else f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def _pod(pod: Pod) -> Json:
    status: Json = {"phase": pod.phase, "conditions": encoded_conditions(pod.conditions)}
    status |= given(
        nominatedNodeName=pod.nominated_node, startTime=None if pod.started is None else encoded_time(pod.started)
    )
    if pod.containers_started is not None:
        started = {"running": {"startedAt": encoded_time(pod.containers_started)}}
        status["containerStatuses"] = [{"name": "all", "state": started}]
    spec = {**encoded_pod_spec(pod.spec, pod.requests), **given(nodeName=pod.node_name, priority=pod.priority)}
    return _manifest("Pod", pod.metadata, spec=spec, status=status)


def _node(node: Node) -> Json:
    spec = given(providerID=node.provider_id, taints=_taints(node.taints), unschedulable=node.unschedulable)
    status = {
        "capacity": encoded_amounts(node.capacity),
        "allocatable": encoded_amounts(node.allocatable),
        "conditions": encoded_conditions(node.conditions),
    }
    return _manifest("Node", node.metadata, spec=spec, status=status)


def _reference(entry: NodeClassReference) -> Json:
    return {"group": entry.group, "kind": entry.kind, "name": entry.name}


def _node_claim(claim: NodeClaim) -> Json:
    spec = {
        "nodeClassRef": _reference(claim.node_class),
        "requirements": encoded_requirements(claim.requirements),
        "resources": {"requests": encoded_amounts(claim.requests)},
        "expireAfter": _duration(claim.expire_after),
        **given(taints=_taints(claim.taints), startupTaints=_taints(claim.startup_taints)),
    }
    if claim.termination_grace_period is not None:
        spec["terminationGracePeriod"] = _duration(claim.termination_grace_period)
    last = None if claim.last_pod_event is None else encoded_time(claim.last_pod_event)
    status = {
        "capacity": encoded_amounts(claim.capacity),
        "allocatable": encoded_amounts(claim.allocatable),
        "conditions": encoded_conditions(claim.conditions),
        **given(providerID=claim.provider_id, nodeName=claim.node_name, imageID=claim.image_id, lastPodEventTime=last),
    }
    return _manifest("NodeClaim", claim.metadata, spec=spec, status=status)


def _pool_budget(budget: Budget) -> Json:
    duration = None if budget.duration is None else _duration(budget.duration)
    reasons = {} if budget.reasons is None else {"reasons": list(budget.reasons)}
    return {"nodes": budget.nodes, **reasons, **given(schedule=budget.schedule, duration=duration)}


def _node_pool(pool: NodePool) -> Json:
    template = pool.template
    metadata = given(labels=template.labels, annotations=template.own_annotations)
    spec: Json = {
        "nodeClassRef": _reference(template.node_class),
        "requirements": encoded_requirements(template.requirements),
        "expireAfter": _duration(template.expire_after),
        **given(taints=_taints(template.taints), startupTaints=_taints(template.startup_taints)),
    }
    if template.termination_grace_period is not None:
        spec["terminationGracePeriod"] = _duration(template.termination_grace_period)
    for name in template.given_empty:
        place = metadata if name in ("labels", "annotations") else spec
        place[name] = {} if place is metadata else []
    disruption = {
        "consolidationPolicy": pool.consolidation_policy,
        "consolidateAfter": _duration(pool.consolidate_after),
        "budgets": [_pool_budget(budget) for budget in pool.budgets],
    }
    body: Json = {"template": {"metadata": metadata, "spec": spec}, "disruption": disruption}
    body |= given(weight=pool.weight) | ({} if pool.limits is None else {"limits": encoded_amounts(pool.limits)})
    if pool.replicas is not None:
        body["replicas"] = pool.replicas
    status = {"resources": encoded_amounts(pool.resources), "conditions": encoded_conditions(pool.conditions)}
    return _manifest("NodePool", pool.metadata, spec=body, status=status)


def _node_overlay(overlay: NodeOverlay) -> Json:
    spec: Json = {"requirements": encoded_requirements(overlay.requirements), **given(weight=overlay.weight)}
    spec |= given(price=overlay.price, priceAdjustment=overlay.price_adjustment)
    if overlay.capacity is not None:
        spec["capacity"] = encoded_amounts(overlay.capacity)
    status = {"conditions": encoded_conditions(overlay.conditions)}
    return _manifest("NodeOverlay", overlay.metadata, spec=spec, status=status)


def _budget(budget: PodDisruptionBudget) -> Json:
    spec = given(
        selector=encoded_selector(budget.selector),
        minAvailable=budget.min_available,
        maxUnavailable=budget.max_unavailable,
        unhealthyPodEvictionPolicy="AlwaysAllow" if budget.always_allow_unhealthy else "",
    )
    counts = (budget.current_healthy, budget.desired_healthy, budget.expected_pods)
    told = zip(("currentHealthy", "desiredHealthy", "expectedPods"), counts, strict=True)
    status = {"disruptionsAllowed": budget.disruptions_allowed, **{name: n for name, n in told if n is not None}}
    return _manifest("PodDisruptionBudget", budget.metadata, spec=spec, status=status)


def _volume(entry: PersistentVolumeClaim | PersistentVolume | StorageClass | CSINode) -> Json:
    match entry:
        case PersistentVolumeClaim():
            spec = given(volumeName=entry.volume_name)
            if entry.storage_class is not None:
                spec["storageClassName"] = entry.storage_class
            return _manifest("PersistentVolumeClaim", entry.metadata, spec=spec, status={"phase": entry.phase})
        case PersistentVolume():
            terms = {"required": {"nodeSelectorTerms": encoded_node_terms(entry.node_terms)}}
            spec = given(
                nodeAffinity=terms if entry.node_terms else None,
                csi={"driver": entry.driver} if entry.driver else None,
                local={"path": "/"} if entry.local else None,
            )
            return _manifest("PersistentVolume", entry.metadata, spec=spec)
        case StorageClass():
            topologies = [
                {"matchLabelExpressions": [{"key": key, "values": list(values)} for key, _, values in alternative]}
                for alternative in entry.allowed_topologies
            ]
            body = given(volumeBindingMode=entry.binding_mode, allowedTopologies=topologies)
            return _manifest("StorageClass", entry.metadata, provisioner=entry.provisioner, **body)
        case CSINode():
            drivers = [
                {"name": name, "allocatable": {"count": count}} if count is not None else {"name": name}
                for name, count in entry.drivers.items()
            ]
            return _manifest("CSINode", entry.metadata, spec={"drivers": drivers})
