"""The NodeConfig document that nodeadm reads on AL2023, as Karpenter writes it."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.bootstrap.kubelet_args import durations
from karptui.model.taints import Taint

NODE_CONFIG = "application/node.eks.aws"
NODE_CONFIG_HEADER = "# Karpenter Generated NodeConfig\n"
"""Part of the user data of Karpenter's nodes, so that it reads the same byte for byte."""

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
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0[xob][0-9a-fA-F_]+")
_TRUTHS = frozenset({"y", "Y", "n", "N"})


def node_config(
    cluster: ClusterSettings,
    kubelet: Mapping[str, Any],
    labels: Mapping[str, str],
    taints: tuple[Taint, ...],
    max_pods: int,
    dns: list[str],
    raid: bool,
) -> str:
    """The document as YAML; `raid` joins the instance's own disks."""
    config: dict[str, Any] = {key: kubelet[key] for key in _PASSED_ON if kubelet.get(key) not in (None, {})}
    if "evictionSoftGracePeriod" in config:
        config["evictionSoftGracePeriod"] = durations(config["evictionSoftGracePeriod"])
    config["maxPods"] = max_pods
    if dns:
        config["clusterDNS"] = dns
    config["registerWithTaints"] = [_taint(taint) for taint in taints]
    flags = ",".join(f"{key}={value}" for key, value in labels.items())
    where = {"apiServerEndpoint": cluster.endpoint, "cidr": cluster.service_cidr, "name": cluster.name}
    if cluster.ca_bundle:
        where["certificateAuthority"] = cluster.ca_bundle
    document = {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "metadata": {},
        "spec": {
            "cluster": where,
            "containerd": {},
            "instance": {"localStorage": {"strategy": "RAID0"} if raid else {}},
            "kubelet": {"config": config, "flags": [f'--node-labels="{flags}"']},
        },
    }
    import yaml

    return NODE_CONFIG_HEADER + yaml.dump(document, Dumper=_dumper(), sort_keys=True, width=10**6, allow_unicode=True)


def _taint(taint: Taint) -> dict[str, str]:
    entry = {"effect": taint.effect, "key": taint.key}
    return entry | ({"value": taint.value} if taint.value else {})


@cache
def _dumper() -> Any:
    import yaml

    # libyaml's writer takes a tenth of the time, where it is there.
    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):
        """Texts that YAML would read as something else stand in double quotes, as Go's writer sets them."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        tag = "tag:yaml.org,2002:str"
        other = dumper.resolve(yaml.ScalarNode, value, (True, False)) != tag
        quoted = other or value in _TRUTHS or _NUMBER.fullmatch(value)
        return dumper.represent_scalar(tag, value, style='"' if quoted else None)

    Dumper.add_representer(str, text)
    return Dumper
