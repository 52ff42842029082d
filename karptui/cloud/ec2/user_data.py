"""User data: what an instance is told so that its kubelet joins the cluster."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.settings import ClusterSettings
from karptui.cloud.provider import CreateError, NodeClassNotReady
from karptui.model.labels import DO_NOT_SYNC_TAINTS, UNREGISTERED, label_domain
from karptui.model.taints import Taint

BOUNDARY = "//"
NODE_CONFIG = "application/node.eks.aws"
NODE_CONFIG_HEADER = "# Karpenter Generated NodeConfig\n"
"""Part of the user data of Karpenter's nodes, so that it reads the same byte for byte."""
SHELL = 'text/x-shellscript; charset="us-ascii"'

_RESERVED_DOMAINS = ("kubernetes.io", "k8s.io", "node-restriction.kubernetes.io")
_PASSED_ON = (
    "podsPerCore",
    "systemReserved",
    "kubeReserved",
    "evictionHard",
    "evictionSoft",
    "evictionSoftGracePeriod",
    "evictionMaxPodGracePeriod",
    "imageGCHighThresholdPercent",
    "imageGCLowThresholdPercent",
    "cpuCFSQuota",
)


class NodeTold(Struct, frozen=True):
    """What differs from node to node."""

    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    max_pods: int


def user_data(family: str, spec: Mapping[str, Any], cluster: ClusterSettings, told: NodeTold) -> str:
    """The text (not yet base64) for an AMI family. Raises NodeClassNotReady for a family that karptui cannot start."""
    own: str = spec.get("userData") or ""
    if family == "Custom":
        return own
    if family != "AL2023":
        raise NodeClassNotReady(f"karptui cannot start nodes of amiFamily {family} yet, only AL2023 and Custom")
    if not cluster.service_cidr:
        raise NodeClassNotReady("the cluster's service CIDR is not known yet, and AL2023 nodes need it")
    parts = [*_own_parts(own), (NODE_CONFIG, _node_config(spec, cluster, told))]
    body = "".join(f"--{BOUNDARY}\nContent-Type: {kind}\n\n{text.rstrip()}\n\n" for kind, text in parts)
    return f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{BOUNDARY}"\n\n{body}--{BOUNDARY}--\n'


def passed_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels that kubelet may set on its own node, in order of key."""
    kept = {key: value for key, value in labels.items() if not _reserved(label_domain(key))}
    return dict(sorted((kept | {DO_NOT_SYNC_TAINTS: "true"}).items()))


def _reserved(domain: str) -> bool:
    return any(domain == reserved or domain.endswith("." + reserved) for reserved in _RESERVED_DOMAINS)


def _own_parts(own: str) -> list[tuple[str, str]]:
    import yaml

    if not own.strip():
        return []
    if own.lstrip().startswith(("MIME-Version:", "Content-Type:")):
        return _mime_parts(own)
    try:
        # Text of nothing but comments is an empty mapping to Karpenter.
        is_mapping = isinstance(yaml.safe_load(own) or {}, dict)
    except yaml.YAMLError:
        is_mapping = False
    return [(NODE_CONFIG if is_mapping else SHELL, own.replace("\r", ""))]


def _mime_parts(own: str) -> list[tuple[str, str]]:
    from email import message_from_string

    archive = message_from_string(own.replace("\r", ""))
    if not archive.is_multipart():
        message = "spec.userData of the NodeClass starts as a MIME archive but has no parts"
        raise CreateError("LaunchFailed", message)
    parts = [part for part in archive.walk() if not part.is_multipart()]
    return [(part["Content-Type"] or SHELL, str(part.get_payload())) for part in parts]


def _node_config(spec: Mapping[str, Any], cluster: ClusterSettings, told: NodeTold) -> str:
    import yaml

    kubelet: Mapping[str, Any] = spec.get("kubelet") or {}
    config: dict[str, Any] = {key: kubelet[key] for key in _PASSED_ON if kubelet.get(key) is not None}
    config["maxPods"] = told.max_pods
    if dns := kubelet.get("clusterDNS") or ([cluster.dns] if cluster.dns else []):
        config["clusterDNS"] = list(dns)
    config["registerWithTaints"] = [_taint(taint) for taint in _with_unregistered(told.taints)]
    flags = ",".join(f"{key}={value}" for key, value in passed_labels(told.labels).items())
    raid = {"strategy": "RAID0"} if spec.get("instanceStorePolicy") == "RAID0" else {}
    document = {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "metadata": {},
        "spec": {
            "cluster": {
                "apiServerEndpoint": cluster.endpoint,
                **({"certificateAuthority": cluster.ca_bundle} if cluster.ca_bundle else {}),
                "cidr": cluster.service_cidr,
                "name": cluster.name,
            },
            "containerd": {},
            "instance": {"localStorage": raid},
            "kubelet": {"config": config, "flags": [f'--node-labels="{flags}"']},
        },
    }
    # libyaml's writer takes a tenth of the time, where it is there.
    writer = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return NODE_CONFIG_HEADER + yaml.dump(document, Dumper=writer, sort_keys=True, width=10**6)


def _with_unregistered(taints: tuple[Taint, ...]) -> list[Taint]:
    own = list(taints)
    if not any(taint.key == UNREGISTERED for taint in own):
        own.append(Taint(key=UNREGISTERED, effect="NoExecute"))
    return own


def _taint(taint: Taint) -> dict[str, str]:
    entry = {"effect": taint.effect, "key": taint.key}
    return entry | ({"value": taint.value} if taint.value else {})
