"""What kubelet is told on its command line: AL2 and Windows have no configuration file for it."""

from collections.abc import Iterable, Mapping
from typing import Any

from karptui.cloud.ec2.nodeclass.node_class_hash import nanoseconds
from karptui.model.taints import Taint

_MAPS = (
    ("systemReserved", "--system-reserved", "="),
    ("kubeReserved", "--kube-reserved", "="),
    ("evictionHard", "--eviction-hard", "<"),
    ("evictionSoft", "--eviction-soft", "<"),
)
_NUMBERS = (
    ("evictionMaxPodGracePeriod", "--eviction-max-pod-grace-period"),
    ("imageGCHighThresholdPercent", "--image-gc-high-threshold"),
    ("imageGCLowThresholdPercent", "--image-gc-low-threshold"),
)


def kubelet_args(kubelet: Mapping[str, Any], labels: Mapping[str, str], taints: Iterable[Taint], max_pods: int) -> str:
    """The arguments, in Karpenter's order; lists in order of key."""
    told: list[str] = []
    if labels:
        told.append(f'--node-labels="{_joined(labels, "=")}"')
    registered = ",".join(
        f"{taint.key}={taint.value}:{taint.effect}" if taint.value else f"{taint.key}:{taint.effect}"
        for taint in taints
    )
    if registered:
        told.append(f'--register-with-taints="{registered}"')
    told.append(f"--max-pods={max_pods}")
    if kubelet.get("podsPerCore") is not None:
        told.append(f"--pods-per-core={kubelet['podsPerCore']}")
    for key, argument, sign in _MAPS:
        if kubelet.get(key):
            told.append(f'{argument}="{_joined(kubelet[key], sign)}"')
    if periods := kubelet.get("evictionSoftGracePeriod"):
        told.append(f'--eviction-soft-grace-period="{_joined(durations(periods), "=")}"')
    told += [f"{argument}={kubelet[key]}" for key, argument in _NUMBERS if kubelet.get(key) is not None]
    if kubelet.get("cpuCFSQuota") is not None:
        told.append(f"--cpu-cfs-quota={str(bool(kubelet['cpuCFSQuota'])).lower()}")
    return " ".join(told)


def _joined(entries: Mapping[str, str], sign: str) -> str:
    return ",".join(f"{key}{sign}{entries[key]}" for key in sorted(entries))


def durations(periods: Mapping[str, str]) -> dict[str, str]:
    """Durations as Go writes them: 90s as 1m30s."""
    return {key: go_duration(nanoseconds(text)) for key, text in periods.items()}


def go_duration(amount: int) -> str:
    """Nanoseconds in hours, minutes and seconds as Go's Duration prints them."""
    if amount == 0:
        return "0s"
    if abs(amount) < 10**9:
        unit, size = next(
            (unit, size) for unit, size in (("ms", 10**6), ("µs", 10**3), ("ns", 1)) if abs(amount) >= size
        )
        return f"{amount / size:.9f}".rstrip("0").rstrip(".") + unit
    sign, rest = ("-", -amount) if amount < 0 else ("", amount)
    minutes, nanos = divmod(rest, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{nanos // 10**9}.{nanos % 10**9:09d}".rstrip("0").rstrip(".")
    return sign + (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{seconds}s"
