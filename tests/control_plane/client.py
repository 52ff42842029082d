"""A bare client of the Kubernetes API, so that a test's set-up and its checks do not lean on karptui's own."""

import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp

Document = dict[str, Any]
PATCHES = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
    "apply": "application/apply-patch+yaml",
}


class RequestRefused(Exception):
    """The API server answered with something else than success: HTTP `status`, and the `reason` of its Status."""

    def __init__(self, status: int, body: Document) -> None:
        super().__init__(f"{status} {body.get('reason', '')}: {body.get('message', '')}")
        self.status = status
        self.reason = str(body.get("reason", ""))
        self.message = str(body.get("message", ""))


class Client:
    """JSON in, JSON out, on paths such as `/api/v1/namespaces/default/pods`. Use it in `async with`.

    Every method raises RequestRefused for an answer that is not a success, aiohttp.ClientError without an answer.
    `query` are the parameters of the request (`labelSelector=...`).
    """

    def __init__(self, server: str, tls: ssl.SSLContext, token: str | None = None) -> None:
        self._server, self._tls = server, tls
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=30)
        connector = aiohttp.TCPConnector(ssl=self._tls)
        self._session = aiohttp.ClientSession(connector=connector, headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, **query: str) -> Document:
        return await self._send("GET", path, query)

    async def create(self, path: str, body: Mapping[str, Any], **query: str) -> Document:
        return await self._send("POST", path, query, body)

    async def replace(self, path: str, body: Mapping[str, Any], **query: str) -> Document:
        return await self._send("PUT", path, query, body)

    async def patch(
        self, path: str, body: Mapping[str, Any] | list[Document], kind: str = "merge", **query: str
    ) -> Document:
        """`kind` is one of `merge`, `strategic`, `json`, `apply`; the last needs `fieldManager="..."`."""
        return await self._send("PATCH", path, query, body, PATCHES[kind])

    async def delete(self, path: str, body: Mapping[str, Any] | None = None, **query: str) -> Document:
        """Deletes one object, or all of a collection's; `gracePeriodSeconds="0"` when no kubelet ends the pods."""
        return await self._send("DELETE", path, query, body)

    async def watch(self, path: str, **query: str) -> AsyncGenerator[Document, None]:
        """Watch events (`{"type": ..., "object": ...}`) until the server ends it, ERROR and BOOKMARK included."""
        query = {"watch": "true", "allowWatchBookmarks": "true", **query}
        async with self._open("GET", path, query) as answer:
            rest = b""
            async for piece in answer.content.iter_any():
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    yield json.loads(line)

    async def make_namespace(self) -> str:
        """Name of a new namespace that no other test knows."""
        made = await self.create("/api/v1/namespaces", {"metadata": {"generateName": "test-"}})
        return made["metadata"]["name"]

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | list[Document] | None = None,
        content_type: str = "application/json",
    ) -> Document:
        async with self._open(method, path, query, body, content_type) as answer:
            return await answer.json()

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: object = None,
        content_type: str = "application/json",
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        assert self._session is not None, "use the client in `async with`"
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type}
        url = self._server + path
        async with self._session.request(method, url, params=query, data=data, headers=headers) as answer:
            if answer.status >= 300:
                raise _refusal(answer.status, await answer.text())
            yield answer


def _refusal(status: int, text: str) -> RequestRefused:
    try:
        return RequestRefused(status, json.loads(text))
    except json.JSONDecodeError:  # refused before anything spoke of a Status
        return RequestRefused(status, {"message": text})
