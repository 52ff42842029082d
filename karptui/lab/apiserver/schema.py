"""What Kubernetes' own kinds may hold: types and names of fields, checked before anything else, and as OpenAPI.

Custom resources are not checked here: the lab's definitions come without schemas.
"""

from __future__ import annotations

import re
from typing import Any

from karptui.lab.apiserver.errors import ApiError, bad_request
from karptui.lab.apiserver.fields import (
    FREE_FORM,
    INT_OR_STRING,
    LISTS,
    QUANTITY,
    RAW,
    TIMES,
    Field,
    by_name,
    message_of,
)
from karptui.lab.apiserver.registry import Resource

_QUANTITY_RULE = r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
_QUANTITY = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?")
_SCALARS = {"string": str, "bool": bool, "int32": int, "int64": int, "double": (int, float), "bytes": str}
_GO_TYPES = {"double": "float64", "bytes": "[]uint8"}
_OPENAPI = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "double": {"type": "number", "format": "double"},
    "bytes": {"type": "string", "format": "byte"},
}


def check_types(resource: Resource, manifest: Any, strict: bool) -> None:
    """Raise 400 for a field of another type than its kind has and, when `strict`, for one that it does not have."""
    message = None if resource.custom else message_of(resource.group_version, resource.kind)
    if message is None or message.startswith(FREE_FORM) or not isinstance(manifest, dict):
        return
    unknown: list[str] = []
    body = {name: value for name, value in manifest.items() if name not in ("apiVersion", "kind")}
    refused = _check(body, message, "", "", unknown)
    if refused is None and strict and unknown:
        listed = ", ".join(f'unknown field "{path}"' for path in unknown)
        refused = f"strict decoding error: {listed}"
    if refused is not None:
        raise bad_request(
            f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {refused}'
        )


def check_applied(resource: Resource, applied: Any) -> None:
    """Raise what server-side apply answers to a field that the kind does not have, or of another type."""
    message = None if resource.custom else message_of(resource.group_version, resource.kind)
    if message is None or message.startswith(FREE_FORM):
        return
    unknown: list[str] = []
    body = {name: value for name, value in applied.items() if name not in ("apiVersion", "kind")}
    refused = _check(body, message, "", "", unknown)
    if refused is None and unknown:
        refused = f".{unknown[0]}: field not declared in schema"
    if refused is not None:
        metadata = applied["metadata"]
        name = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
        what = f"({name}; {resource.group_version}, Kind={resource.kind})"
        raise ApiError(500, "", f"failed to create typed patch object {what}: {refused}")


def _check(value: Any, message: str, path: str, plain: str, unknown: list[str]) -> str | None:
    """The first wrong type. `path` has the indexes of lists in it, `plain`, for the words of Go's decoder, has not."""
    fields = by_name(message)
    for name, inner in value.items():
        here = f"{path}.{name}" if path else name
        field = fields.get(name)
        if field is None:
            unknown.append(here)
            continue
        if inner is None:
            continue
        bare = f"{plain}.{field.within}{name}" if plain else name
        owner = f"{message.rpartition('.')[2]}.{bare}"
        if refused := _check_many(inner, field, owner, here, bare, unknown):
            return refused
    return None


def _check_many(value: Any, field: Field, owner: str, path: str, plain: str, unknown: list[str]) -> str | None:
    if field.many == "*" or field.type in LISTS:
        if not isinstance(value, list):
            return _mismatch(value, owner, f"[]{_go(field.type)}")
        if field.type in LISTS:
            return None
        found = (_check_one(item, field, owner, f"{path}[{at}]", plain, unknown) for at, item in enumerate(value))
        return next((refused for refused in found if refused), None)
    if field.many == "%":
        if not isinstance(value, dict):
            return _mismatch(value, owner, f"map[string]{_go(field.type)}")
        found = (_check_one(item, field, owner, f"{path}.{name}", plain, unknown) for name, item in value.items())
        return next((refused for refused in found if refused), None)
    return _check_one(value, field, owner, path, plain, unknown)


def _check_one(value: Any, field: Field, owner: str, path: str, plain: str, unknown: list[str]) -> str | None:
    kind = field.type
    if value is None or kind in RAW or kind in TIMES or kind.startswith(FREE_FORM):
        return None
    if kind == QUANTITY:
        if isinstance(value, str) and not _QUANTITY.fullmatch(value):
            return f"quantities must match the regular expression '{_QUANTITY_RULE}'"
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return _mismatch(value, owner, "string")
        return None
    if kind == INT_OR_STRING:
        right = isinstance(value, (str, int)) and not isinstance(value, bool)
        return None if right else _mismatch(value, owner, "int32")
    if kind in _SCALARS:
        right = isinstance(value, _SCALARS[kind]) and (kind == "bool" or not isinstance(value, bool))
        return None if right else _mismatch(value, owner, _go(kind))
    if not isinstance(value, dict):
        return _mismatch(value, owner, _go(kind))
    return _check(value, kind, path, plain, unknown)


def _go(kind: str) -> str:
    if kind in _SCALARS:
        return _GO_TYPES.get(kind, kind)
    package, _, name = kind.rpartition(".")
    version = package.rpartition(".")[2]
    return f"{version}.{name}"


def _mismatch(value: Any, owner: str, wanted: str) -> str:
    if isinstance(value, bool):
        given = "bool"
    elif isinstance(value, (int, float)):
        given = "number"
    else:
        given = {str: "string", list: "array"}.get(type(value), "object")
    return f"json: cannot unmarshal {given} into Go struct field {owner} of type {wanted}"


def schemas(messages: set[str]) -> dict[str, Any]:
    """OpenAPI schemas of messages and of all that they hold, by name."""
    made: dict[str, Any] = {}
    waiting = set(messages)
    while waiting:
        message = waiting.pop()
        properties: dict[str, Any] = {}
        for field in by_name(message).values():
            properties[field.name] = _schema(field)
            if _is_object(field.type) and openapi_name(field.type) not in made:
                waiting.add(field.type)
        if message in messages:
            properties = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, **properties}
        made[openapi_name(message)] = {"type": "object", "properties": properties}
    return made


def _is_object(kind: str) -> bool:
    special = (QUANTITY, INT_OR_STRING, *TIMES, *RAW, *LISTS)
    return kind not in _SCALARS and kind not in special


def _schema(field: Field) -> dict[str, Any]:
    kind = field.type
    if kind in _OPENAPI:
        one: dict[str, Any] = _OPENAPI[kind]
    elif kind in LISTS:
        one = {"type": "array", "items": {"type": "string"}}
    elif kind in TIMES:
        one = {"type": "string", "format": "date-time"}
    elif kind == QUANTITY:
        one = {"type": "string"}
    elif kind == INT_OR_STRING:
        one = {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]}
    elif kind in RAW:
        one = {"type": "object"}
    else:
        one = {"allOf": [{"$ref": f"#/components/schemas/{openapi_name(kind)}"}]}
    if field.many == "*":
        return {"type": "array", "items": one}
    return {"type": "object", "additionalProperties": one} if field.many == "%" else one


def openapi_name(message: str) -> str:
    """The name of a message's schema: `io.k8s.api.apps.v1.Deployment`."""
    if message.startswith(("apis.", "api.resource.Quantity", "util.", "runtime.")):
        return f"io.k8s.apimachinery.pkg.{message}"
    return f"io.k8s.{message}"
