"""Server-side apply for one writer per field.

What the same manager applied earlier and no longer mentions is removed, by the field set kept in managedFields. Fields
that another manager owns are taken over silently: conflicts are not detected.
"""

from __future__ import annotations

from typing import Any

import orjson

from karptui.lab.apiserver import strategic_merge
from karptui.lab.apiserver.registry import Resource

Manifest = dict[str, Any]
_IDENTITY = ("apiVersion", "kind")
_UNOWNED_METADATA = ("name", "namespace", "managedFields", "resourceVersion", "uid", "creationTimestamp")


def apply(resource: Resource, live: Manifest, applied: Manifest, manager: str, now: str) -> Manifest:
    """The live object (empty for a new one) after `manager` applied its configuration. Changes `live` in place."""
    intent = {field: value for field, value in applied.items() if field not in _IDENTITY}
    metadata = dict(intent.get("metadata") or {})
    for field in ("managedFields", "resourceVersion"):
        metadata.pop(field, None)
    intent["metadata"] = metadata
    entries = list((live.get("metadata") or {}).get("managedFields") or ())
    mine = next((entry for entry in entries if _is_mine(entry, manager)), None)
    fields = field_set(resource, _owned(intent))
    if mine is not None:
        _remove(live, mine.get("fieldsV1") or {}, fields)
    merged = _merge(resource, live, intent)
    merged["apiVersion"], merged["kind"] = resource.group_version, resource.kind
    entry = {
        "manager": manager,
        "operation": "Apply",
        "apiVersion": resource.group_version,
        "time": now,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    if mine is not None and mine.get("fieldsV1") == fields:
        entry["time"] = mine.get("time", now)  # an apply that changes nothing must leave no trace
    merged["metadata"]["managedFields"] = [item for item in entries if item is not mine] + [entry]
    return merged


def _is_mine(entry: Manifest, manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == "Apply"


def _owned(intent: Manifest) -> Manifest:
    metadata = {field: value for field, value in intent["metadata"].items() if field not in _UNOWNED_METADATA}
    return {**intent, "metadata": metadata} if metadata else {k: v for k, v in intent.items() if k != "metadata"}


def _merge(resource: Resource, live: Any, intent: Any) -> Any:
    if not resource.custom:
        return strategic_merge.merge(resource.kind, live, intent)
    if not isinstance(intent, dict):
        return intent
    result: Manifest = live if isinstance(live, dict) else {}
    for field, value in intent.items():
        result[field] = _merge(resource, result.get(field), value)
    return result


def field_set(resource: Resource, value: Manifest) -> Manifest:
    """The FieldsV1 set of the leaves in `value`: `f:field` for fields, `k:{key}` for elements of merged lists."""
    fields: Manifest = {}
    for field, inner in value.items():
        key = None if resource.custom else strategic_merge.merge_key(resource.kind, field)
        if isinstance(inner, dict) and inner:
            fields[f"f:{field}"] = field_set(resource, inner)
        elif isinstance(inner, list) and key and all(isinstance(item, dict) and key in item for item in inner):
            fields[f"f:{field}"] = {
                f"k:{orjson.dumps({key: item[key]}).decode()}": {".": {}, **field_set(resource, item)} for item in inner
            }
        else:
            fields[f"f:{field}"] = {}
    return fields


def _remove(live: Any, before: Manifest, after: Manifest) -> None:
    """Take away from `live` what is in the field set `before` and not in `after`."""
    for step, inner in before.items():
        if step == ".":
            continue
        gone = step not in after
        if step.startswith("f:"):
            field = step[2:]
            if not isinstance(live, dict) or field not in live:
                continue
            if gone and not inner:
                del live[field]
                continue
            _remove(live[field], inner, after.get(step) or {})
            if gone and live[field] in ({}, []):
                del live[field]
        elif step.startswith("k:") and isinstance(live, list):
            wanted = orjson.loads(step[2:])
            for item in [item for item in live if wanted.items() <= item.items()]:
                if gone:
                    live.remove(item)
                else:
                    _remove(item, inner, after[step])
