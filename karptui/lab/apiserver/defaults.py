"""The values that Kubernetes fills in when an object leaves them out, as far as clients rely on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Manifest = dict[str, Any]

_POD_SPEC = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "enableServiceLinks": True,
}
_UNAVAILABLE_SECONDS = 300  # admission plugin DefaultTolerationSeconds
_NODE_TROUBLES = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def set_pod_spec_defaults(spec: Manifest) -> None:
    """Defaults of a PodSpec, in a Pod or in a template."""
    for field, value in _POD_SPEC.items():
        spec.setdefault(field, value)
    spec.setdefault("securityContext", {})
    if "serviceAccountName" in spec:
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        _set_container_defaults(container)


def _set_container_defaults(container: Manifest) -> None:
    image = str(container.get("image", ""))
    tag = image.rsplit("/", 1)[-1].partition("@")[0].partition(":")[2]
    latest = "@" not in image and tag in ("", "latest")
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    resources = container.setdefault("resources", {})
    if limits := resources.get("limits"):
        requests = resources.setdefault("requests", {})
        for name, quantity in limits.items():
            requests.setdefault(name, quantity)
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")


def _pod(pod: Manifest) -> None:
    spec = pod.setdefault("spec", {})
    spec.setdefault("serviceAccountName", "default")
    set_pod_spec_defaults(spec)
    tolerations = spec.setdefault("tolerations", [])
    for key in _NODE_TROUBLES:
        if not any(_tolerates(toleration, key) for toleration in tolerations):
            tolerations.append(
                {
                    "key": key,
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": _UNAVAILABLE_SECONDS,
                }
            )


def _tolerates(toleration: Manifest, key: str) -> bool:
    its_key = toleration.get("key", "")
    return its_key in ("", key) and toleration.get("effect", "") in ("", "NoExecute")


def _template(workload: Manifest) -> Manifest:
    spec: Manifest = workload.setdefault("spec", {})
    template = spec.get("template")
    if isinstance(template, dict):
        template.setdefault("metadata", {}).setdefault("creationTimestamp", None)
        set_pod_spec_defaults(template.setdefault("spec", {}))
    return spec


def _deployment(deployment: Manifest) -> None:
    spec = _template(deployment)
    _fill(spec, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        _fill(strategy.setdefault("rollingUpdate", {}), {"maxUnavailable": "25%", "maxSurge": "25%"})


def _replica_set(replica_set: Manifest) -> None:
    _fill(_template(replica_set), {"replicas": 1})


def _stateful_set(stateful_set: Manifest) -> None:
    spec = _template(stateful_set)
    _fill(spec, {"replicas": 1, "podManagementPolicy": "OrderedReady", "revisionHistoryLimit": 10})
    strategy = spec.setdefault("updateStrategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        _fill(strategy.setdefault("rollingUpdate", {}), {"partition": 0})
    for claim in spec.get("volumeClaimTemplates") or ():
        _fill(claim.setdefault("spec", {}), {"volumeMode": "Filesystem"})


def _daemon_set(daemon_set: Manifest) -> None:
    spec = _template(daemon_set)
    _fill(spec, {"revisionHistoryLimit": 10})
    strategy = spec.setdefault("updateStrategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        _fill(strategy.setdefault("rollingUpdate", {}), {"maxUnavailable": 1, "maxSurge": 0})


def _job(job: Manifest) -> None:
    """Without a selector of its own, a Job's pods are told apart by its uid, as the real server does it."""
    spec = _template(job)
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    _fill(
        spec,
        {
            "parallelism": 1,
            "backoffLimit": 6,
            "suspend": False,
            "completionMode": "NonIndexed",
            "manualSelector": False,
        },
    )
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed")
    uid, name = job["metadata"].get("uid"), job["metadata"].get("name")
    if uid and not spec["manualSelector"] and "selector" not in spec:
        labels = spec.setdefault("template", {}).setdefault("metadata", {}).setdefault("labels", {})
        labels |= {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name}
        labels |= {"controller-uid": uid, "job-name": name}
        spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    del spec["manualSelector"]


def _cron_job(cron_job: Manifest) -> None:
    spec = cron_job.setdefault("spec", {})
    _fill(
        spec,
        {
            "concurrencyPolicy": "Allow",
            "suspend": False,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1,
        },
    )
    _template(spec.setdefault("jobTemplate", {}))


def _service(service: Manifest) -> None:
    spec = service.setdefault("spec", {})
    _fill(spec, {"type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"})
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
    service.setdefault("status", {}).setdefault("loadBalancer", {})


def _namespace(namespace: Manifest) -> None:
    metadata = namespace["metadata"]
    metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata["name"]
    namespace.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    namespace["status"] = {"phase": "Active"}


