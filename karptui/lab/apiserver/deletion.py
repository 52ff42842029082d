"""Deleting objects: grace periods of pods, finalizers, preconditions, namespaces with what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from karptui.kube.timestamps import epoch, rfc3339
from karptui.lab.apiserver.errors import bad_request, conflict, forbidden
from karptui.lab.apiserver.registry import Resource
from karptui.lab.apiserver.store import Stored
from karptui.lab.apiserver.writes import Writes

Manifest = dict[str, Any]

_PODS = ("", "pods")
_NAMESPACES = ("", "namespaces")
_KEPT_NAMESPACES = ("default", "kube-system", "kube-public")
_PROPAGATION_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """metav1.DeleteOptions, parsed."""

    grace: int | None = None
    propagation: str = "Background"
    uid: str = ""
    version: str = ""
    dry_run: bool = False


def options_of(body: Any, query: dict[str, str]) -> DeleteOptions:
    """DeleteOptions from a body (which wins) or from query parameters. Raises 400 for an unknown propagation policy."""
    body = body if isinstance(body, dict) else {}
    preconditions = body.get("preconditions") or {}
    grace = body.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
    propagation = body.get("propagationPolicy") or query.get("propagationPolicy") or ""
    if body.get("orphanDependents") and not propagation:
        propagation = "Orphan"
    if propagation not in ("", "Background", "Foreground", "Orphan"):
        raise bad_request(f"invalid propagationPolicy: {propagation}")
    return DeleteOptions(
        grace=None if grace is None else int(grace),
        propagation=propagation or "Background",
        uid=preconditions.get("uid") or "",
        version=preconditions.get("resourceVersion") or "",
        dry_run="All" in (body.get("dryRun") or ()) or query.get("dryRun") == "All",
    )


class Deletion:
    """Takes objects away, at once or when their finalizers and grace periods allow it."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes

    def delete(self, resource: Resource, namespace: str, name: str, options: DeleteOptions) -> tuple[Stored, bool]:
        """Delete an object. Returns its last version and whether it has gone. Raises 403, 404 or 409."""
        current = self._writes.current(resource, namespace, name)
        self._check_preconditions(current, options)
        if resource.key == _NAMESPACES and name in _KEPT_NAMESPACES:
            raise forbidden(resource, name, "this namespace may not be deleted")
        return self.take_away(current, options)

    def take_away(self, current: Stored, options: DeleteOptions) -> tuple[Stored, bool]:
        """Delete an object whose preconditions hold."""
        if current.resource.key == _NAMESPACES:
            return self._terminate_namespace(current, options)
        manifest = current.manifest()
        grace = _grace(manifest, options.grace) if current.resource.key == _PODS else 0
        finalizers: list[str] = list(manifest["metadata"].get("finalizers") or ())
        asked = _PROPAGATION_FINALIZERS.get(options.propagation)
        if asked and asked not in finalizers and "deletionTimestamp" not in manifest["metadata"]:
            finalizers.append(asked)
        # A pod is marked even when it goes at once: watchers see MODIFIED with a deletionTimestamp, then DELETED.
        if not grace and not finalizers and current.resource.key != _PODS:
            return (current if options.dry_run else self._writes.forget(current)), True
        marked = self._mark(current, grace, finalizers, options.dry_run)
        return marked, self._writes.store.get(current.resource, current.namespace, current.name) is None

    def _mark(self, current: Stored, grace: int, finalizers: list[str], dry_run: bool) -> Stored:
        now = self._writes.clock.now()

        def edit(manifest: Manifest) -> None:
            metadata = manifest["metadata"]
            marked = metadata.get("deletionTimestamp")
            if not marked:
                metadata["deletionTimestamp"] = rfc3339(now + grace)
                metadata["deletionGracePeriodSeconds"] = grace
                if "generation" in metadata:
                    metadata["generation"] += 1
            elif grace < metadata.get("deletionGracePeriodSeconds", 0):
                before = epoch(marked) - metadata["deletionGracePeriodSeconds"]
                metadata["deletionTimestamp"] = rfc3339(before + grace)
                metadata["deletionGracePeriodSeconds"] = grace
            if finalizers:
                metadata["finalizers"] = finalizers

        return self._writes.change(current, edit, dry_run=dry_run)

    def _terminate_namespace(self, current: Stored, options: DeleteOptions) -> tuple[Stored, bool]:
        if options.dry_run:
            return current, False
        now = self._writes.now()

        def edit(manifest: Manifest) -> None:
            manifest["metadata"].setdefault("deletionTimestamp", now)
            manifest["status"] = {"phase": "Terminating"}

        marked = self._writes.change(current, edit)
        for stored in self._writes.store.in_namespace(current.name):
            if self._writes.store.get(stored.resource, stored.namespace, stored.name) is not None:
                self.take_away(stored, DeleteOptions())
        store = self._writes.store
        if store.get(current.resource, "", current.name) is not None and not store.in_namespace(current.name):
            return self._writes.forget(marked), True
        return marked, False

    def _check_preconditions(self, current: Stored, options: DeleteOptions) -> None:
        wanted = (("UID", options.uid, current.uid), ("ResourceVersion", options.version, str(current.version)))
        for what, expected, actual in wanted:
            if expected and expected != actual:
                raise conflict(
                    current.resource,
                    current.name,
                    f"Precondition failed: {what} in precondition: {expected}, {what} in object meta: {actual}",
                )


def _grace(pod: Manifest, asked: int | None) -> int:
    """The seconds a kubelet has to stop the pod; 0 when no kubelet has it or it has ended."""
    spec, metadata = pod.get("spec") or {}, pod["metadata"]
    if not spec.get("nodeName") or (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    grace = asked if asked is not None else spec.get("terminationGracePeriodSeconds", 30)
    if grace < 0:
        grace = 1
    if "deletionTimestamp" in metadata:  # a grace period that runs can only be cut short
        return min(grace, metadata.get("deletionGracePeriodSeconds", 0))
    return grace
