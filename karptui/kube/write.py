"""The few writes that active mode makes, each one request. All raise KubeError; what is an answer is a value.

Every write names `karptui` as its field manager, so the server's managedFields say who did it.
"""

import time
from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

import msgspec

from karptui.kube.clean import clean
from karptui.kube.connect import Connection
from karptui.kube.errors import ApiError

FIELD_MANAGER = "karptui"
EVENT_AGAIN_AFTER = 120.0
"""Seconds in which an Event of the same words about the same object is not written again (spec/lifecycle.md)."""

Object = dict[str, Any]


class Patch(StrEnum):
    """How a patch is written."""

    MERGE = "application/merge-patch+json"
    JSON = "application/json-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


class Eviction(StrEnum):
    """What the server answered to an eviction."""

    ACCEPTED = "accepted"
    BLOCKED = "blocked"  # a PodDisruptionBudget does not allow it now
    GONE = "gone"
    REFUSED = "refused"  # two budgets cover the pod: no eviction ever succeeds


class EvictionAnswer(msgspec.Struct, frozen=True):
    """The answer, the server's words, and after how many seconds it wants to be asked again, if it said."""

    outcome: Eviction
    message: str = ""
    retry_after: float | None = None


def object_path(collection: str, name: str, subresource: str = "") -> str:
    """The path of one object below a collection's path."""
    path = f"{collection}/{quote(name, safe='')}"
    return f"{path}/{subresource}" if subresource else path


def _pod_path(namespace: str, name: str, subresource: str = "") -> str:
    return object_path(f"/api/v1/namespaces/{quote(namespace, safe='')}/pods", name, subresource)


class Writer:
    """Writes through a connection. `dry_run` asks the server to check and keep nothing."""

    def __init__(self, connection: Connection, *, dry_run: bool = False) -> None:
        self._connection = connection
        self._dry_run = dry_run

    def _query(self, **more: str | bool) -> dict[str, str | int | bool]:
        query: dict[str, str | int | bool] = {"fieldManager": FIELD_MANAGER, **more}
        if self._dry_run:
            query["dryRun"] = "All"
        return query

    async def create(self, collection: str, body: Mapping[str, Any]) -> Object:
        """Create an object below a collection's path (Resource.path); the object as stored."""
        answer = await self._connection.request("POST", collection, dict(body), query=self._query(), verb="create")
        return msgspec.json.decode(answer)

    async def update(self, path: str, body: Mapping[str, Any]) -> Object:
        """Replace an object; with metadata.resourceVersion in the body it fails (409) if that is not the latest."""
        answer = await self._connection.request("PUT", path, dict(body), query=self._query(), verb="update")
        return msgspec.json.decode(answer)

    async def patch(
        self, path: str, patch: object, how: Patch = Patch.MERGE, *, subresource: str = "", force: bool = False
    ) -> Object:
        """Patch an object or its subresource; `force` takes fields over from other managers (APPLY only)."""
        query = self._query(force=True) if force and how is Patch.APPLY else self._query()
        target = f"{path}/{subresource}" if subresource else path
        answer = await self._connection.request(
            "PATCH", target, patch, query=query, content_type=how.value, verb="patch"
        )
        return msgspec.json.decode(answer)

    async def apply(self, path: str, body: Mapping[str, Any], *, force: bool = True) -> Object:
        """Server-side apply: the fields in the body are karptui's from now on."""
        return await self.patch(path, dict(body), Patch.APPLY, force=force)

    async def patch_status(self, path: str, patch: object, how: Patch = Patch.MERGE) -> Object:
        """Patch the status subresource."""
        return await self.patch(path, patch, how, subresource="status")

    async def delete(
        self,
        path: str,
        *,
        uid: str = "",
        resource_version: str = "",
        grace_seconds: int | None = None,
        propagation: str = "Background",
    ) -> bool:
        """Delete an object; False if it was gone already. `uid` and `resource_version` must match (else 409)."""
        conditions = {"uid": uid, "resourceVersion": resource_version}
        options: Object = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation,
            "preconditions": {name: value for name, value in conditions.items() if value},
        }
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        if self._dry_run:
            options["dryRun"] = ["All"]
        try:
            await self._connection.request("DELETE", path, options, verb="delete")
        except ApiError as error:
            if error.code == 404:
                return False
            raise
        return True

    async def evict(
        self, namespace: str, name: str, *, uid: str = "", grace_seconds: int | None = None
    ) -> EvictionAnswer:
        """Evict a pod through its PodDisruptionBudgets. A 429 is an answer, not an error."""
        options: Object = {"preconditions": {"uid": uid}} if uid else {}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        if self._dry_run:
            options["dryRun"] = ["All"]
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"namespace": namespace, "name": name},
            "deleteOptions": options,
        }
        try:
            await self._connection.request("POST", _pod_path(namespace, name, "eviction"), body, verb="create")
        except ApiError as error:
            outcome = _evicted(error, uid)
            if outcome is None:
                raise
            return EvictionAnswer(outcome, error.message, error.retry_after)
        return EvictionAnswer(Eviction.ACCEPTED)

    async def bind(self, namespace: str, name: str, node: str, *, uid: str = "") -> None:
        """Bind a pod to a node, as a scheduler does."""
        metadata = {"namespace": namespace, "name": name, **({"uid": uid} if uid else {})}
        target = {"apiVersion": "v1", "kind": "Node", "name": node}
        body = {"apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": target}
        path = _pod_path(namespace, name, "binding")
        await self._connection.request("POST", path, body, query=self._query(), verb="create")


