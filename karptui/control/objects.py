"""Writes by resource and key, as controllers think of objects, over the paths that the API server thinks in."""

from typing import Any

from karptui.kube.decode import BY_KIND, RESOURCES
from karptui.kube.write import EventRecorder, EvictionAnswer, Writer, object_path
from karptui.model.metadata import Metadata


class Objects:
    """One cluster's objects, to be written."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._events = EventRecorder(writer)

    async def create(self, resource: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create a cluster-scoped object; the object as stored."""
        return await self._writer.create(_collection(resource), body)

    async def patch(self, resource: str, name: str, patch: dict[str, Any], *, subresource: str = "") -> None:
        """Merge-patch a cluster-scoped object: lists are replaced as a whole."""
        await self._writer.patch(object_path(_collection(resource), name), patch, subresource=subresource)

    async def delete(self, resource: str, name: str) -> bool:
        """Delete a cluster-scoped object; False if it was gone already."""
        return await self._writer.delete(object_path(_collection(resource), name))

    async def evict(self, namespace: str, name: str, *, uid: str) -> EvictionAnswer:
        """Evict a pod through its PodDisruptionBudgets."""
        return await self._writer.evict(namespace, name, uid=uid)

    async def record_event(
        self, kind: str, about: Metadata, reason: str, message: str, *, now: float, warning: bool = False
    ) -> None:
        """Write an Event about an object, the same words at most every two minutes."""
        reference = {
            "apiVersion": BY_KIND[kind].api_version(),
            "kind": kind,
            "namespace": about.namespace,
            "name": about.name,
            "uid": about.uid,
        }
        await self._events.record(reference, reason, message, warning=warning, now=now)


def _collection(resource: str) -> str:
    table = RESOURCES[resource]
    return table.path(table.versions[0])
