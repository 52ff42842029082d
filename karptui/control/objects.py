"""Writes by resource and key, as controllers think of objects, over the paths that the API server thinks in."""

import asyncio
import json
from typing import Any

import msgspec
from msgspec import Struct

from karptui.cloud.together import Together
from karptui.control.safety.gate import Act, Gate, told
from karptui.kube.connect import Connection
from karptui.kube.decode import BY_KIND, RESOURCES
from karptui.kube.errors import ApiError
from karptui.kube.write import EventRecorder, EvictionAnswer, Writer, object_path
from karptui.model.metadata import Metadata

SEEN_SECONDS = 10.0
"""Real ones, after which a write that the watch has not shown is no longer waited for."""


class _ClaimMetadata(Struct):
    uid: str


class _ClaimStatus(Struct):
    providerID: str | None = None


class _Claim(Struct):
    metadata: _ClaimMetadata
    status: _ClaimStatus | None = None


class _Claims(Struct):
    items: list[_Claim] | None = None


_CLAIMS = msgspec.json.Decoder(_Claims)
"""What the collector asks of them, every ten seconds: the rest of many is not read."""


class Objects:
    """One cluster's objects, to be written: each write passes the gate."""

    def __init__(self, connection: Connection, gate: Gate) -> None:
        self._connection = connection
        self._writer = writer = Writer(connection)
        self._gate = gate
        self._events = EventRecorder(writer)
        self._attachments = Together(self._volumes_by_node)
        self._own: dict[tuple[str, str], tuple[int, float]] = {}  # the newest version that we wrote, and when

    async def create(self, resource: str, body: dict[str, Any], *, what: str = "") -> dict[str, Any]:
        """Create a cluster-scoped object; the object as stored. `what` describes it for people."""
        metadata = body["metadata"]
        name = metadata.get("name") or metadata.get("generateName", "")
        act = Act("create", resource, name, what or told(body))
        return await self._gate.act(act, lambda: self._writer.create(_collection(resource), body))

    async def patch(self, resource: str, name: str, patch: dict[str, Any], *, subresource: str = "") -> None:
        """Merge-patch a cluster-scoped object: lists are replaced as a whole."""
        path = object_path(_collection(resource), name)
        seen = str((patch.get("metadata") or {}).get("resourceVersion") or "")
        if seen and self._newer(resource, name, seen) is not None:
            # The server would say so too: what this was worked out from is older than what we wrote ourselves.
            raise ApiError(409, "Conflict", "an earlier write is still to be seen", path=path, verb="patch")
        act = Act("patch", f"{resource}/{subresource}" if subresource else resource, name, told(patch))
        stored = await self._gate.act(act, lambda: self._writer.patch(path, patch, subresource=subresource))
        self._wrote(resource, name, str(stored["metadata"].get("resourceVersion") or ""))

    def behind(self, resource: str, name: str, seen: str) -> bool:
        """Whether the watch has yet to show what we wrote ourselves: `seen` is an older version, and that is new."""
        wrote = self._newer(resource, name, seen)
        return wrote is not None and asyncio.get_running_loop().time() - wrote < SEEN_SECONDS

    def _newer(self, resource: str, name: str, seen: str) -> float | None:
        """When we wrote a newer version than `seen`; whole numbers that grow (KEP-5504), or no help."""
        version, at = self._own.get((resource, name), (0, 0.0))
        return at if seen.isdecimal() and int(seen) < version else None

    def _wrote(self, resource: str, name: str, version: str) -> None:
        now, key = asyncio.get_running_loop().time(), (resource, name)
        self._own.pop(key, None)
        if version.isdecimal():
            self._own[key] = (int(version), now)
        while self._own and now - next(iter(self._own.values()))[1] > SEEN_SECONDS:
            del self._own[next(iter(self._own))]

    async def delete(self, resource: str, name: str, *, uid: str = "") -> bool:
        """Delete a cluster-scoped object; False if it was gone already. Refused (409) if it has another UID."""
        path = object_path(_collection(resource), name)
        return await self._gate.act(Act("delete", resource, name), lambda: self._writer.delete(path, uid=uid))

    async def evict(self, namespace: str, name: str, *, uid: str) -> EvictionAnswer:
        """Evict a pod through its PodDisruptionBudgets."""
        act = Act("create", "pods/eviction", f"{namespace}/{name}")
        return await self._gate.act(act, lambda: self._writer.evict(namespace, name, uid=uid))

    async def delete_pod(self, namespace: str, name: str, *, uid: str, grace_seconds: int) -> None:
        """Delete a pod past its PodDisruptionBudgets, as a node's deadline demands."""
        act = Act("delete", "pods", f"{namespace}/{name}", f"grace {grace_seconds}s")
        path = object_path(f"/api/v1/namespaces/{namespace}/pods", name)
        await self._gate.act(act, lambda: self._writer.delete(path, uid=uid, grace_seconds=grace_seconds))

    async def claims_now(self) -> list[tuple[str, str]]:
        """(UID, providerID or "") of every NodeClaim, asked of the API server itself: the World may be behind."""
        listed = _CLAIMS.decode(await self._connection.request("GET", _collection("nodeclaims"), verb="list"))
        return [(item.metadata.uid, (item.status or _ClaimStatus()).providerID or "") for item in listed.items or ()]

    async def attached_volumes(self, node: str) -> list[str]:
        """PersistentVolumes that VolumeAttachments hold to a node, by name; asked once for nodes that go together."""
        return await self._attachments.get(node) or []

    async def _volumes_by_node(self, nodes: list[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {node: [] for node in nodes}
        for item in await self._listed("/apis/storage.k8s.io/v1/volumeattachments"):
            node, source = item["spec"].get("nodeName"), item["spec"].get("source") or {}
            if node in found and source.get("persistentVolumeName"):
                found[node].append(source["persistentVolumeName"])
        return found

    async def _listed(self, path: str) -> list[dict[str, Any]]:
        return json.loads(await self._connection.request("GET", path, verb="list")).get("items") or []

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
        if not self._events.is_new(reference, reason, message, now=now):
            return
        act = Act("create", "events", about.key, reason)
        await self._gate.act(act, lambda: self._events.record(reference, reason, message, warning=warning, now=now))


def _collection(resource: str) -> str:
    table = RESOURCES[resource]
    return table.path(table.versions[0])
