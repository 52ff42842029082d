"""JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386)."""

from __future__ import annotations

import copy
from typing import Any

from karptui.lab.apiserver.errors import ApiError


def merge(target: Any, patch: Any) -> Any:
    """The result of a JSON Merge Patch; null removes. Changes and returns `target` where it is a dict."""
    if not isinstance(patch, dict):
        return patch
    result: dict[str, Any] = target if isinstance(target, dict) else {}
    for field, value in patch.items():
        if value is None:
            result.pop(field, None)
        else:
            result[field] = merge(result.get(field), value)
    return result


def apply(document: Any, operations: Any) -> Any:
    """The result of a JSON Patch. Raises 400 for a patch that is no list, 422 for one that cannot be applied."""
    if not isinstance(operations, list):
        raise ApiError(400, "BadRequest", "error decoding patch: a JSON patch must be a list of operations")
    for operation in operations:
        try:
            document = _operate(document, operation)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise ApiError(
                422, "Invalid", f"the server rejected our request due to an error in our request: {error}"
            ) from None
    return document


def _operate(document: Any, operation: dict[str, Any]) -> Any:
    verb, path = operation["op"], _steps(operation["path"])
    if verb in ("add", "replace", "remove"):
        return _edit(document, verb, path, operation.get("value"))
    if verb == "test":
        if _read(document, path) != operation.get("value"):
            raise ValueError(f"testing value {operation['path']} failed")
        return document
    value = copy.deepcopy(_read(document, _steps(operation["from"])))
    if verb == "move":
        document = _edit(document, "remove", _steps(operation["from"]), None)
    elif verb != "copy":
        raise ValueError(f"unknown operation {verb!r}")
    return _edit(document, "add", path, value)


def _steps(pointer: str) -> list[str]:
    if pointer == "":
        return []
    if not pointer.startswith("/"):
        raise ValueError(f"a path must start with a slash: {pointer!r}")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/")]


def _read(document: Any, path: list[str]) -> Any:
    for step in path:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def _edit(document: Any, verb: str, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _read(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        index = len(parent) if last == "-" else int(last)
        if verb == "add":
            if not 0 <= index <= len(parent):
                raise IndexError(f"index {index} is out of range")
            parent.insert(index, value)
        elif verb == "replace":
            parent[index] = value
        else:
            del parent[index]
    elif verb == "remove" or (verb == "replace" and last not in parent):
        del parent[last]
    else:
        parent[last] = value
    return document
