"""What the server tells about itself: groups, versions, resources, its version, and a stub of its OpenAPI document.

Aggregated discovery is not offered: every kubectl falls back to this form, while 1.28 breaks on a newer aggregated one.
"""

from __future__ import annotations

from typing import Any

from karptui.lab.apiserver.fields import message_of
from karptui.lab.apiserver.registry import ALL_VERBS, Registry, Resource
from karptui.lab.apiserver.reviews import KINDS as REVIEWS
from karptui.lab.apiserver.schema import openapi_name, schemas

Manifest = dict[str, Any]

VERSION = {
    "major": "1",
    "minor": "35",
    "gitVersion": "v1.35.0-karptui.lab",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "lab/python",
}
"""The Kubernetes minor whose behaviour the server follows."""

_SUBRESOURCE_KINDS = {
    "scale": ("autoscaling", "v1", "Scale"),
    "eviction": ("policy", "v1", "Eviction"),
    "binding": ("", "", "Binding"),
    "token": ("authentication.k8s.io", "v1", "TokenRequest"),
}
_SUBRESOURCE_VERBS = {
    "eviction": ["create"],
    "binding": ["create"],
    "token": ["create"],
    "log": ["get"],
    "finalize": ["update"],
}


def api_versions() -> Manifest:
    """GET /api."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def _group(name: str, versions: list[str]) -> Manifest:
    entries = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": entries, "preferredVersion": entries[0]}


def _groups(registry: Registry) -> dict[str, list[str]]:
    groups = registry.groups()
    for group, _ in REVIEWS:
        groups.setdefault(group, ["v1"])
    groups.pop("", None)
    return groups


def api_groups(registry: Registry) -> Manifest:
    """GET /apis."""
    groups = [_group(name, versions) for name, versions in _groups(registry).items()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def api_group(registry: Registry, group: str) -> Manifest | None:
    """GET /apis/{group}; None when there is none."""
    versions = _groups(registry).get(group)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, versions)} if versions else None


def api_resources(registry: Registry, group: str, version: str) -> Manifest | None:
    """GET /api/v1 or /apis/{group}/{version}; None when there is none."""
    entries: list[Manifest] = []
    for resource in registry.all():
        if (resource.group, resource.version) == (group, version):
            entries.append(_entry(resource))
            entries.extend(_subresource_entry(resource, name) for name in resource.subresources)
    for (its_group, plural), kind in REVIEWS.items():
        if (its_group, "v1") == (group, version):
            entry = {"name": plural, "singularName": kind.lower(), "namespaced": False, "kind": kind}
            entries.append({**entry, "verbs": ["create"]})
    if not entries:
        return None
    group_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": entries}


def _entry(resource: Resource) -> Manifest:
    entry: Manifest = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(ALL_VERBS),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    return entry


def _subresource_entry(resource: Resource, name: str) -> Manifest:
    group, version, kind = _SUBRESOURCE_KINDS.get(name, ("", "", resource.kind))
    entry: Manifest = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": kind,
        "verbs": _SUBRESOURCE_VERBS.get(name, ["get", "patch", "update"]),
    }
    if version:
        entry |= {"group": group, "version": version}
    return entry


OPENAPI_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


def openapi_index(registry: Registry) -> Manifest:
    """GET /openapi/v3."""
    paths = {
        f"api{'s/' + group if group else ''}/{version}"
        for group, versions in registry.groups().items()
        for version in versions
    }
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash=lab"} for path in sorted(paths)}}


def openapi(registry: Registry, group: str, version: str) -> Manifest:
    """GET /openapi/v3/apis/{group}/{version}: the kinds, those of Kubernetes itself with their fields, for `kubectl
    explain`, and that PATCH knows `fieldValidation`.

    Without that `kubectl apply`, `create -f` and `edit` refuse to work.
    """
    query = [{"in": "query", "name": name, "schema": {"type": "string"}} for name in ("fieldValidation", "dryRun")]
    paths: Manifest = {}
    messages: set[str] = set()
    own: Manifest = {}
    for resource in registry.all():
        if (resource.group, resource.version) != (group, version):
            continue
        kind = {"group": group, "version": version, "kind": resource.kind}
        prefix = f"/apis/{group}/{version}" if group else f"/api/{version}"
        scope = "/namespaces/{namespace}" if resource.namespaced else ""
        operation = {
            "operationId": f"patch{resource.kind}",
            "parameters": query,
            "responses": {"200": {"description": "OK"}},
            "x-kubernetes-action": "patch",
            "x-kubernetes-group-version-kind": kind,
        }
        paths[f"{prefix}{scope}/{resource.plural}/{{name}}"] = {"patch": operation}
        message = None if resource.custom else message_of(resource.group_version, resource.kind)
        name = openapi_name(message) if message else f"lab.{version}.{resource.kind}"
        if message is not None:
            messages.add(message)
        own[name] = {"type": "object", "x-kubernetes-group-version-kind": [kind]}
    known = schemas(messages)
    for name, schema in own.items():
        known[name] = {**known.get(name, {}), **schema}
    info = {"title": "karptui lab", "version": VERSION["gitVersion"]}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": known}}