def _node(node: Manifest) -> None:
    node.setdefault("spec", {})
    node.setdefault("status", {})


def _node_pool(node_pool: Manifest) -> None:
    """Defaults of the NodePool schema (karpenter.sh_nodepools.yaml, v1)."""
    spec = node_pool.setdefault("spec", {})
    disruption = spec.setdefault("disruption", {})
    _fill(disruption, {"consolidateAfter": "0s", "consolidationPolicy": "WhenEmptyOrUnderutilized"})
    disruption.setdefault("budgets", [{"nodes": "10%"}])
    template = spec.get("template")
    if isinstance(template, dict) and isinstance(template.get("spec"), dict):
        template["spec"].setdefault("expireAfter", "720h")


def _node_claim(node_claim: Manifest) -> None:
    node_claim.setdefault("spec", {}).setdefault("expireAfter", "720h")


def _fill(target: Manifest, values: Manifest) -> None:
    for field, value in values.items():
        target.setdefault(field, value)


def _in_spec(values: Manifest) -> Callable[[Manifest], None]:
    return lambda manifest: _fill(manifest.setdefault("spec", {}), values)


def _at_top(values: Manifest) -> Callable[[Manifest], None]:
    return lambda manifest: _fill(manifest, values)


_SETTERS: dict[tuple[str, str], Callable[[Manifest], None]] = {
    ("", "pods"): _pod,
    ("", "services"): _service,
    ("", "namespaces"): _namespace,
    ("", "nodes"): _node,
    ("", "secrets"): _at_top({"type": "Opaque"}),
    ("", "persistentvolumeclaims"): _in_spec({"volumeMode": "Filesystem"}),
    ("", "persistentvolumes"): _in_spec({"volumeMode": "Filesystem", "persistentVolumeReclaimPolicy": "Retain"}),
    ("", "replicationcontrollers"): _replica_set,
    ("apps", "deployments"): _deployment,
    ("apps", "replicasets"): _replica_set,
    ("apps", "statefulsets"): _stateful_set,
    ("apps", "daemonsets"): _daemon_set,
    ("batch", "jobs"): _job,
    ("batch", "cronjobs"): _cron_job,
    ("storage.k8s.io", "storageclasses"): _at_top({"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}),
    ("scheduling.k8s.io", "priorityclasses"): _at_top({"preemptionPolicy": "PreemptLowerPriority"}),
    ("karpenter.sh", "nodepools"): _node_pool,
    ("karpenter.sh", "nodeclaims"): _node_claim,
}


def set_defaults(key: tuple[str, str], manifest: Manifest) -> None:
    """Fill in the defaults of a resource (`key`: group and plural) in place."""
    setter = _SETTERS.get(key)
    if setter:
        setter(manifest)


_INITIAL_STATUS: dict[tuple[str, str], Manifest] = {
    ("", "persistentvolumeclaims"): {"phase": "Pending"},
    ("", "persistentvolumes"): {"phase": "Pending"},
    ("", "services"): {"loadBalancer": {}},
    ("", "namespaces"): {"phase": "Active"},
    ("policy", "poddisruptionbudgets"): {
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "disruptionsAllowed": 0,
        "expectedPods": 0,
    },
    ("apps", "daemonsets"): {
        "currentNumberScheduled": 0,
        "desiredNumberScheduled": 0,
        "numberMisscheduled": 0,
        "numberReady": 0,
    },
    ("apps", "replicasets"): {"replicas": 0},
    ("apps", "statefulsets"): {"replicas": 0, "availableReplicas": 0},
    ("", "replicationcontrollers"): {"replicas": 0},
}


def initial_status(key: tuple[str, str], manifest: Manifest) -> Manifest:
    """The status that a new object of a built-in resource starts with."""
    if key == ("", "pods"):
        return {"phase": "Pending", "qosClass": quality_of_service(manifest.get("spec") or {})}
    return dict(_INITIAL_STATUS.get(key, {}))


def quality_of_service(spec: Manifest) -> str:
    """BestEffort, Burstable or Guaranteed: by the cpu and memory that containers ask for and are held to."""
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    asked = guaranteed = 0
    for container in containers:
        resources = container.get("resources") or {}
        requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
        measured = [name for name in ("cpu", "memory") if name in limits or name in requests]
        asked += bool(measured)
        guaranteed += all(name in limits and requests.get(name, limits[name]) == limits[name] for name in _MEASURED)
    if not asked:
        return "BestEffort"
    return "Guaranteed" if guaranteed == len(containers) else "Burstable"


_MEASURED = ("cpu", "memory")
