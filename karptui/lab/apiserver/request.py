"""What a request asks for, read from its path, query and headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from karptui.lab.apiserver import patches, protobuf
from karptui.lab.apiserver.errors import bad_request, no_such_path, unsupported_media_type
from karptui.lab.apiserver.registry import Registry, Resource
from karptui.lab.apiserver.schema import check_types

_TEXTS = ("", "application/json", "application/yaml", "text/yaml", "application/x-yaml")
_TRUE = ("true", "1", "t")
_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Path:
    """A path below /api/v1 or /apis/{group}/{version}, taken apart."""

    group: str
    version: str
    namespace: str
    plural: str
    name: str
    subresource: str


def read_path(path: str) -> Path | None:
    """The parts of a resource's path, or None when it is another kind of path. An absent plural means discovery."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) >= 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) >= 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = ""
    of_namespace_itself = len(rest) == 3 and rest[2] in ("status", "finalize")
    if rest[:1] == ["namespaces"] and len(rest) >= 3 and not of_namespace_itself:
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource, *beyond = (*rest, "", "", "")
    if any(beyond[3:]) or len(rest) > 3:
        return None
    return Path(group, version, namespace, plural, name, subresource)


@dataclass(frozen=True, slots=True)
class Call:
    """A request for a resource."""

    request: web.Request
    resource: Resource
    namespace: str
    name: str
    subresource: str
    query: dict[str, str]

    @property
    def verb(self) -> str:
        """The verb as RBAC names it."""
        verb = _VERBS.get(self.request.method, self.request.method.lower())
        if self.name:
            return verb
        if verb == "get":
            return "watch" if self.watching else "list"
        return "deletecollection" if verb == "delete" else verb

    @property
    def watching(self) -> bool:
        """Whether a stream of changes is asked for; kubernetes-asyncio writes `watch=True`."""
        return self.flag("watch")

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be kept. Raises 400 for a value that is not `All`."""
        value = self.query.get("dryRun", "")
        if value not in ("", "All"):
            raise bad_request(f'dryRun: Unsupported value: "{value}": supported values: "All"')
        return value == "All"

    @property
    def content_type(self) -> str:
        """The type of the body, without parameters."""
        return self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def flag(self, name: str) -> bool:
        """A boolean of the query."""
        return self.query.get(name, "").lower() in _TRUE

    def number(self, name: str) -> int | None:
        """A whole number of the query, None when absent. Raises 400 for anything else."""
        text = self.query.get(name, "")
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise bad_request(f'{name}: Invalid value: "{text}": must be a number') from None

    async def body(self) -> Any:
        """The decoded body, None when there is none. Raises 400, or 415 for another type."""
        return read_body(await self.request.read(), self.content_type)

    async def manifest(self) -> Any:
        """The body of an object of this resource, its fields checked. Raises 400 or 415."""
        body = await self.body()
        check_types(self.resource, body, self.strict)
        return body

    @property
    def strict(self) -> bool:
        """Whether fields that the kind does not have are refused."""
        return self.query.get("fieldValidation") == "Strict"


def read_body(content: bytes, content_type: str) -> Any:
    """A body decoded, None for an empty one. Raises 400, or 415 for a type that the server does not know."""
    if not content:
        return None
    if content_type == protobuf.CONTENT_TYPE:
        return protobuf.decode(content)
    if content_type not in _TEXTS:
        raise unsupported_media_type(patches.BODY_TYPES)
    return patches.decode(content)


def read_call(request: web.Request, path: Path, registry: Registry) -> Call:
    """The call that a request makes. Raises 404 for resources and subresources that do not exist."""
    resource = registry.find(path.group, path.version, path.plural)
    if resource is None or (path.subresource and path.subresource not in resource.subresources):
        raise no_such_path()
    if path.namespace and not resource.namespaced:
        raise no_such_path()
    if path.name and resource.namespaced and not path.namespace:
        raise no_such_path()
    return Call(request, resource, path.namespace, path.name, path.subresource, dict(request.query))
