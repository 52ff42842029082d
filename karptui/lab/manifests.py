"""What the demo applies, as a user would: a NodeClass, NodePools, DaemonSets, and the workloads of the story."""

from typing import Any

CLUSTER = "karptui-lab"
NODE_CLASS = "default"
Manifest = dict[str, Any]


def node_class() -> Manifest:
    """The EC2NodeClass: everything found by the cluster's discovery tag."""
    discovery = [{"tags": {"karpenter.sh/discovery": CLUSTER}}]
    return {
        "apiVersion": "karpenter.k8s.aws/v1",
        "kind": "EC2NodeClass",
        "metadata": {"name": NODE_CLASS},
        "spec": {
            "amiSelectorTerms": [{"alias": "al2023@latest"}],
            "role": f"KarpenterNodeRole-{CLUSTER}",
            "subnetSelectorTerms": discovery,
            "securityGroupSelectorTerms": discovery,
        },
    }


def node_pool(
    name: str,
    requirements: list[Manifest],
    *,
    weight: int = 0,
    taints: list[Manifest] | None = None,
    limits: dict[str, str] | None = None,
    consolidate_after: str = "10s",
    labels: dict[str, str] | None = None,
) -> Manifest:
    """A NodePool as a user would write it; its budget lets half of the pool go at once, so that a demo is short."""
    template: Manifest = {
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": NODE_CLASS},
        "requirements": requirements,
        "expireAfter": "720h",
    }
    if taints:
        template["taints"] = taints
    spec: Manifest = {
        "template": {"metadata": {"labels": labels or {}}, "spec": template},
        "disruption": {
            "consolidationPolicy": "WhenEmptyOrUnderutilized",
            "consolidateAfter": consolidate_after,
            "budgets": [{"nodes": "50%"}],
        },
    }
    if weight:
        spec["weight"] = weight
    if limits:
        spec["limits"] = limits
    return {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": name}, "spec": spec}


def requirement(key: str, operator: str, *values: str) -> Manifest:
    """One entry of a NodePool's requirements."""
    return {"key": key, "operator": operator, "values": list(values)}


def node_pools() -> list[Manifest]:
    """general for most, gpu behind a taint."""
    capacity = requirement("karpenter.sh/capacity-type", "In", "spot", "on-demand")
    general = [
        capacity,
        requirement("kubernetes.io/arch", "In", "amd64", "arm64"),
        requirement("karpenter.k8s.aws/instance-category", "In", "c", "m", "r"),
        requirement("karpenter.k8s.aws/instance-generation", "Gt", "5"),
        requirement("karpenter.k8s.aws/instance-cpu", "Lt", "33"),
    ]
    gpu = [capacity, requirement("karpenter.k8s.aws/instance-category", "In", "g")]
    taint = {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}
    return [
        node_pool("general", general, weight=10, limits={"cpu": "200", "memory": "800Gi"}),
        node_pool("gpu", gpu, taints=[taint], limits={"nvidia.com/gpu": "8"}),
    ]


def daemon_sets() -> list[Manifest]:
    """What runs on every node of a usual EKS cluster."""
    return [
        _daemon_set("aws-node", {"cpu": "50m"}, "amazon-k8s-cni:v1.20"),
        _daemon_set("kube-proxy", {"cpu": "100m"}, "kube-proxy:v1.33"),
        _daemon_set("node-exporter", {"cpu": "50m", "memory": "64Mi"}, "node-exporter:v1.9"),
    ]


def _daemon_set(name: str, requests: dict[str, str], image: str) -> Manifest:
    labels = {"app": name}
    container = {"name": name, "image": image, "resources": {"requests": requests}}
    pod = {
        "priorityClassName": "system-node-critical",
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def deployment(
    name: str,
    requests: dict[str, str],
    *,
    namespace: str = "default",
    replicas: int = 0,
    image: str = "registry.k8s.io/pause:3.10",
    **pod: Any,
) -> Manifest:
    """A Deployment of one container; further fields go into its pods' spec."""
    labels = {"app": name}
    resources: Manifest = {"requests": requests}
    if "nvidia.com/gpu" in requests:
        resources["limits"] = {"nvidia.com/gpu": requests["nvidia.com/gpu"]}
    container = {"name": name, "image": image, "resources": resources}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"terminationGracePeriodSeconds": 5, "containers": [container], **pod},
            },
        },
    }


def workloads() -> list[Manifest]:
    """Every Deployment of the story, at zero."""
    gpu: Manifest = {
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "nodeSelector": {"karpenter.k8s.aws/instance-category": "g"},
    }
    spot: Manifest = {"nodeSelector": {"karpenter.sh/capacity-type": "spot"}}
    on_demand: Manifest = {"nodeSelector": {"karpenter.sh/capacity-type": "on-demand"}}
    return [
        deployment("inflate", {"cpu": "1"}),
        deployment("checkout", {"cpu": "500m", "memory": "1Gi"}, namespace="shop", **spot),
        deployment("ledger", {"cpu": "2", "memory": "8Gi"}, namespace="payments", **on_demand),
        deployment("trainer", {"cpu": "3", "memory": "12Gi", "nvidia.com/gpu": "1"}, namespace="ml", **gpu),
    ]
