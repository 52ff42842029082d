"""Lists: whole, in pages, and from where a page before left off."""

from __future__ import annotations

import base64
from collections import OrderedDict
from dataclasses import dataclass

import orjson

from karptui.lab.apiserver.errors import bad_request, expired
from karptui.lab.apiserver.registry import Resource
from karptui.lab.apiserver.store import Store, Stored
from karptui.lab.apiserver.watch import Scope

_KEPT_SNAPSHOTS = 64
_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list "
    "without the continue parameter."
)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: all of its pages show the cluster at `version`."""

    items: list[Stored]
    version: int
    token: str = ""
    remaining: int | None = None
    """How many items follow; not told when a selector was given, as in the real server."""


class Listing:
    """Gives out lists and remembers the rest of those that were asked for in pages."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._snapshots: OrderedDict[int, tuple[Resource, Scope, int, list[Stored]]] = OrderedDict()
        self._made = 0

    def select(self, resource: Resource, scope: Scope) -> list[Stored]:
        """The objects in the scope, in the order of namespace and name."""
        if scope.selector.name and (scope.namespace or not resource.namespaced):
            stored = self._store.get(resource, scope.namespace, scope.selector.name)
            return [stored] if stored is not None and scope.holds(stored) else []
        objects = self._store.all(resource, scope.namespace)
        if not scope.selector:
            return objects
        matches = scope.selector.matches
        return [stored for stored in objects if matches(stored.labels, stored.fields)]

    def page(self, resource: Resource, scope: Scope, limit: int, token: str) -> Page:
        """A page of at most `limit` items (0: all). Raises 400 for a token that is none, 410 for a forgotten one."""
        if token:
            number, start = _read_token(token)
            snapshot = self._snapshots.get(number)
            if snapshot is None or snapshot[:2] != (resource, scope):
                raise expired(_TOO_OLD)
            version, items = snapshot[2:]
        else:
            number, start, version, items = 0, 0, self._store.version, self.select(resource, scope)
        if not limit or len(items) - start <= limit:
            return Page(items[start:] if start else items, version)
        if not number:
            number = self._keep(resource, scope, version, items)
        end = start + limit
        remaining = None if scope.selector else len(items) - end
        return Page(items[start:end], version, _write_token(number, end, version), remaining)

    def expire(self) -> None:
        """Forget every list that was begun."""
        self._snapshots.clear()

    def _keep(self, resource: Resource, scope: Scope, version: int, items: list[Stored]) -> int:
        self._made += 1
        self._snapshots[self._made] = (resource, scope, version, items)
        if len(self._snapshots) > _KEPT_SNAPSHOTS:
            self._snapshots.popitem(last=False)
        return self._made


def _write_token(number: int, start: int, version: int) -> str:
    token = {"v": "meta.k8s.io/v1", "rv": version, "list": number, "start": start}
    return base64.urlsafe_b64encode(orjson.dumps(token)).decode().rstrip("=")


def _read_token(token: str) -> tuple[int, int]:
    try:
        content = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(content["list"]), int(content["start"])
    except (ValueError, KeyError, TypeError):
        raise bad_request("continue key is not valid: the token cannot be read") from None
