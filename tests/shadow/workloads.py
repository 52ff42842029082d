"""NodePools and workloads of a scripted day, as documents of the API."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.control_plane.client import Document

ZONE, HOSTNAME = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
ARCH, CPUS, FAMILY = "kubernetes.io/arch", "karpenter.kwok.sh/instance-cpu", "karpenter.kwok.sh/instance-family"


def pool(
    name: str,
    capacity_types: Sequence[str],
    *,
    after: str = "5s",
    taint: str = "",
    weight: int = 1,
    nodes: str = "100%",
    architectures: Sequence[str] = ("amd64",),
    more: Sequence[Document] = (),
) -> Document:
    """A NodePool of whose nodes so many may go at once; `more` are requirements."""
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": name},
        "spec": {
            "weight": weight,
            "disruption": {
                "consolidationPolicy": "WhenEmptyOrUnderutilized",
                "consolidateAfter": after,
                "budgets": [{"nodes": nodes}],
            },
            "template": {
                "spec": {
                    "expireAfter": "720h",
                    "nodeClassRef": {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"},
                    "taints": [{"key": taint, "effect": "NoSchedule"}] if taint else [],
                    "requirements": requirements(capacity_types, architectures, more),
                }
            },
        },
    }


def requirements(
    capacity_types: Sequence[str], architectures: Sequence[str] = ("amd64",), more: Sequence[Document] = ()
) -> list[Document]:
    """What a NodePool asks of its nodes."""
    return [
        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": list(capacity_types)},
        {"key": ARCH, "operator": "In", "values": list(architectures)},
        {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]},
        *more,
    ]


def deployment(name: str, replicas: int, cpu: str, *parts: Mapping[str, Any]) -> Document:
    """A Deployment whose pods are also told these parts of a PodSpec."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec(cpu, *parts)}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": name}, "spec": spec}


def pod_spec(cpu: str, *parts: Mapping[str, Any]) -> Document:
    """A PodSpec of one container with these parts; of `affinity` each may bring a term."""
    container = {"name": "app", "image": "app", "resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}}
    spec: Document = {"containers": [container]}
    for part in parts:
        for key, value in part.items():
            if key == "ports":
                container["ports"] = value
            elif key == "affinity":
                spec["affinity"] = {**spec.get("affinity", {}), **value}
            else:
                spec[key] = value
    return spec


def spread(app: str) -> Document:
    """Evenly over zones."""
    constraint = {"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": _of(app)}
    return {"topologySpreadConstraints": [constraint]}


def apart(app: str) -> Document:
    """No two of these pods on a node."""
    return {"affinity": {"podAntiAffinity": _required(HOSTNAME, app)}}


def beside_pods(app: str) -> Document:
    """In a zone with pods of another workload."""
    return {"affinity": {"podAffinity": _required(ZONE, app)}}


def rather_apart(app: str) -> Document:
    """Not on one node, if that can be."""
    wish = {"weight": 10, "podAffinityTerm": {"topologyKey": HOSTNAME, "labelSelector": _of(app)}}
    return {"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [wish]}}}


def rather_in(zone: str) -> Document:
    """In a zone, if that can be."""
    term = {"matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}]}
    wish = {"weight": 20, "preference": term}
    return {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [wish]}}}


def only_in(node_pool: str) -> tuple[Document, Document]:
    """On the nodes of a NodePool whose taint has its name, and on no others."""
    selector = {"nodeSelector": {"karpenter.sh/nodepool": node_pool}}
    return selector, {"tolerations": [{"key": node_pool, "operator": "Exists"}]}


def on_port(number: int) -> Document:
    """With a port of the node's own."""
    return {"ports": [{"containerPort": number, "hostPort": number}]}


def daemon_set(name: str) -> Document:
    """A pod for every node, whatever its taints."""
    labels = {"app": name}
    spec: Document = pod_spec("100m", {"tolerations": [{"operator": "Exists"}]})
    spec["containers"][0]["resources"]["requests"]["memory"] = "64Mi"
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": labels}, "template": template}}


def job(name: str, pods: int, cpu: str) -> Document:
    """Pods that run to their end together."""
    template = {"spec": {**pod_spec(cpu), "restartPolicy": "Never"}}
    return {"metadata": {"name": name}, "spec": {"parallelism": pods, "completions": pods, "template": template}}


def volume_in(zone: str, name: str, namespace: str) -> tuple[Document, Document]:
    """A PersistentVolume that can be reached in one zone only, and the claim that has it."""
    term = {"matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}]}
    size = {"storage": "1Gi"}
    volume = {
        "metadata": {"name": f"{namespace}-{name}"},
        "spec": {
            "capacity": size,
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "claimRef": {"namespace": namespace, "name": name},
            "hostPath": {"path": "/data"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
        },
    }
    claim = {
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "volumeName": f"{namespace}-{name}",
            "resources": {"requests": size},
        },
    }
    return volume, claim


def with_volume(claim: str) -> Document:
    """With what a PersistentVolumeClaim holds."""
    return {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]}


def _required(key: str, app: str) -> Document:
    return {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": key, "labelSelector": _of(app)}]}


def _of(app: str) -> Document:
    return {"matchLabels": {"app": app}}
