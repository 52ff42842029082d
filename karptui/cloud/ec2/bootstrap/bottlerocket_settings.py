"""What Karpenter reads of a user's Bottlerocket settings: keys it knows, in its order, each of a kind."""

from collections.abc import Callable, Mapping
from typing import Any

Kind = Callable[[str, Any], Any]
"""(where it stands, value) → the value as it is written. Raises ValueError where it is of another kind."""


def _of(kind: type, words: str) -> Kind:
    def read(where: str, value: Any) -> Any:
        if type(value) is not kind:  # to TOML true is no number
            raise ValueError(f"{where} is not {words}")
        return value

    return read


_text, _number, _truth = _of(str, "a text"), _of(int, "a whole number"), _of(bool, "true or false")
_array, _table = _of(list, "an array"), _of(dict, "a table")


def _list_of(kind: Kind) -> Kind:
    def read(where: str, value: Any) -> list[Any]:
        return [kind(f"{where}[{index}]", entry) for index, entry in enumerate(_array(where, value))]

    return read


def _table_of(kind: Kind) -> Kind:
    def read(where: str, value: Any) -> dict[str, Any]:
        return {key: kind(f"{where}.{key}", entry) for key, entry in sorted(_table(where, value).items())}

    return read


def _record(always: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Kind:
    """A table of known keys, others are lost; those in `always` are written even if they are not given."""

    def read(where: str, value: Any) -> dict[str, Any]:
        given = _table(where, value)
        known = {key: kind(f"{where}.{key}", given[key]) for key, kind in kinds.items() if key in given}
        return {key: known[key] if key in known else always[key] for key in kinds if key in known or key in always}

    return read


def _level(where: str, value: Any) -> int:
    if not 0 <= _number(where, value) < 2**32:
        raise ValueError(f"{where} is not a whole number from 0 to {2**32 - 1}")
    return value


_texts, _text_table = _list_of(_text), _table_of(_text)
_CREDENTIAL_PROVIDER = _record(
    {"image-patterns": []},
    {"enabled": _truth, "cache-duration": _text, "image-patterns": _texts, "environment": _text_table},
)
_NUMA_OPTIONS = _record({}, {"prefer-closest-numa-nodes": _truth, "max-allowable-numa-nodes": _number})

KUBERNETES: Mapping[str, Kind] = {
    "api-server": _text,
    "cloud-provider": _text,
    "cluster-certificate": _text,
    "cluster-name": _text,
    "cluster-dns-ip": _text,
    "credential-providers": _table_of(_CREDENTIAL_PROVIDER),
    "node-labels": _text_table,
    "node-taints": _table_of(_texts),
    "max-pods": _number,
    "static-pods": _table_of(_record({}, {"enabled": _truth, "manifest": _text})),
    "eviction-hard": _text_table,
    "eviction-soft": _text_table,
    "eviction-soft-grace-period": _text_table,
    "eviction-max-pod-grace-period": _number,
    "kube-reserved": _text_table,
    "system-reserved": _text_table,
    "allowed-unsafe-sysctls": _texts,
    "server-tls-bootstrap": _truth,
    "registry-qps": _number,
    "registry-burst": _number,
    "event-qps": _number,
    "event-burst": _number,
    "kube-api-qps": _number,
    "kube-api-burst": _number,
    "container-log-max-size": _text,
    "container-log-max-files": _number,
    "cpu-manager-policy": _text,
    "cpu-manager-policy-options": _texts,
    "cpu-manager-reconcile-period": _text,
    "memory-manager-policy": _text,
    "topology-manager-scope": _text,
    "topology-manager-policy": _text,
    "topology-manager-policy-options": _NUMA_OPTIONS,
    "image-gc-high-threshold-percent": _text,
    "image-gc-low-threshold-percent": _text,
    "ids-per-pod": _number,
    "cpu-cfs-quota-enforced": _truth,
    "shutdown-grace-period": _text,
    "shutdown-grace-period-for-critical-pods": _text,
    "cluster-domain": _text,
    "seccomp-default": _truth,
    "pod-pids-limit": _number,
    "device-ownership-from-security-context": _truth,
    "single-process-oom-kill": _truth,
    "container-log-max-workers": _number,
    "container-log-monitor-interval": _text,
    "hostname-override-source": _text,
    "log-level": _level,
}
"""Settings of the kubernetes table in the order in which Karpenter writes them."""

_COMMAND = _record(
    {"commands": [], "mode": "", "essential": False},
    {"commands": _list_of(_texts), "mode": _text, "essential": _truth},
)


def known_settings(settings: Any) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The kubernetes table and the bootstrap commands (None: there is no such table) of `settings`.

    Raises ValueError where a value is of another kind than Bottlerocket's.
    """
    told = _table("settings", settings)
    kubernetes = _record({}, KUBERNETES)("settings.kubernetes", told.get("kubernetes", {}))
    if "bootstrap-commands" not in told:
        return kubernetes, None
    return kubernetes, _table_of(_COMMAND)("settings.bootstrap-commands", told["bootstrap-commands"])
