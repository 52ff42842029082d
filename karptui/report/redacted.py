"""Bundles without the names of whoever they came from: the same question in other words.

Every name, label of one's own, uid and provider id becomes `n-00001` and so on, in the order of the originals, so that
whatever Karpenter decides by the order of names stays as it was. Numbers, and what belongs to Kubernetes, Karpenter or
the cloud's offer (instance types, zones, capacity types), stay.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

Json = Any
_KNOWN_DOMAINS = ("kubernetes.io", "k8s.io", "karpenter.sh", "karpenter.k8s.aws", "karpenter.kwok.sh", "k8s.aws")
_NAMING_KEYS = frozenset(
    {
        "kubernetes.io/hostname",
        "kubernetes.io/metadata.name",
        "karpenter.sh/nodepool",
        "karpenter.k8s.aws/ec2nodeclass",
        "karpenter.kwok.sh/kwoknodeclass",
        "statefulset.kubernetes.io/pod-name",
        "batch.kubernetes.io/job-name",
    }
)
"""Labels of known domains whose values are somebody's names."""

_NAME_FIELDS = frozenset(
    {
        "name", "namespace", "uid", "nodeName", "nominatedNodeName", "providerID", "imageID", "claimName",
        "volumeName", "storageClassName", "priorityClassName", "nodeClaim", "nodePool", "node", "resourceVersion",
    }
)  # fmt: skip
_LISTS_OF_NAMES = frozenset(
    {"namespaces", "nominated", "markedForDeletion", "favoured", "pods", "podsLater", "podsNamed", "podsBound", "nodes",
     "nodeClaims", "matchLabelKeys", "finalizers"}
)  # fmt: skip
_MAPS_OF_LABELS = frozenset({"labels", "annotations", "matchLabels", "nodeSelector"})
_MAPS_BY_NAME = _MAPS_OF_LABELS | {"instanceTypesByNodePool", "providerDrift"}
_WORDS = frozenset(
    {"apiVersion", "kind", "operator", "effect", "type", "status", "reason", "phase", "verdict", "method", "decision",
     "differs", "protocol", "whenUnsatisfiable", "nodeAffinityPolicy", "nodeTaintsPolicy", "consolidationPolicy",
     "creationTimestamp", "lastTransitionTime", "startTime", "startedAt", "at", "time", "stamped", "about"}
)  # fmt: skip
"""Fields whose values are words of an API, or times."""
_KEPT = frozenset({"default-scheduler", "all", "claim", "metadata.name", "true", "false", ""})
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?%?")
_TOKEN = re.compile(r"[A-Za-z0-9._-]+")
_DROPPED = frozenset({"message", "finalizers"})


def redacted(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """The bundle with other names; what is only for people (messages, NodeClass specs) is left out."""
    thinned = {key: value if key == "instanceTypes" else _thinned(value) for key, value in bundle.items()}
    kept = _offered(bundle.get("instanceTypes") or ()) | _KEPT
    names: set[str] = set()
    for key in ("objects", "state", "shadow", "instanceTypesByNodePool"):
        _collect(thinned.get(key), "", names)
    names |= set(thinned.get("instanceTypesByNodePool") or ())
    names = {name for name in names if name not in kept and not _NUMBER.fullmatch(name)}
    others = {name: f"n-{number:05d}" for number, name in enumerate(sorted(names), 1)}
    return {key: value if key == "instanceTypes" else _renamed(value, others, key) for key, value in thinned.items()}


def _own(key: str) -> bool:
    domain = key.partition("/")[0] if "/" in key else ""
    return not any(domain == known or domain.endswith(f".{known}") for known in _KNOWN_DOMAINS)


def _offered(types: Iterable[Any]) -> set[str]:
    """Every word of what the cloud offers."""
    found: set[str] = set()
    for entry in types:
        if isinstance(entry, Mapping):
            found.add(entry["name"])
            for stated in (entry, *entry["offerings"]):
                for requirement in stated["requirements"]:
                    found |= {requirement["key"], *requirement.get("values", ())}
    return found


def _thinned(value: Json) -> Json:
    """Without texts that only people read, and what only a cloud provider reads of a NodeClass."""
    if isinstance(value, list):
        return [_thinned(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if str(value.get("kind", "")).endswith("NodeClass") and "metadata" in value:
        status = {"conditions": (value.get("status") or {}).get("conditions") or []}
        value = {**value, "spec": {}, "status": status}
    found = {key: _thinned(entry) for key, entry in value.items() if key not in _DROPPED}
    if isinstance(found.get("annotations"), dict):
        found["annotations"] = {key: entry for key, entry in found["annotations"].items() if not _own(key)}
    return found


def _collect(value: Json, field: str, names: set[str]) -> None:
    if isinstance(value, str):
        if field in _NAME_FIELDS or field in _LISTS_OF_NAMES:
            names |= set(value.split("/")) if field in _LISTS_OF_NAMES else {value}
    elif isinstance(value, list):
        for entry in value:
            _collect(entry, field, names)
    elif isinstance(value, dict):
        if field in _MAPS_OF_LABELS:
            for key, entry in value.items():
                names |= _of_label(key, (entry,))
            return
        if isinstance(value.get("key"), str):  # a requirement, an expression, a taint or a toleration
            stated = value.get("values")
            entries = stated if isinstance(stated, list) else [value.get("value") or ""]
            names |= _of_label(value["key"], entries)
        if isinstance(value.get("topologyKey"), str):
            names |= _of_label(value["topologyKey"], ())
        for key, entry in value.items():
            _collect(entry, key, names)


def _of_label(key: str, values: Iterable[str]) -> set[str]:
    if _own(key):
        return {key, *values}
    return set(values) if key in _NAMING_KEYS else set()


def _renamed(value: Json, others: Mapping[str, str], field: str = "") -> Json:
    if isinstance(value, str):
        if field in _WORDS:
            return value
        if value in others:
            return others[value]
        # `namespace/name`, and sentences that name something.
        return _TOKEN.sub(lambda match: others.get(match[0], match[0]), value) if set(value) & set(" /:,") else value
    if isinstance(value, list):
        return [_renamed(entry, others, field) for entry in value]
    if isinstance(value, dict):
        named = field in _MAPS_BY_NAME
        # Below a map of labels nothing is a field of Kubernetes any more.
        return {
            _renamed(key, others) if named else key: _renamed(entry, others, "" if named else key)
            for key, entry in value.items()
        }
    return value
