"""Objects and their history, under one resourceVersion that only grows.

An object is kept as its serialised bytes beside the few values that selectors and the server itself ask for; 20,000
pods as Python dictionaries would take most of a gigabyte. Bytes are shared by lists, watches and history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from karptui.lab.apiserver.registry import Resource
from karptui.lab.apiserver.selectors import selected_fields
from karptui.lab.apiserver.watch import Change, History

Manifest = dict[str, Any]
ObjectKey = tuple[str, str]
"""Namespace (empty for cluster-scoped objects) and name."""


class Stored:
    """One version of one object; never changed once made."""

    __slots__ = ("encoded", "fields", "labels", "name", "namespace", "resource", "uid", "version")

    def __init__(self, resource: Resource, manifest: Manifest, version: int) -> None:
        metadata = manifest["metadata"]
        metadata["resourceVersion"] = str(version)
        self.resource = resource
        self.namespace: str = metadata.get("namespace", "")
        self.name: str = metadata["name"]
        self.uid: str = metadata.get("uid", "")
        self.version = version
        self.labels: Mapping[str, str] = metadata.get("labels") or {}
        self.fields = selected_fields(resource, manifest)
        self.encoded = orjson.dumps(in_order(resource, manifest))

    @property
    def key(self) -> ObjectKey:
        """The object's place among those of its resource."""
        return (self.namespace, self.name)

    def manifest(self) -> Manifest:
        """A fresh copy that the caller may change."""
        return orjson.loads(self.encoded)


def in_order(resource: Resource, manifest: Mapping[str, Any]) -> Manifest:
    """The manifest with apiVersion, kind and metadata in front: list items drop the first two by cutting bytes."""
    ordered: Manifest = {"apiVersion": resource.group_version, "kind": resource.kind, "metadata": manifest["metadata"]}
    for field, value in manifest.items():
        if field not in ordered:
            ordered[field] = value
    return ordered


class Shelf:
    """The objects of one resource and what happened to them."""

    def __init__(self, history: int) -> None:
        self.objects: dict[ObjectKey, Stored] = {}
        self.history = History(history)


class Store:
    """Every object of the cluster. Not thread-safe: it belongs to one event loop."""

    def __init__(self, history: int) -> None:
        self.version = 1
        self._history = history
        self._shelves: dict[tuple[str, str], Shelf] = {}

    def shelf(self, resource: Resource) -> Shelf:
        """The objects of a resource with their history."""
        shelf = self._shelves.get(resource.key)
        if shelf is None:
            shelf = self._shelves[resource.key] = Shelf(self._history)
        return shelf

    def shelves(self) -> Iterable[Shelf]:
        """Those of every resource that was ever touched."""
        return tuple(self._shelves.values())

    def get(self, resource: Resource, namespace: str, name: str) -> Stored | None:
        """The object, or None."""
        return self.shelf(resource).objects.get((namespace, name))

    def all(self, resource: Resource, namespace: str = "") -> list[Stored]:
        """The objects, of one namespace if given, in the order of namespace and name."""
        objects = self.shelf(resource).objects
        keys = sorted(key for key in objects if key[0] == namespace) if namespace else sorted(objects)
        return [objects[key] for key in keys]

    def in_namespace(self, namespace: str) -> list[Stored]:
        """Everything that lives in one namespace."""
        return [
            stored
            for shelf in self._shelves.values()
            for key, stored in list(shelf.objects.items())
            if key[0] == namespace
        ]

    def put(self, resource: Resource, manifest: Manifest) -> Stored:
        """Keep a new object, or a new version of one, under the next resourceVersion."""
        shelf = self.shelf(resource)
        self.version += 1
        after = Stored(resource, manifest, self.version)
        before = shelf.objects.get(after.key)
        shelf.objects[after.key] = after
        shelf.history.add(Change(self.version, before, after))
        return after

    def remove(self, stored: Stored) -> Stored:
        """Forget an object. Returns its last version, which carries the resourceVersion of the deletion."""
        shelf = self.shelf(stored.resource)
        current = shelf.objects.pop(stored.key)
        self.version += 1
        last = Stored(stored.resource, current.manifest(), self.version)
        shelf.history.add(Change(self.version, last, None))
        return last

    def expire_history(self) -> None:
        """Forget all changes so far, as etcd's compaction does."""
        for shelf in self._shelves.values():
            shelf.history.expire(self.version)
