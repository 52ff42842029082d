"""The scale subresource of workloads."""

from __future__ import annotations

from typing import Any

from karptui.lab.apiserver import patches
from karptui.lab.apiserver.errors import FieldErrors
from karptui.lab.apiserver.metadata import bump_generation, check_precondition, metadata_of
from karptui.lab.apiserver.registry import Resource
from karptui.lab.apiserver.store import Stored
from karptui.lab.apiserver.writes import Writes

Manifest = dict[str, Any]

SCALE = Resource("autoscaling", "v1", "Scale", "scales", True)


def scale_of(stored: Stored) -> Manifest:
    """The autoscaling/v1 Scale of a workload."""
    manifest = stored.manifest()
    metadata, spec, status = manifest["metadata"], manifest.get("spec") or {}, manifest.get("status") or {}
    selector = (spec.get("selector") or {}).get("matchLabels") or {}
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {field: metadata[field] for field in kept if field in metadata},
        "spec": {"replicas": spec.get("replicas", 0)},
        "status": {
            "replicas": status.get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(selector.items())),
        },
    }


def set_scale(writes: Writes, stored: Stored, scale: Any, *, dry_run: bool) -> Stored:
    """Take the replicas of a Scale over. Raises 400, 409 or 422."""
    check_precondition(stored.resource, stored, metadata_of(scale), unconditional=True)
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    errors = FieldErrors()
    if not isinstance(replicas, int) or replicas < 0:
        errors.invalid("spec.replicas", replicas, "must be greater than or equal to 0")
    errors.raise_if_any(SCALE, stored.name)

    def edit(manifest: Manifest) -> None:
        before = stored.manifest()
        manifest["spec"]["replicas"] = replicas
        bump_generation(stored.resource, manifest, before)

    return writes.change(stored, edit, dry_run=dry_run)


def patch_scale(writes: Writes, stored: Stored, body: bytes, content_type: str, *, dry_run: bool) -> Stored:
    """Patch the Scale of a workload. Raises 400, 409, 415 or 422."""
    return set_scale(writes, stored, patches.patched(SCALE, scale_of(stored), body, content_type), dry_run=dry_run)
