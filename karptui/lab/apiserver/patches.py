"""One way into the four patch formats."""

from __future__ import annotations

from typing import Any

import orjson
import yaml

from karptui.lab.apiserver import json_patch, strategic_merge
from karptui.lab.apiserver.errors import bad_request, unsupported_media_type
from karptui.lab.apiserver.registry import Resource

Manifest = dict[str, Any]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
BODY_TYPES = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def decode(body: bytes) -> Any:
    """A JSON or YAML body. Raises 400 BadRequest when it is neither."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return yaml.load(body, Loader=_Loader)
    except (yaml.YAMLError, ValueError) as error:
        raise bad_request(f"the request body is neither JSON nor YAML: {error}") from None


def patched(resource: Resource, live: Manifest, body: bytes, content_type: str) -> Manifest:
    """The object after any patch but server-side apply. `live` may be changed. Raises 400, 415 or 422."""
    accepted = (JSON_PATCH, MERGE_PATCH, APPLY_PATCH)
    if not resource.custom:
        accepted = (*accepted[:2], STRATEGIC_MERGE_PATCH, APPLY_PATCH)
    if content_type not in accepted:
        raise unsupported_media_type(accepted)
    patch = decode(body)
    if content_type == JSON_PATCH:
        result = json_patch.apply(live, patch)
    elif not isinstance(patch, dict):
        raise bad_request("error decoding patch: the patch must be an object")
    elif content_type == MERGE_PATCH:
        result = json_patch.merge(live, patch)
    else:
        result = strategic_merge.merge(resource.kind, live, patch)
    if not isinstance(result, dict) or not isinstance(result.get("metadata"), dict):
        raise bad_request("the patched object has no metadata")
    return result
