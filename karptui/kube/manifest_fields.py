"""The fields of the kinds that people write by hand, to find the ones that are mistyped.

An API server with fieldValidation=Strict refuses unknown fields; a plan from files has no server to ask.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

Fields = Mapping[str, Any]
"""Field name to the Fields below it (also through lists), or None where anything goes."""


def _free(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split())


_SELECTOR: Fields = {"matchLabels": None, "matchExpressions": _free("key operator values")}
_REQUIREMENT = _free("key operator values minValues")
_TAINT = _free("key value effect timeAdded")
_CONTAINER: Fields = {
    **_free(
        "args command env envFrom image imagePullPolicy lifecycle livenessProbe name readinessProbe resizePolicy"
        " restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce terminationMessagePath"
        " terminationMessagePolicy tty volumeDevices volumeMounts workingDir"
    ),
    "ports": _free("containerPort hostIP hostPort name protocol"),
    "resources": _free("requests limits claims"),
}
_NODE_TERM: Fields = {"matchExpressions": _free("key operator values"), "matchFields": _free("key operator values")}
_POD_TERM: Fields = {
    **_free("topologyKey namespaces matchLabelKeys mismatchLabelKeys"),
    "labelSelector": _SELECTOR,
    "namespaceSelector": _SELECTOR,
}
_POD_AFFINITY: Fields = {
    "requiredDuringSchedulingIgnoredDuringExecution": _POD_TERM,
    "preferredDuringSchedulingIgnoredDuringExecution": {"weight": None, "podAffinityTerm": _POD_TERM},
}
_AFFINITY: Fields = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": _NODE_TERM},
        "preferredDuringSchedulingIgnoredDuringExecution": {"weight": None, "preference": _NODE_TERM},
    },
    "podAffinity": _POD_AFFINITY,
    "podAntiAffinity": _POD_AFFINITY,
}
POD_SPEC: Fields = {
    **_free(
        "activeDeadlineSeconds automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks ephemeralContainers"
        " hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride imagePullSecrets nodeName"
        " nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates resourceClaims"
        " restartPolicy runtimeClassName schedulerName schedulingGates schedulingGroup securityContext serviceAccount"
        " serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds volumes"
    ),
    "affinity": _AFFINITY,
    "containers": _CONTAINER,
    "initContainers": _CONTAINER,
    "resources": _free("requests limits claims"),
    "tolerations": _free("key operator value effect tolerationSeconds"),
    "topologySpreadConstraints": {
        **_free("maxSkew minDomains nodeAffinityPolicy nodeTaintsPolicy topologyKey whenUnsatisfiable matchLabelKeys"),
        "labelSelector": _SELECTOR,
    },
}
_TEMPLATE: Fields = {"metadata": None, "spec": POD_SPEC}
_DAEMON: Fields = {"selector": _SELECTOR, "template": _TEMPLATE, "minReadySeconds": None}
_WORKLOAD: Fields = {**_DAEMON, "replicas": None}
_CLAIM: Fields = {
    **_free("expireAfter terminationGracePeriod resources"),
    "nodeClassRef": _free("group kind name"),
    "requirements": _REQUIREMENT,
    "taints": _TAINT,
    "startupTaints": _TAINT,
}
# v1beta1 has these as well, or in another place.
_BETA_CLAIM: Fields = {**_CLAIM, "kubelet": None, "nodeClassRef": _free("apiVersion kind name")}
_DISRUPTION: Fields = {
    **_free("consolidateAfter consolidationPolicy"),
    "budgets": _free("nodes reasons schedule duration"),
}


def _pool(claim: Fields, disruption: Fields) -> Fields:
    template: Fields = {"metadata": _free("labels annotations"), "spec": claim}
    return {"template": template, "disruption": disruption, **_free("limits weight replicas")}


SPECS: Mapping[str, Fields] = {
    "Pod": POD_SPEC,
    "NodePool": _pool(_CLAIM, _DISRUPTION),
    "NodeClaim": _CLAIM,
    "Deployment": {**_WORKLOAD, **_free("paused progressDeadlineSeconds revisionHistoryLimit strategy")},
    "ReplicaSet": _WORKLOAD,
    "StatefulSet": {
        **_WORKLOAD,
        **_free("ordinals persistentVolumeClaimRetentionPolicy podManagementPolicy revisionHistoryLimit serviceName"),
        **_free("updateStrategy volumeClaimTemplates"),
    },
    "DaemonSet": {**_DAEMON, **_free("revisionHistoryLimit updateStrategy")},
    "Job": {
        "selector": _SELECTOR,
        "template": _TEMPLATE,
        **_free(
            "activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode completions managedBy"
            " manualSelector maxFailedIndexes parallelism podFailurePolicy podReplacementPolicy successPolicy suspend"
            " ttlSecondsAfterFinished"
        ),
    },
    "PodDisruptionBudget": {**_free("minAvailable maxUnavailable unhealthyPodEvictionPolicy"), "selector": _SELECTOR},
}
_BETA_SPECS: Mapping[str, Fields] = {
    "NodePool": _pool(_BETA_CLAIM, {**_DISRUPTION, "expireAfter": None}),
    "NodeClaim": _BETA_CLAIM,
}


def unknown_fields(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(path, the field that was probably meant, or "") of every field of the spec that does not exist."""
    kind = str(manifest.get("kind"))
    beta = str(manifest.get("apiVersion")).endswith("/v1beta1") and kind in _BETA_SPECS
    fields = _BETA_SPECS[kind] if beta else SPECS.get(kind)
    if fields is not None:
        yield from _below(manifest.get("spec"), fields, "spec")


def _below(value: Any, fields: Fields, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _below(entry, fields, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name, entry in value.items():
            if name not in fields:
                close = difflib.get_close_matches(str(name), list(fields), n=1, cutoff=0.6)
                yield f"{path}.{name}", close[0] if close else ""
            elif fields[name] is not None:
                yield from _below(entry, fields[name], f"{path}.{name}")
