"""User data of Bottlerocket: TOML, the user's settings with Karpenter's over them."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from karptui.cloud.ec2.kubelet_args import durations
from karptui.cloud.ec2.toml import to_toml
from karptui.model.taints import Taint

_KUBERNETES_KEYS = (
    "api-server",
    "cloud-provider",
    "cluster-certificate",
    "cluster-name",
    "cluster-dns-ip",
    "credential-providers",
    "node-labels",
    "node-taints",
    "max-pods",
    "static-pods",
    "eviction-hard",
    "eviction-soft",
    "eviction-soft-grace-period",
    "eviction-max-pod-grace-period",
    "kube-reserved",
    "system-reserved",
    "allowed-unsafe-sysctls",
    "server-tls-bootstrap",
    "registry-qps",
    "registry-burst",
    "event-qps",
    "event-burst",
    "kube-api-qps",
    "kube-api-burst",
    "container-log-max-size",
    "container-log-max-files",
    "cpu-manager-policy",
    "cpu-manager-reconcile-period",
    "topology-manager-scope",
    "topology-manager-policy",
    "image-gc-high-threshold-percent",
    "image-gc-low-threshold-percent",
    "cpu-cfs-quota-enforced",
    "shutdown-grace-period",
    "shutdown-grace-period-for-critical-pods",
    "cluster-domain",
    "seccomp-default",
    "pod-pids-limit",
    "device-ownership-from-security-context",
    "cpu-manager-policy-options",
    "single-process-oom-kill",
    "ids-per-pod",
    "memory-manager-policy",
    "memory-manager-reserved-memory",
    "log-level",
    "reserved-cpus",
    "provider-id",
    "authentication-mode",
    "hostname-override",
    "hostname-override-source",
    "standalone-mode",
    "bootstrap-token",
    "server-certificate",
    "server-key",
    "verbosity",
)
"""Settings of Bottlerocket's kubernetes table in the order in which Karpenter writes them; others are lost."""

_MAPS = (
    ("systemReserved", "system-reserved"),
    ("kubeReserved", "kube-reserved"),
    ("evictionHard", "eviction-hard"),
    ("evictionSoft", "eviction-soft"),
)
_STORAGE_COMMAND = "000-mount-instance-storage"
_BIND_DIRECTORIES = ["--dirs", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"]
_BINDS_EVERYTHING = (1, 46)
"""From this version on `ephemeral-storage bind` knows by itself which directories to bind."""


def bottlerocket(
    own: str,
    kubelet: Mapping[str, Any],
    cluster: Mapping[str, str],
    labels: Mapping[str, str],
    taints: tuple[Taint, ...],
    max_pods: int,
    storage_version: str | None,
) -> str:
    """The settings as TOML. `cluster` holds the kubernetes settings that tell where the cluster is.

    `storage_version` is the image's version ("v1.45.0", "latest", "" unknown) where instance storage shall be used,
    else None. Raises ValueError where `own` is no TOML.
    """
    settings: dict[str, Any] = tomllib.loads(own).get("settings", {})
    kubernetes: dict[str, Any] = dict(settings.get("kubernetes", {}))
    kubernetes.update({key: value for key, value in cluster.items() if value})
    kubernetes["node-labels"] = dict(sorted({**kubernetes.get("node-labels", {}), **labels}.items()))
    kubernetes["max-pods"] = max_pods
    _kubelet_settings(kubernetes, kubelet)
    registered: dict[str, list[str]] = {}
    for taint in taints:
        registered.setdefault(taint.key, []).append(f"{taint.value}:{taint.effect}")
    kubernetes["node-taints"] = dict(sorted(registered.items()))
    settings["kubernetes"] = {
        key: _sorted(kubernetes[key]) for key in _KUBERNETES_KEYS if kubernetes.get(key) not in (None, {}, [])
    }
    if storage_version is not None:
        commands = dict(settings.get("bootstrap-commands", {}))
        commands[_STORAGE_COMMAND] = _mount_storage(storage_version)
        settings["bootstrap-commands"] = commands
    ordered = {key: value if key == "kubernetes" else _deep_sorted(value) for key, value in sorted(settings.items())}
    return to_toml({"settings": ordered})


def _kubelet_settings(kubernetes: dict[str, Any], kubelet: Mapping[str, Any]) -> None:
    if kubelet.get("clusterDNS"):
        kubernetes["cluster-dns-ip"] = kubelet["clusterDNS"][0]
    for key, setting in _MAPS:
        if kubelet.get(key):
            kubernetes[setting] = dict(kubelet[key])
    if kubelet.get("evictionSoftGracePeriod"):
        kubernetes["eviction-soft-grace-period"] = durations(kubelet["evictionSoftGracePeriod"])
    if kubelet.get("evictionMaxPodGracePeriod") is not None:
        kubernetes["eviction-max-pod-grace-period"] = kubelet["evictionMaxPodGracePeriod"]
    for key, setting in (("imageGCHighThresholdPercent", "high"), ("imageGCLowThresholdPercent", "low")):
        if kubelet.get(key) is not None:
            kubernetes[f"image-gc-{setting}-threshold-percent"] = str(kubelet[key])
    if kubelet.get("cpuCFSQuota") is not None:
        kubernetes["cpu-cfs-quota-enforced"] = bool(kubelet["cpuCFSQuota"])


def _mount_storage(version: str) -> dict[str, Any]:
    bind = ["apiclient", "ephemeral-storage", "bind"]
    if not _binds_everything(version):
        bind = [*bind, *_BIND_DIRECTORIES]
    init = ["apiclient", "ephemeral-storage", "init"]
    return {"commands": [init, bind], "mode": "always", "essential": True}


def _binds_everything(version: str) -> bool:
    if version == "latest":
        return True
    numbers = re.match(r"v?([0-9]+)\.([0-9]+)", version)
    return bool(numbers) and (int(numbers[1]), int(numbers[2])) >= _BINDS_EVERYTHING


def _sorted(value: Any) -> Any:
    return dict(sorted(value.items())) if isinstance(value, dict) else value


def _deep_sorted(value: Any, top: bool = True) -> Any:
    if not isinstance(value, dict):
        return value
    keys = list(value) if {"commands", "mode", "essential"} >= set(value) else sorted(value)
    if keys and {"commands", "mode", "essential"} >= set(keys):
        keys = [key for key in ("commands", "mode", "essential") if key in value]
    return {key: _deep_sorted(value[key]) for key in keys}
