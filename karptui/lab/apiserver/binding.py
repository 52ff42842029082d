"""The pods/binding subresource: a scheduler gives a pod to a node."""

from __future__ import annotations

from typing import Any

from karptui.lab.apiserver.errors import FieldErrors, conflict
from karptui.lab.apiserver.metadata import metadata_of
from karptui.lab.apiserver.registry import Resource
from karptui.lab.apiserver.writes import Writes

Manifest = dict[str, Any]


def bind(writes: Writes, pods: Resource, namespace: str, name: str, binding: Any, *, dry_run: bool) -> None:
    """Put a pod on the node that the Binding names. Raises 400, 404, 409 (bound or being deleted) or 422."""
    metadata = metadata_of(binding)
    stored = writes.current(pods, namespace, name)
    target = binding.get("target") or {}
    errors = FieldErrors()
    if target.get("kind") not in (None, "", "Node", "Minion"):
        errors.not_supported("target.kind", target["kind"], ("Node", "<empty>"))
    if not target.get("name"):
        errors.required("target.name")
    errors.raise_if_any(pods, name)
    if metadata.get("uid") and metadata["uid"] != stored.uid:
        why = f"Precondition failed: UID in precondition: {metadata['uid']}, UID in object meta: {stored.uid}"
        raise conflict(pods, name, why)
    pod = stored.manifest()
    if "deletionTimestamp" in pod["metadata"]:
        raise conflict(pods, name, f"pod {name} is being deleted, cannot be assigned to a host")
    if node := pod["spec"].get("nodeName"):
        raise conflict(pods, name, f'pod {name} is already assigned to node "{node}"')
    if pod["spec"].get("schedulingGates"):
        raise conflict(pods, name, f"pod {name} has non-empty .spec.schedulingGates")
    now = writes.now()

    def edit(manifest: Manifest) -> None:
        manifest["spec"]["nodeName"] = target["name"]
        for field in ("annotations", "labels"):
            if metadata.get(field):
                manifest["metadata"].setdefault(field, {}).update(metadata[field])
        conditions = manifest.setdefault("status", {}).setdefault("conditions", [])
        conditions[:] = [item for item in conditions if item.get("type") != "PodScheduled"]
        conditions.append({"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now})

    writes.change(stored, edit, dry_run=dry_run)
