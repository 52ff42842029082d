"""Strategic merge patch: lists of built-in types are merged by the keys that their Go types name.

Directives: `$patch: replace | delete | merge`, `$retainKeys`, `$setElementOrder/<list>` and
`$deleteFromPrimitiveList/<list>`.
"""

from __future__ import annotations

from typing import Any

from karptui.lab.apiserver.errors import bad_request

MERGE_KEYS = {
    "addresses": "type",
    "conditions": "type",
    "containers": "name",
    "drivers": "name",
    "env": "name",
    "ephemeralContainers": "name",
    "hostAliases": "ip",
    "hostIPs": "ip",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "ownerReferences": "uid",
    "podIPs": "ip",
    "ports": "containerPort",
    "resourceClaims": "name",
    "schedulingGates": "name",
    "secrets": "name",
    "topologySpreadConstraints": "topologyKey",
    "volumeDevices": "devicePath",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
"""List field → merge key (`patchMergeKey` in k8s.io/api). Lists that are not here are replaced whole, tolerations and
taints among them."""
PRIMITIVE_LISTS = frozenset({"finalizers", "podCIDRs"})
_SERVICE_PORTS = "port"

Manifest = dict[str, Any]


def merge_key(kind: str, field: str) -> str | None:
    """The key that elements of a list are told apart by, or None when the list is atomic."""
    if field == "ports" and kind == "Service":
        return _SERVICE_PORTS
    return MERGE_KEYS.get(field)


def merge(kind: str, target: Manifest, patch: Manifest) -> Manifest:
    """Merge `patch` into `target` in place and return it. Raises 400 for a patch that makes no sense."""
    directive = patch.get("$patch")
    if directive == "replace":
        return {field: value for field, value in patch.items() if field != "$patch"}
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise bad_request(f"invalid value for $patch: {directive!r}")
    if "$retainKeys" in patch:
        kept = set(patch["$retainKeys"])
        for field in [field for field in target if field not in kept]:
            del target[field]
    for field, value in patch.items():
        if field.startswith("$"):
            continue
        if value is None:
            target.pop(field, None)
        elif isinstance(value, dict):
            before = target.get(field)
            target[field] = merge(kind, before if isinstance(before, dict) else {}, value)
        elif isinstance(value, list):
            target[field] = _merge_list(kind, field, target.get(field), value)
        else:
            target[field] = value
    _apply_list_directives(kind, target, patch)
    return target


def _merge_list(kind: str, field: str, before: Any, patch: list[Any]) -> list[Any]:
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [item for item in patch if not (isinstance(item, dict) and "$patch" in item)]
    current: list[Any] = list(before or ())
    if field in PRIMITIVE_LISTS:
        return current + [item for item in patch if item not in current]
    key = merge_key(kind, field)
    if key is None:
        return patch
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        index = next((i for i, held in enumerate(current) if held.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            if index is not None:
                del current[index]
        elif index is None:
            current.append(merge(kind, {}, item))
        else:
            current[index] = merge(kind, current[index], item)
    return current


def _apply_list_directives(kind: str, target: Manifest, patch: Manifest) -> None:
    for directive, value in patch.items():
        if directive.startswith("$deleteFromPrimitiveList/"):
            field = directive.partition("/")[2]
            if field in target:
                target[field] = [item for item in target[field] if item not in value]
        elif directive.startswith("$setElementOrder/"):
            field = directive.partition("/")[2]
            if isinstance(target.get(field), list):
                target[field] = _ordered(target[field], value, merge_key(kind, field))


def _ordered(items: list[Any], order: list[Any], key: str | None) -> list[Any]:
    """The named items in the given order; the others keep their place behind them."""
    if key is None:
        ranks = {repr(item): rank for rank, item in enumerate(order)}
        return sorted(items, key=lambda item: ranks.get(repr(item), len(ranks)))
    by_key = {entry.get(key): rank for rank, entry in enumerate(order)}
    return sorted(items, key=lambda item: by_key.get(item.get(key), len(by_key)))
