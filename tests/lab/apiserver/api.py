"""What the API server's tests send and read: a client that can ask for other forms, and small objects."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from tests.control_plane.client import Client, Document

LIMIT_SECONDS = 30.0
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
NOBODY = "nobody"
"""A scheduler that does not run, so that a real one beside leaves the test's pods alone."""


class ApiClient(Client):
    """The control plane's client, with a choice of the Accept header."""

    @classmethod
    def like(cls, client: Client) -> "ApiClient":
        """A client of the same server with the same credentials."""
        made = cls(client._server, client._tls)
        made._headers = client._headers
        return made

    forget: Callable[[], Awaitable[object]]
    """Lets the server forget its history: etcd's compaction, or the lab's like."""

    async def get_as(self, accept: str, path: str, **query: str) -> Document:
        """GET with an Accept header; again where the server begins to serve a kind that it has just learned (429)."""
        assert self._session is not None
        url = self._server + path
        async with asyncio.timeout(60):
            while True:
                async with self._session.get(url, params=query, headers={"Accept": accept}) as answer:
                    if answer.status != 429:
                        assert answer.status == 200, await answer.text()
                        return await answer.json()
                await asyncio.sleep(0.2)

    async def get_bytes(self, accept: str, path: str) -> bytes:
        """GET with an Accept header, the body as it comes."""
        assert self._session is not None
        async with self._session.get(self._server + path, headers={"Accept": accept}) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read()


def client_at(url: str, token: str) -> ApiClient:
    """A client of a lab's API server."""
    return ApiClient(url, ssl.create_default_context(), token)


def pods_path(namespace: str, name: str = "", subresource: str = "") -> str:
    return "/".join(filter(None, (f"/api/v1/namespaces/{namespace}/pods", name, subresource)))


def pod(name: str, **spec: Any) -> Document:
    """A pod of one container that no scheduler takes."""
    containers = [{"name": "main", "image": "registry.example/app:1"}]
    return {
        "metadata": {"name": name, "labels": {"app": "web"}},
        "spec": {"schedulerName": NOBODY, "containers": containers, **spec},
    }


def config_map(name: str, **data: str) -> Document:
    return {"metadata": {"name": name}, "data": data}


def deployment(name: str, replicas: int = 0) -> Document:
    """A paused Deployment, which a deployment controller does not roll out."""
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"schedulerName": NOBODY, "containers": [{"name": "main", "image": "registry.example/app:1"}]},
    }
    selector = {"matchLabels": {"app": name}}
    spec = {"replicas": replicas, "paused": True, "selector": selector, "template": template}
    return {"metadata": {"name": name}, "spec": spec}


def node_pool(name: str) -> Document:
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"}
    requirement = {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot"]}
    template = {"spec": {"nodeClassRef": reference, "requirements": [requirement]}}
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": name},
        "spec": {"template": template},
    }


async def events_until(watch: AsyncIterator[Document], enough: Callable[[list[Document]], bool]) -> list[Document]:
    """The events of a watch up to the one that makes `enough` true. Raises TimeoutError when it never does."""
    seen: list[Document] = []
    async with asyncio.timeout(LIMIT_SECONDS), aclosing(watch) as stream:  # type: ignore[type-var]
        async for event in stream:
            seen.append(event)
            if enough(seen):
                return seen
    raise AssertionError(f"the watch ended after {seen}")


def kinds(events: list[Document]) -> list[tuple[str, str]]:
    """Type and object name of events, bookmarks left out."""
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events if event["type"] != "BOOKMARK"]
