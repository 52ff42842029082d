"""Pods as a real API server sends them, about 7.7 KB each, for the benchmarks."""

import json
from typing import Any


def _managed_fields(manager: str) -> dict[str, Any]:
    fields = {f"f:field{number}": {".": {}, "f:name": {}, "f:value": {}} for number in range(27)}
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "time": "2026-01-05T10:00:02Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": fields},
    }


def _container(name: str, suffix: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": f"registry.example.com/team/{name}:v1.2.3",
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [{"name": f"SETTING_{number}", "value": f"value-{number}"} for number in range(6)],
        "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
        "volumeMounts": [
            {
                "name": f"kube-api-access-{suffix}",
                "readOnly": True,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
            }
        ],
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }


def _affinity(workload: str) -> dict[str, Any]:
    return {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}]}
                ]
            }
        },
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": 100,
                    "podAffinityTerm": {
                        "labelSelector": {"matchLabels": {"app": workload}},
                        "topologyKey": "kubernetes.io/hostname",
                    },
                }
            ]
        },
    }


def _status(number: int, names: tuple[str, ...]) -> dict[str, Any]:
    at = f"2026-01-05T{10 + number % 12:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"
    conditions = [
        {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": at, "observedGeneration": 1}
        for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    return {
        "phase": "Running",
        "conditions": conditions,
        "hostIP": "10.0.0.7",
        "podIP": f"10.1.{number // 250 % 250}.{number % 250}",
        "startTime": at,
        "qosClass": "Burstable",
        "containerStatuses": [
            {
                "name": name,
                "state": {"running": {"startedAt": at}},
                "ready": True,
                "restartCount": 0,
                "image": f"registry.example.com/team/{name}:v1.2.3",
                "imageID": "registry.example.com/team/x@sha256:" + "ab" * 32,
                "containerID": f"containerd://{number:064x}",
                "started": True,
                "allocatedResources": {"cpu": "250m", "memory": "512Mi"},
                "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
            }
            for name in names
        ],
    }


def pod(number: int, workloads: int = 400) -> dict[str, Any]:
    """One running pod of one of `workloads` ReplicaSets."""
    workload = f"service-{number % workloads}"
    suffix = f"{number:05x}"
    labels = {
        "app": workload,
        "app.kubernetes.io/name": workload,
        "team": f"team-{number % 20}",
        "pod-template-hash": "845956f685",
    }
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": f"{workload}-845956f685",
        "uid": f"aaaaaaaa-0000-4000-8000-{number % workloads:012x}",
        "controller": True,
        "blockOwnerDeletion": True,
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": workload}},
    }
    tolerations = [
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
        for key in ("not-ready", "unreachable")
    ]
    return {
        "metadata": {
            "name": f"{workload}-845956f685-{suffix}",
            "generateName": f"{workload}-845956f685-",
            "namespace": f"team-{number % 20}",
            "uid": f"00000000-0000-4000-8000-{number:012x}",
            "resourceVersion": str(1000 + number),
            "creationTimestamp": "2026-01-05T10:00:00Z",
            "labels": labels,
            "annotations": {"prometheus.io/scrape": "true", "checksum/config": "c" * 64},
            "ownerReferences": [owner],
            "managedFields": [_managed_fields("kube-controller-manager"), _managed_fields("kubelet")],
        },
        "spec": {
            "volumes": [{"name": f"kube-api-access-{suffix}", "projected": {"defaultMode": 420, "sources": []}}],
            "containers": [_container("main", suffix), _container("proxy", suffix)],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "serviceAccountName": "default",
            "nodeName": f"ip-10-0-{number // 30 // 250}-{number // 30 % 250}.ec2.internal",
            "affinity": _affinity(workload),
            "schedulerName": "default-scheduler",
            "tolerations": tolerations,
            "priority": 0,
            "topologySpreadConstraints": [spread],
        },
        "status": _status(number, ("main", "proxy")),
    }


def encoded(count: int) -> list[bytes]:
    """`count` pods as JSON."""
    return [json.dumps(pod(number), separators=(",", ":")).encode() for number in range(count)]


def pages(pods: list[bytes], size: int = 500) -> list[bytes]:
    """The pods as pages of a list."""
    return [
        b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"99"},"items":['
        + b",".join(pods[start : start + size])
        + b"]}"
        for start in range(0, len(pods), size)
    ]