def _evicted(error: ApiError, uid: str) -> Eviction | None:
    """What an error of the eviction API means; None: it is an error."""
    # The server's own overload has no cause of DisruptionBudget, but waiting is right there too.
    if error.code == 429:
        return Eviction.BLOCKED
    if error.code == 404 or (error.code == 409 and uid):
        return Eviction.GONE
    if error.code == 500 and "more than one PodDisruptionBudget" in error.message:
        return Eviction.REFUSED
    return None


class EventRecorder:
    """Writes core/v1 Events about objects, the same words about the same object at most every two minutes."""

    def __init__(self, writer: Writer, *, component: str = FIELD_MANAGER) -> None:
        self._writer = writer
        self._component = component
        self._written: dict[bytes, float] = {}

    def is_new(self, about: Mapping[str, Any], reason: str, message: str, *, now: float) -> bool:
        """Whether these words about this object would be written at `now`, not having just been said."""
        # Written in the order of time, so what is old lies in front.
        while self._written and now - next(iter(self._written.values())) >= EVENT_AGAIN_AFTER:
            del self._written[next(iter(self._written))]
        return _said(about, reason, message) not in self._written

    async def record(
        self, about: Mapping[str, Any], reason: str, message: str, *, warning: bool = False, now: float | None = None
    ) -> bool:
        """Write an Event about an object (its apiVersion, kind, name, namespace, uid); False if it was just said.

        `now` is epoch seconds. Raises KubeError.
        """
        at = time.time() if now is None else now
        if not self.is_new(about, reason, message, now=at):
            return False
        key = _said(about, reason, message)
        namespace = str(about.get("namespace") or "default")
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{about.get('name')}.{key.hex()[:8]}{int(at * 1e6):x}", "namespace": namespace},
            "involvedObject": {name: about[name] for name in _REFERENCE if about.get(name)},
            "reason": clean(reason, 128),
            "message": clean(message, 1024),
            "type": "Warning" if warning else "Normal",
            "source": {"component": self._component},
            "reportingComponent": self._component,
            "reportingInstance": self._component,
            "firstTimestamp": stamp,
            "lastTimestamp": stamp,
            "count": 1,
        }
        await self._writer.create(f"/api/v1/namespaces/{quote(namespace, safe='')}/events", body)
        self._written[key] = at
        return True


def _said(about: Mapping[str, Any], reason: str, message: str) -> bytes:
    said = (about.get("kind"), about.get("namespace"), about.get("name"), about.get("uid"), reason, message)
    return blake2b(repr(said).encode(), digest_size=12).digest()


_REFERENCE = ("apiVersion", "kind", "namespace", "name", "uid", "resourceVersion")
