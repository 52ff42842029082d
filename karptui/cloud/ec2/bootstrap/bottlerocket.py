"""User data of Bottlerocket: TOML, the user's settings with Karpenter's over them."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from karptui.cloud.ec2.bootstrap.bottlerocket_settings import KUBERNETES, known_settings
from karptui.cloud.ec2.bootstrap.kubelet_args import durations
from karptui.cloud.ec2.bootstrap.toml import to_toml
from karptui.model.taints import Taint

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
    else None. Raises ValueError where `own` is no TOML, or not the settings of Bottlerocket.
    """
    settings: dict[str, Any] = tomllib.loads(own).get("settings", {})
    kubernetes, commands = known_settings(settings)
    kubernetes |= {key: value for key, value in cluster.items() if value}
    kubernetes["node-labels"] = dict(sorted({**kubernetes.get("node-labels", {}), **labels}.items()))
    kubernetes["max-pods"] = max_pods
    if not cluster.get("cluster-certificate"):
        kubernetes.pop("cluster-certificate", None)  # the user's own counts as little as another endpoint would
    _kubelet_settings(kubernetes, kubelet)
    registered: dict[str, list[str]] = {}
    for taint in taints:
        registered.setdefault(taint.key, []).append(f"{taint.value}:{taint.effect}")
    kubernetes["node-taints"] = dict(sorted(registered.items()))
    if storage_version is not None:
        commands = dict(sorted({**(commands or {}), _STORAGE_COMMAND: _mount_storage(storage_version)}.items()))
    written: dict[str, Any] = {key: _deep_sorted(value) for key, value in settings.items()}
    written["kubernetes"] = {key: kubernetes[key] for key in KUBERNETES if kubernetes.get(key) not in (None, {}, [])}
    if commands is not None:
        written["bootstrap-commands"] = commands
    return to_toml({"settings": dict(sorted(written.items()))})


def _kubelet_settings(kubernetes: dict[str, Any], kubelet: Mapping[str, Any]) -> None:
    if kubelet.get("clusterDNS"):
        kubernetes["cluster-dns-ip"] = kubelet["clusterDNS"][0]
    for key, setting in _MAPS:
        if kubelet.get(key) is not None:
            kubernetes[setting] = dict(sorted(kubelet[key].items()))
    if kubelet.get("evictionSoftGracePeriod") is not None:
        kubernetes["eviction-soft-grace-period"] = dict(sorted(durations(kubelet["evictionSoftGracePeriod"]).items()))
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
    numbers = re.match(r"v*([0-9]+)\.([0-9]+)\.", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= _BINDS_EVERYTHING


def _deep_sorted(value: Any) -> Any:
    if isinstance(value, list):
        return [_deep_sorted(entry) for entry in value]  # pyright: ignore[reportUnknownVariableType]
    return {key: _deep_sorted(value[key]) for key in sorted(value)} if isinstance(value, dict) else value
