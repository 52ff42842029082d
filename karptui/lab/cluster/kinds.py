"""The Kubernetes kinds that the controllers read and write, and where the API serves them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
"""An API object as JSON gave it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind, as `apiVersion`, `kind` and the plural that its URL has."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path of the collection, of one object, or of its subresource."""
        root = "/api/v1" if self.api_version == "v1" else f"/apis/{self.api_version}"
        parts = [root]
        if self.namespaced and namespace:
            parts.append(f"namespaces/{namespace}")
        parts.append(self.plural)
        parts.extend(part for part in (name, subresource) if part)
        return "/".join(parts)


PODS = Kind("v1", "Pod", "pods")
NODES = Kind("v1", "Node", "nodes", namespaced=False)
NAMESPACES = Kind("v1", "Namespace", "namespaces", namespaced=False)
EVENTS = Kind("v1", "Event", "events")
DEPLOYMENTS = Kind("apps/v1", "Deployment", "deployments")
REPLICASETS = Kind("apps/v1", "ReplicaSet", "replicasets")
STATEFULSETS = Kind("apps/v1", "StatefulSet", "statefulsets")
DAEMONSETS = Kind("apps/v1", "DaemonSet", "daemonsets")
JOBS = Kind("batch/v1", "Job", "jobs")
BUDGETS = Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
LEASES = Kind("coordination.k8s.io/v1", "Lease", "leases")
NODECLAIMS = Kind("karpenter.sh/v1", "NodeClaim", "nodeclaims", namespaced=False)
NODEPOOLS = Kind("karpenter.sh/v1", "NodePool", "nodepools", namespaced=False)


def key_of(item: Object) -> str:
    """`namespace/name`, or `name` for a cluster-scoped object."""
    meta = item["metadata"]
    namespace = meta.get("namespace")
    return f"{namespace}/{meta['name']}" if namespace else meta["name"]


def split_key(key: str) -> tuple[str, str]:
    """The namespace ("" if there is none) and the name."""
    namespace, _, name = key.rpartition("/")
    return namespace, name


def controller_of(item: Object) -> Object | None:
    """The owner reference that has `controller` set."""
    for owner in item["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            return owner
    return None


def controller_uid(item: Object) -> str:
    """The uid of the owner that controls it, or ""."""
    owner = controller_of(item)
    return owner["uid"] if owner else ""


def controller_reference(owner: Object, kind: Kind) -> Object:
    """The owner reference that a controller puts on what it makes."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def deleting(item: Object) -> bool:
    """Whether its deletionTimestamp is set."""
    return item["metadata"].get("deletionTimestamp") is not None
