"""Creating and changing objects, by the rules of the real server's registry strategies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from karptui.kube.timestamps import rfc3339
from karptui.lab.apiserver import events, patches, server_side_apply
from karptui.lab.apiserver.admission import Admission
from karptui.lab.apiserver.custom import established, resources_of
from karptui.lab.apiserver.defaults import initial_status, set_defaults
from karptui.lab.apiserver.errors import already_exists, bad_request, no_such_path, not_found
from karptui.lab.apiserver.metadata import (
    begin,
    bump_generation,
    carry_over,
    check_namespace,
    check_precondition,
    check_type,
    metadata_of,
)
from karptui.lab.apiserver.registry import Registry, Resource
from karptui.lab.apiserver.schema import check_applied, check_types
from karptui.lab.apiserver.store import Store, Stored
from karptui.lab.apiserver.validation import validate
from karptui.lab.clock import Clock

Manifest = dict[str, Any]

EVENTS_V1 = ("events.k8s.io", "events")
_KEEPS_STATUS_AT_CREATION = {("", "nodes")}  # a kubelet registers its node together with its status
_DEFINITIONS = ("apiextensions.k8s.io", "customresourcedefinitions")


@dataclass(frozen=True, slots=True)
class Target:
    """What a write is about: the resource as the client named it, namespace, name, and `status` or nothing."""

    resource: Resource
    namespace: str
    name: str
    subresource: str = ""


class Writes:
    """All changes of the store go through here, except deletions."""

    def __init__(self, store: Store, registry: Registry, clock: Clock) -> None:
        self.store = store
        self.registry = registry
        self.clock = clock
        self._admission = Admission(store, registry)
        self._events = registry.of("", "events")

    def now(self) -> str:
        """The lab time as a timestamp."""
        return rfc3339(self.clock.now())

    def stored_as(self, resource: Resource) -> Resource:
        """The resource under which objects are kept: events have two shapes and one shelf."""
        if resource.key == EVENTS_V1:
            return self._events
        return resource

    def current(self, resource: Resource, namespace: str, name: str) -> Stored:
        """The object. Raises 404."""
        stored = self.store.get(self.stored_as(resource), namespace, name)
        if stored is None:
            raise not_found(resource, name)
        return stored

    def create(self, resource: Resource, namespace: str, manifest: Any, *, dry_run: bool = False) -> Stored:
        """Store a new object. Raises 400, 403, 404 (namespace), 409 or 422."""
        metadata = metadata_of(manifest)
        check_type(resource, manifest)
        check_namespace(resource, metadata, namespace)
        if resource.key == EVENTS_V1:
            resource, manifest = self._events, events.to_core(manifest)
        generated = not metadata.get("name") and bool(metadata.get("generateName"))
        begin(resource, metadata, self.now())
        while generated and self.store.get(resource, metadata.get("namespace", ""), metadata["name"]):
            del metadata["name"]
            begin(resource, metadata, self.now())
        with _readable(resource):
            set_defaults(resource.key, manifest)
            if resource.has_status and resource.key not in _KEEPS_STATUS_AT_CREATION:
                manifest.pop("status", None)
                if not resource.custom:
                    manifest["status"] = initial_status(resource.key, manifest)
            validate(resource, manifest, None)
            self._admission.admit(resource, manifest)
        if self.store.get(resource, metadata.get("namespace", ""), metadata["name"]):
            raise already_exists(resource, metadata["name"])
        if dry_run:
            return Stored(resource, manifest, self.store.version)
        return self._created(resource, manifest)

    def _created(self, resource: Resource, manifest: Manifest) -> Stored:
        if resource.key == _DEFINITIONS:
            manifest["status"] = established(manifest, self.now())
            for served in resources_of(manifest):
                self.registry.add(served)
        stored = self.store.put(resource, manifest)
        if resource.key == ("", "namespaces"):
            account = {"metadata": {"name": "default"}}
            self.create(self.registry.of("", "serviceaccounts"), stored.name, account)
        return stored

    def update(self, target: Target, manifest: Any, *, dry_run: bool = False) -> Stored:
        """Replace an object (PUT). Raises 400, 404, 409 or 422."""
        metadata = metadata_of(manifest)
        check_type(target.resource, manifest)
        check_namespace(target.resource, metadata, target.namespace)
        if metadata.setdefault("name", target.name) != target.name:
            raise bad_request(
                f"the name of the object ({metadata['name']}) does not match the name on the URL ({target.name})"
            )
        current = self.current(target.resource, target.namespace, target.name)
        return self._replace(target, current, manifest, unconditional=False, dry_run=dry_run)

    def patch(
        self,
        target: Target,
        body: bytes,
        content_type: str,
        *,
        manager: str = "",
        strict: bool = False,
        dry_run: bool = False,
    ) -> tuple[Stored, bool]:
        """Patch an object. Returns it and whether server-side apply created it. Raises 400, 404, 409, 415 or 422."""
        if content_type == patches.APPLY_PATCH:
            return self._apply(target, body, manager, dry_run)
        current = self.current(target.resource, target.namespace, target.name)
        live = self.shown(target.resource, current)
        patched = patches.patched(target.resource, live, body, content_type)
        check_type(target.resource, patched)
        check_types(target.resource, patched, strict)
        return self._replace(target, current, patched, unconditional=True, dry_run=dry_run), False

    def change(self, stored: Stored, edit: Callable[[Manifest], None], *, dry_run: bool = False) -> Stored:
        """Let the server itself edit an object, past the rules for clients."""
        manifest = stored.manifest()
        edit(manifest)
        return self._keep(stored, manifest, dry_run)

    def shown(self, resource: Resource, stored: Stored) -> Manifest:
        """The object in the shape of the resource that the client named."""
        manifest = stored.manifest()
        if resource.key == EVENTS_V1:
            return events.from_core(manifest)
        manifest["apiVersion"] = resource.group_version
        return manifest

    def _apply(self, target: Target, body: bytes, manager: str, dry_run: bool) -> tuple[Stored, bool]:
        if not manager:
            raise bad_request(
                "PatchOptions.meta.k8s.io is invalid: fieldManager: Required value: is required for apply patch"
            )
        applied = patches.decode(body)
        metadata = metadata_of(applied)
        check_type(target.resource, applied)
        check_applied(target.resource, applied)
        check_namespace(target.resource, metadata, target.namespace)
        metadata["name"] = target.name
        stored = self.store.get(self.stored_as(target.resource), target.namespace, target.name)
        live: Manifest = {} if stored is None else self.shown(target.resource, stored)
        merged = server_side_apply.apply(target.resource, live, applied, manager, self.now())
        if stored is None:
            if target.subresource:
                raise not_found(target.resource, target.name)
            return self.create(target.resource, target.namespace, merged, dry_run=dry_run), True
        version = metadata.get("resourceVersion")
        merged["metadata"]["resourceVersion"] = version or str(stored.version)
        return self._replace(target, stored, merged, unconditional=True, dry_run=dry_run), False

    def _replace(
        self, target: Target, current: Stored, manifest: Manifest, *, unconditional: bool, dry_run: bool
    ) -> Stored:
        metadata = manifest["metadata"]
        check_precondition(target.resource, current, metadata, unconditional)
        resource = self.stored_as(target.resource)
        if resource is not target.resource:
            manifest = events.to_core(manifest)
        before = current.manifest()
        if metadata.get("name") != current.name or metadata.get("namespace", "") != current.namespace:
            raise bad_request("metadata.name and metadata.namespace may not be changed")
        carry_over(metadata, before["metadata"])
        if target.subresource == "status":
            manifest = _with_status_of(resource, before, manifest)
        elif target.subresource:
            raise no_such_path()
        else:
            if resource.has_status:
                _keep(manifest, before, "status")
            with _readable(resource):
                set_defaults_again(resource, manifest)
                bump_generation(resource, manifest, before)
        with _readable(resource):
            validate(resource, manifest, before)
        return self._keep(current, manifest, dry_run)

    def _keep(self, current: Stored, manifest: Manifest, dry_run: bool) -> Stored:
        """Store a new version, unless nothing changed; forget the object when its last finalizer has gone."""
        resource, metadata = current.resource, manifest["metadata"]
        metadata["resourceVersion"] = str(current.version)
        manifest["apiVersion"] = resource.group_version
        if manifest == current.manifest():
            return current
        if dry_run:
            return Stored(resource, manifest, current.version)
        stored = self.store.put(resource, manifest)
        deleted = metadata.get("deletionTimestamp") and not metadata.get("deletionGracePeriodSeconds")
        if deleted and not metadata.get("finalizers") and not _namespace_finalizers(resource, manifest):
            return self.forget(stored)
        return stored

    def forget(self, stored: Stored) -> Stored:
        """Remove an object, and what cannot be without it. Returns its last version."""
        last = self.store.remove(stored)
        if stored.resource.key == _DEFINITIONS:
            for served in resources_of(stored.manifest()):
                for instance in self.store.all(served):
                    self.store.remove(instance)
                self.registry.discard(served.group, served.plural)
        if stored.namespace:
            self._finish_namespace(stored.namespace)
        return last

    def _finish_namespace(self, name: str) -> None:
        """A namespace that is being terminated goes with its last object: there is no namespace controller."""
        namespace = self.store.get(self.registry.of("", "namespaces"), "", name)
        if namespace is None or namespace.fields["status.phase"] != "Terminating":
            return
        if not self.store.in_namespace(name):
            self.store.remove(namespace)


@contextmanager
def _readable(resource: Resource) -> Iterator[None]:
    """Answer 400 for a body with a field of another type than Kubernetes' schema has, where that stops the server."""
    try:
        yield
    except (TypeError, AttributeError, KeyError) as error:
        raise bad_request(
            f"{resource.kind} in version {resource.version!r} cannot be handled as a {resource.kind}: {error}"
        ) from error


def set_defaults_again(resource: Resource, manifest: Manifest) -> None:
    """Defaults of an updated object. A Pod's were fixed at its creation, and so were a Namespace's and a Job's."""
    if resource.key not in {("", "pods"), ("", "namespaces"), ("", "services"), ("batch", "jobs")}:
        set_defaults(resource.key, manifest)


def _keep(manifest: Manifest, before: Manifest, field: str) -> None:
    if field in before:
        manifest[field] = before[field]
    else:
        manifest.pop(field, None)


def _with_status_of(resource: Resource, before: Manifest, manifest: Manifest) -> Manifest:
    """What a write to the status subresource may change: the status, and metadata only of built-in resources."""
    result = dict(before)
    if not resource.custom:
        result["metadata"] = manifest["metadata"]
    else:
        result["metadata"] = dict(before["metadata"])
        if "managedFields" in manifest["metadata"]:
            result["metadata"]["managedFields"] = manifest["metadata"]["managedFields"]
    _keep(result, manifest, "status")
    return result


def _namespace_finalizers(resource: Resource, manifest: Manifest) -> bool:
    return resource.key == ("", "namespaces") and bool((manifest.get("spec") or {}).get("finalizers"))
