"""The Node object that a kubelet on EKS registers, and the conditions it posts."""

from __future__ import annotations

from uuid import NAMESPACE_OID, UUID, uuid5

from karptui.lab.cluster.instances import Instance
from karptui.lab.cluster.kinds import Object

KUBELET_VERSION = "v1.35.4-eks-1a2b3c4"
OS_IMAGE = "Amazon Linux 2023"
UNREGISTERED = {"key": "karpenter.sh/unregistered", "effect": "NoExecute"}
NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}

PRESSURES = (
    ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
)
READY = ("True", "KubeletReady", "kubelet is posting ready status")
NO_NETWORK = (
    "False",
    "KubeletNotReady",
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized",
)
SHUTTING_DOWN = ("False", "KubeletNotReady", "node is shutting down")


def node_object(instance: Instance, now: str) -> Object:
    """A Node as it is when it appears: not ready, tainted, with the labels of kubelet and cloud provider."""
    taints = [dict(taint) for taint in instance.taints]
    if instance.karpenter:
        taints.append(dict(UNREGISTERED))
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": instance.private_dns_name,
            "labels": {**_labels(instance), **instance.labels},
            "annotations": {
                "alpha.kubernetes.io/provided-node-ip": instance.private_ip,
                "node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
        },
        "spec": {"providerID": instance.provider_id, "taints": [*taints, dict(NOT_READY)]},
        "status": _status(instance, now),
    }


def _labels(instance: Instance) -> dict[str, str]:
    labels = {
        "beta.kubernetes.io/arch": instance.architecture,
        "beta.kubernetes.io/instance-type": instance.instance_type,
        "beta.kubernetes.io/os": "linux",
        "failure-domain.beta.kubernetes.io/region": instance.region,
        "failure-domain.beta.kubernetes.io/zone": instance.zone,
        "kubernetes.io/arch": instance.architecture,
        "kubernetes.io/hostname": instance.private_dns_name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": instance.instance_type,
        "topology.kubernetes.io/region": instance.region,
        "topology.kubernetes.io/zone": instance.zone,
    }
    if instance.zone_id:
        labels["topology.k8s.aws/zone-id"] = instance.zone_id
    return labels


def _status(instance: Instance, now: str) -> Object:
    machine = "ec2" + uuid5(NAMESPACE_OID, f"machine {instance.id}").hex[3:]
    return {
        "capacity": dict(instance.capacity),
        "allocatable": dict(instance.allocatable),
        "conditions": node_conditions([], NO_NETWORK, now),
        "addresses": [
            {"type": "InternalIP", "address": instance.private_ip or "10.0.0.1"},
            {"type": "InternalDNS", "address": instance.private_dns_name},
            {"type": "Hostname", "address": instance.private_dns_name},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "machineID": machine,
            "systemUUID": str(UUID(machine)),
            # With dashes, as the kernel gives it: KWOK writes it into YAML, where bare figures are a number.
            "bootID": str(uuid5(NAMESPACE_OID, f"boot {instance.id}")),
            "kernelVersion": "6.12.40-63.114.amzn2023",
            "osImage": OS_IMAGE,
            "containerRuntimeVersion": "containerd://2.1.4",
            "kubeletVersion": KUBELET_VERSION,
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": instance.architecture,
        },
    }


def node_conditions(old: list[Object], ready: tuple[str, str, str], now: str) -> list[Object]:
    """The four conditions of a kubelet. Transition times of those that stay are kept."""
    before = {entry["type"]: entry for entry in old}
    wanted = [(type_, "False", reason, message) for type_, reason, message in PRESSURES] + [("Ready", *ready)]
    conditions: list[Object] = []
    for type_, status, reason, message in wanted:
        known = before.pop(type_, None)
        kept = known is not None and known["status"] == status
        conditions.append(
            {
                "type": type_,
                "status": status,
                "lastHeartbeatTime": now,
                "lastTransitionTime": known["lastTransitionTime"] if known and kept else now,
                "reason": reason,
                "message": message,
            }
        )
    # Conditions of others (NetworkUnavailable, the node monitoring agent's) are none of the kubelet's business.
    return [*before.values(), *conditions]
