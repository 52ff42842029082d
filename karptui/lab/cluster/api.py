"""A small client for the Kubernetes API: JSON in, JSON out, one exception for every refusal."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import aiohttp
import orjson

from karptui.lab.cluster.kinds import Kind, Object

CONNECTIONS = 48
"""Requests in flight at once: enough to keep the server busy, few enough to leave its queue short."""

WATCH_SECONDS = 290
"""How long one watch may last before it is opened anew (the server ends them after 30 to 60 minutes by itself)."""

PATCH_TYPES = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
}


class Refused(Exception):
    """The API answered with an error. `code` is the HTTP status, `reason` that of the Status object."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(f"{code} {reason}: {message}")
        self.code = code
        self.reason = reason


UNREACHABLE = (aiohttp.ClientError, ConnectionError, asyncio.TimeoutError)
"""What a request raises when there is nobody to answer."""


class Api:
    """The API at `url` with a bearer token. `written` is told every object that a write returned."""

    def __init__(self, url: str, token: str, *, tls: ssl.SSLContext | None = None, agent: str = "lab") -> None:
        self._url = url.rstrip("/")
        self._tls = tls
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": agent, "Accept": "application/json"}
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self.written: Callable[[Kind, Object], None] = lambda kind, item: None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, ssl=self._tls if self._tls is not None else True)
            self._session = aiohttp.ClientSession(
                connector=connector, headers=self._headers, timeout=aiohttp.ClientTimeout(total=60)
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Any:
        """One request. Raises Refused, or one of UNREACHABLE."""
        data = None if body is None else orjson.dumps(body)
        headers = None if data is None else {"Content-Type": content_type}
        async with (
            self._slots,
            self._open().request(method, self._url + path, params=query, data=data, headers=headers) as response,
        ):
            raw = await response.read()
            if response.status >= 400:
                raise _refusal(response.status, raw)
            return orjson.loads(raw) if raw else {}

    async def get(self, kind: Kind, namespace: str, name: str) -> Object:
        """One object. Raises Refused with 404 if there is none."""
        return await self.request("GET", kind.path(namespace, name))

    async def list(self, kind: Kind, namespace: str = "", **query: str) -> tuple[list[Object], str]:
        """All objects (in pages of 500) and the resourceVersion of the list."""
        items: list[Object] = []
        query = {"limit": "500", **query}
        while True:
            page = await self.request("GET", kind.path(namespace), query=query)
            items.extend(page.get("items") or ())
            more = page["metadata"].get("continue")
            if not more:
                return items, page["metadata"]["resourceVersion"]
            query["continue"] = more

    async def create(self, kind: Kind, item: Object, subresource: str = "") -> Object:
        """POST to the collection, or to a subresource of the object (a Binding, an Eviction)."""
        meta = item["metadata"]
        name = meta["name"] if subresource else ""
        path = kind.path(meta.get("namespace", ""), name, subresource)
        made = await self.request("POST", path, body=item)
        if not subresource:
            self.written(kind, made)
        return made

    async def replace(self, kind: Kind, item: Object, subresource: str = "") -> Object:
        """PUT; a resourceVersion in the object guards it (409 when somebody else was faster)."""
        meta = item["metadata"]
        body = {"apiVersion": kind.api_version, "kind": kind.kind, **item}
        made = await self.request("PUT", kind.path(meta.get("namespace", ""), meta["name"], subresource), body=body)
        self.written(kind, made)
        return made

    async def patch(
        self, kind: Kind, item: Object, body: Any, subresource: str = "", *, how: str = "merge", guarded: bool = False
    ) -> Object:
        """PATCH the object that `item` names; `guarded` makes a stale `item` fail with 409."""
        meta = item["metadata"]
        if guarded:
            body = {**body, "metadata": {**body.get("metadata", {}), "resourceVersion": meta["resourceVersion"]}}
        path = kind.path(meta.get("namespace", ""), meta["name"], subresource)
        made = await self.request("PATCH", path, body=body, content_type=PATCH_TYPES[how])
        self.written(kind, made)
        return made

    async def delete(
        self, kind: Kind, item: Object, *, grace: int | None = None, propagation: str = "Background"
    ) -> Object:
        """Delete exactly this object: one of the same name with another uid stays (409)."""
        meta = item["metadata"]
        options: Object = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation,
            "preconditions": {"uid": meta["uid"]},
        }
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        return await self.request("DELETE", kind.path(meta.get("namespace", ""), meta["name"]), body=options)

    async def watch(self, kind: Kind, version: str, namespace: str = "") -> AsyncIterator[Object]:
        """Watch events after `version` until the server ends the stream. Raises Refused (410 when too old)."""
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        timeout = aiohttp.ClientTimeout(total=None, sock_read=WATCH_SECONDS + 30)
        async with self._open().get(self._url + kind.path(namespace), params=query, timeout=timeout) as response:
            if response.status >= 400:
                raise _refusal(response.status, await response.read())
            rest = b""
            async for chunk in response.content.iter_any():
                # Not readline(): it refuses lines above 64 KiB.
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line:
                        yield orjson.loads(line)


def _refusal(code: int, raw: bytes) -> Refused:
    try:
        status = orjson.loads(raw)
        return Refused(code, status.get("reason", ""), status.get("message", ""))
    except (orjson.JSONDecodeError, AttributeError):
        return Refused(code, "", raw[:200].decode("utf-8", "replace"))
