"""User data: what an instance is told so that its kubelet joins the cluster, for every AMI family (the spec's 4.6)."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.bootstrap.bottlerocket import bottlerocket
from karptui.cloud.ec2.bootstrap.kubelet_args import kubelet_args
from karptui.cloud.ec2.bootstrap.mime import SHELL, BadArchive, MimePart, archive, is_archive, part_of, parts_of
from karptui.cloud.ec2.bootstrap.node_config import NODE_CONFIG, node_config
from karptui.cloud.provider import CreateError, NodeClassNotReady
from karptui.model.labels import DO_NOT_SYNC_TAINTS, UNREGISTERED, label_domain
from karptui.model.taints import Taint

_RESERVED_DOMAINS = ("kubernetes.io", "k8s.io", "node-restriction.kubernetes.io")

_BOOTSTRAP_LOG = "exec > >(tee /var/log/user-data.log|logger -t user-data -s 2>/dev/console) 2>&1"
_WINDOWS_SCRIPT = r'[string]$EKSBootstrapScriptFile = "$env:ProgramFiles\Amazon\EKS\Start-EKSBootstrap.ps1"'


class NodeTold(Struct, frozen=True):
    """What differs from node to node. `image_version` is "latest" or "v1.45.0", "" where it is not known."""

    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    max_pods: int
    image_version: str = ""


class _Joining(Struct, frozen=True):
    """Everything that one family's user data is made of."""

    own: str
    spec: Mapping[str, Any]
    cluster: ClusterSettings
    labels: dict[str, str]
    taints: tuple[Taint, ...]
    told: NodeTold

    @property
    def kubelet(self) -> Mapping[str, Any]:
        return self.spec.get("kubelet") or {}

    @property
    def raid(self) -> bool:
        return self.spec.get("instanceStorePolicy") == "RAID0"

    @property
    def dns(self) -> list[str]:
        """The user's addresses, else the cluster's."""
        return list(self.kubelet.get("clusterDNS") or ([self.cluster.dns] if self.cluster.dns else []))

    def kubelet_args(self) -> str:
        return kubelet_args(self.kubelet, self.labels, self.taints, self.told.max_pods)


def user_data(family: str, spec: Mapping[str, Any], cluster: ClusterSettings, told: NodeTold) -> str:
    """The text (not yet base64) for an AMI family.

    Raises CreateError where the user's own text cannot be merged, NodeClassNotReady where the cluster is not known
    well enough.
    """
    own: str = spec.get("userData") or ""
    if family == "Custom":
        return own
    joining = _Joining(own, spec, cluster, passed_labels(told.labels), with_unregistered(told.taints), told)
    try:
        if family == "AL2023":
            return _al2023(joining)
        if family == "Bottlerocket":
            return _bottlerocket(joining)
        return _windows(joining) if family.startswith("Windows") else _al2(joining)
    except BadArchive as problem:
        why = f"spec.userData of the NodeClass starts as a MIME archive, and {problem}"
        raise CreateError("LaunchFailed", why) from problem
    except ValueError as problem:
        why = f"spec.userData of the NodeClass holds no settings of Bottlerocket: {problem}"
        raise CreateError("LaunchFailed", why) from problem


def passed_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels that kubelet may set on its own node, in order of key."""
    kept = {key: value for key, value in labels.items() if not _reserved(label_domain(key))}
    return dict(sorted((kept | {DO_NOT_SYNC_TAINTS: "true"}).items()))


def with_unregistered(taints: tuple[Taint, ...]) -> tuple[Taint, ...]:
    """The taints, and last the one that keeps pods off until the node is registered."""
    if any(taint.key == UNREGISTERED for taint in taints):
        return taints
    return (*taints, Taint(key=UNREGISTERED, effect="NoExecute"))


def _reserved(domain: str) -> bool:
    return any(domain == reserved or domain.endswith("." + reserved) for reserved in _RESERVED_DOMAINS)


def _al2023(joining: _Joining) -> str:
    cluster = joining.cluster
    if not cluster.service_cidr:
        raise NodeClassNotReady("the cluster's service CIDR is not known yet, and AL2023 nodes need it")
    # Of the user's parts only the content type is kept, other headers are not.
    own = [part_of(part.content_type, part.text) for part in _own_parts(joining.own, yaml_is_config=True)]
    generated = node_config(
        cluster, joining.kubelet, joining.labels, joining.taints, joining.told.max_pods, joining.dns, joining.raid
    )
    return archive([*own, part_of(NODE_CONFIG, generated)])


def _al2(joining: _Joining) -> str:
    cluster = joining.cluster
    authority = f"--b64-cluster-ca '{cluster.ca_bundle}'" if cluster.ca_bundle else ""
    told = [f"/etc/eks/bootstrap.sh '{cluster.name}' --apiserver-endpoint '{cluster.endpoint}' {authority}"]
    if joining.dns:
        # The address decides here, also one of the user's own.
        told += ["--ip-family ipv6"] if ":" in joining.dns[0] else []
        told.append(f"--dns-cluster-ip '{joining.dns[0]}'")
    told += ["--use-max-pods false", f"--kubelet-extra-args '{joining.kubelet_args()}'"]
    if joining.raid:
        told.append("--local-disks raid0")
    script = f"#!/bin/bash -xe\n{_BOOTSTRAP_LOG}\n" + " \\\n".join(told)
    return archive([*_own_parts(joining.own, yaml_is_config=False), part_of(SHELL, script)])


def _windows(joining: _Joining) -> str:
    cluster = joining.cluster
    command = f"& $EKSBootstrapScriptFile -EKSClusterName '{cluster.name}' -APIServerEndpoint '{cluster.endpoint}'"
    if cluster.ca_bundle:
        command += f" -Base64ClusterCA '{cluster.ca_bundle}'"
    command += f" -KubeletExtraArgs '{joining.kubelet_args()}'"
    if joining.dns:
        command += f" -DNSClusterIP '{joining.dns[0]}'"
    own = [joining.own] if joining.own else []
    return "\n".join(["<powershell>", *own, _WINDOWS_SCRIPT, command, "</powershell>"])


def _bottlerocket(joining: _Joining) -> str:
    cluster = joining.cluster
    where = {
        "api-server": cluster.endpoint,
        "cluster-certificate": cluster.ca_bundle,
        "cluster-name": cluster.name,
        "cluster-dns-ip": cluster.dns,
    }
    version = joining.told.image_version if joining.raid else None
    return bottlerocket(
        joining.own, joining.kubelet, where, joining.labels, joining.taints, joining.told.max_pods, version
    )


def _own_parts(own: str, *, yaml_is_config: bool) -> list[MimePart]:
    if not own:
        return []
    if is_archive(own):
        return parts_of(own)
    return [part_of(NODE_CONFIG if yaml_is_config and _is_mapping(own) else SHELL, own)]


def _is_mapping(text: str) -> bool:
    """Whether YAML reads a mapping in the text's first document; one of nothing but comments is an empty mapping."""
    import yaml

    try:
        loader = yaml.SafeLoader(text)
        first = loader.get_node() if loader.check_node() else None
    except yaml.YAMLError:
        return False
    return first is None or isinstance(first, yaml.MappingNode) or first.tag == "tag:yaml.org,2002:null"
