"""What the server itself decides about an object's metadata."""

from __future__ import annotations

import random
import uuid
from typing import Any

from karptui.lab.apiserver.errors import ApiError, bad_request, conflict, stale
from karptui.lab.apiserver.registry import Resource
from karptui.lab.apiserver.store import Stored

Manifest = dict[str, Any]

_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"  # no vowels and no look-alikes, as in apimachinery's rand.String
_KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
_NO_UNCONDITIONAL_UPDATE = {("coordination.k8s.io", "leases"), ("policy", "poddisruptionbudgets")}


def generated_name(prefix: str) -> str:
    """A name from `generateName`'s prefix and five random characters."""
    return prefix[:58] + "".join(random.choices(_SUFFIX, k=5))


def metadata_of(manifest: Any) -> Manifest:
    """The metadata of a body. Raises 400 when the body is not an object that has some."""
    if not isinstance(manifest, dict):
        raise bad_request("the request body must be an object")
    metadata = manifest.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise bad_request("metadata must be an object")
    return metadata


def check_type(resource: Resource, manifest: Manifest) -> None:
    """Raise 400 when the body says that it is of another kind or version; fill in both when it does not say."""
    version, kind = manifest.get("apiVersion"), manifest.get("kind")
    if version and version != resource.group_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({resource.group_version})"
        )
    if kind and kind != resource.kind:
        raise bad_request(f"{kind} in version {version!r} cannot be handled as a {resource.kind}")
    manifest["apiVersion"], manifest["kind"] = resource.group_version, resource.kind


def check_namespace(resource: Resource, metadata: Manifest, namespace: str) -> None:
    """Put the namespace of the path into the metadata. Raises 400 when the body names another one."""
    named = metadata.get("namespace")
    if not resource.namespaced:
        metadata.pop("namespace", None)
    elif named and named != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    else:
        metadata["namespace"] = namespace


def begin(resource: Resource, metadata: Manifest, now: str) -> None:
    """Set what a new object gets from the server and drop what a client may not set."""
    if metadata.get("resourceVersion") not in (None, "", "0"):
        # The real server answers exactly so: an internal error without a reason.
        raise ApiError(500, "", "resourceVersion should not be set on objects to be created")
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = generated_name(str(metadata["generateName"]))
    for field in (*_KEPT, "selfLink", "resourceVersion"):
        metadata.pop(field, None)
    for field in ("labels", "annotations", "finalizers", "ownerReferences", "generateName"):
        if not metadata.get(field):
            metadata.pop(field, None)
    metadata["uid"] = str(uuid.uuid4())
    metadata["creationTimestamp"] = now
    if resource.generation or resource.custom:
        metadata["generation"] = 1


def check_precondition(resource: Resource, current: Stored, metadata: Manifest, unconditional: bool) -> None:
    """Raise 409 when the writer saw another version or another object of this name; 422 when it must say which."""
    version = metadata.get("resourceVersion")
    if version not in (None, "", "0"):
        if str(version) != str(current.version):
            raise stale(resource, current.name)
    elif not unconditional and (resource.custom or resource.key in _NO_UNCONDITIONAL_UPDATE):
        kind = resource.kind if not resource.group else f"{resource.kind}.{resource.group}"
        cause = "Invalid value: 0: must be specified for an update"
        raise ApiError(
            422,
            "Invalid",
            f'{kind} "{current.name}" is invalid: metadata.resourceVersion: {cause}',
            {
                "name": current.name,
                "group": resource.group,
                "kind": resource.kind,
                "causes": [{"reason": "FieldValueInvalid", "message": cause, "field": "metadata.resourceVersion"}],
            },
        )
    uid = metadata.get("uid")
    if uid and uid != current.uid:
        raise conflict(
            resource,
            current.name,
            f"Precondition failed: UID in precondition: {uid}, UID in object meta: {current.uid}",
        )


def carry_over(metadata: Manifest, before: Manifest) -> None:
    """Keep what no update may change."""
    for field in _KEPT:
        if field in before:
            metadata[field] = before[field]
        else:
            metadata.pop(field, None)
    if "managedFields" in before:
        metadata.setdefault("managedFields", before["managedFields"])
    if "generateName" in before:
        metadata["generateName"] = before["generateName"]
    for field in ("labels", "annotations", "finalizers", "ownerReferences"):
        if field in metadata and not metadata[field]:
            del metadata[field]


def bump_generation(resource: Resource, manifest: Manifest, before: Manifest) -> None:
    """Count a change of what is wanted: the spec, and for Deployments also the annotations."""
    if not (resource.generation or resource.custom):
        return
    if resource.custom:
        changed = _wanted(manifest, resource.has_status) != _wanted(before, resource.has_status)
    else:
        changed = manifest.get("spec") != before.get("spec")
        if resource.key == ("apps", "deployments"):
            changed |= manifest["metadata"].get("annotations") != before["metadata"].get("annotations")
        elif resource.key == ("discovery.k8s.io", "endpointslices"):
            changed = _wanted(manifest, True) != _wanted(before, True)
    if changed:
        manifest["metadata"]["generation"] = int(before["metadata"].get("generation", 0)) + 1


def _wanted(manifest: Manifest, status_apart: bool) -> Manifest:
    apart = ("metadata", "status") if status_apart else ("metadata",)
    return {field: value for field, value in manifest.items() if field not in apart}
