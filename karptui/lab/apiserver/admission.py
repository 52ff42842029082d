"""What admission plugins of a cluster do to new objects: priority of pods, addresses of services."""

from __future__ import annotations

from typing import Any

from karptui.lab.apiserver.errors import forbidden, not_found
from karptui.lab.apiserver.registry import Registry, Resource
from karptui.lab.apiserver.store import Store

Manifest = dict[str, Any]
_NO_ADDRESS = "None"


class Admission:
    """Looks at other objects to complete or refuse a new one."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._namespaces = registry.of("", "namespaces")
        self._priority_classes = registry.of("scheduling.k8s.io", "priorityclasses")
        self._addresses = 0

    def admit(self, resource: Resource, manifest: Manifest) -> None:
        """Complete a new object in place. Raises 403 when it may not be made, 404 when its namespace does not exist."""
        if resource.namespaced:
            self._check_namespace(resource, manifest["metadata"])
        if resource.key == ("", "pods"):
            self._set_priority(resource, manifest)
        elif resource.key == ("", "services"):
            self._set_address(manifest["spec"])

    def _check_namespace(self, resource: Resource, metadata: Manifest) -> None:
        namespace = metadata["namespace"]
        stored = self._store.get(self._namespaces, "", namespace)
        if stored is None:
            raise not_found(self._namespaces, namespace)
        if stored.fields["status.phase"] == "Terminating":
            raise forbidden(
                resource,
                metadata.get("name", ""),
                f"unable to create new content in namespace {namespace} because it is being terminated",
                [{"reason": "NamespaceTerminating", "message": f"namespace {namespace} is being terminated"}],
            )

    def _set_priority(self, resource: Resource, pod: Manifest) -> None:
        spec = pod["spec"]
        name = spec.get("priorityClassName") or ""
        if name:
            stored = self._store.get(self._priority_classes, "", name)
            if stored is None:
                pod_name = pod["metadata"].get("name", "")
                raise forbidden(resource, pod_name, f"no PriorityClass with name {name} was found")
            chosen = stored.manifest()
        else:
            chosen = self._global_default()
            if chosen:
                spec["priorityClassName"] = chosen["metadata"]["name"]
        spec["priority"] = chosen.get("value", 0) if chosen else 0
        spec["preemptionPolicy"] = (
            chosen.get("preemptionPolicy", "PreemptLowerPriority")
            if chosen
            else (spec.get("preemptionPolicy") or "PreemptLowerPriority")
        )

    def _global_default(self) -> Manifest | None:
        classes = (stored.manifest() for stored in self._store.all(self._priority_classes))
        return max(
            (item for item in classes if item.get("globalDefault")), key=lambda item: item["value"], default=None
        )

    def _set_address(self, spec: Manifest) -> None:
        if spec.get("type") == "ExternalName" or spec.get("clusterIP") == _NO_ADDRESS:
            return
        if not spec.get("clusterIP"):
            self._addresses += 1
            high, low = divmod(self._addresses + 255, 256)
            spec["clusterIP"] = f"10.96.{high % 256}.{low}"
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
