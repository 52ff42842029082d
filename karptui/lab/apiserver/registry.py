"""The resources the API server knows: their groups, versions, kinds, names and subresources."""

from __future__ import annotations

from dataclasses import dataclass

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Column:
    """A printer column of a custom resource: `path` is its JSONPath, as in a CustomResourceDefinition."""

    name: str
    type: str
    path: str
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: what discovery tells about it and how the server treats it."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    generation: bool = False
    """Whether metadata.generation counts the changes of its spec."""
    custom: bool = False
    """Whether it comes from a CustomResourceDefinition: no strategic merge, lists are atomic."""
    columns: tuple[Column, ...] = ()
    returns_deleted: bool = False
    """Whether DELETE answers with the object rather than with a Status."""

    @property
    def group_version(self) -> str:
        """The apiVersion of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        """The singular name that discovery gives."""
        return self.kind.lower()

    @property
    def qualified(self) -> str:
        """The name used in messages: `pods`, `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def has_status(self) -> bool:
        """Whether the status is written apart from the rest."""
        return "status" in self.subresources

    @property
    def key(self) -> tuple[str, str]:
        """Group and plural: what the server stores it under."""
        return (self.group, self.plural)


def _core() -> list[Resource]:
    def core(kind: str, plural: str, namespaced: bool = True, short: str = "", **more: object) -> Resource:
        return Resource("", "v1", kind, plural, namespaced, tuple(short.split()), **more)  # type: ignore[arg-type]

    everything = ("all",)
    return [
        core("ConfigMap", "configmaps", short="cm"),
        core("Endpoints", "endpoints", short="ep"),
        core("Event", "events", short="ev"),
        core("LimitRange", "limitranges", short="limits"),
        core("Namespace", "namespaces", False, "ns", subresources=("status", "finalize")),
        core("Node", "nodes", False, "no", subresources=("status",)),
        core(
            "PersistentVolumeClaim",
            "persistentvolumeclaims",
            short="pvc",
            subresources=("status",),
            returns_deleted=True,
        ),
        core(
            "PersistentVolume",
            "persistentvolumes",
            False,
            "pv",
            subresources=("status",),
            returns_deleted=True,
        ),
        core(
            "Pod",
            "pods",
            short="po",
            categories=everything,
            subresources=("status", "binding", "eviction", "log"),
            returns_deleted=True,
        ),
        core(
            "ReplicationController",
            "replicationcontrollers",
            short="rc",
            categories=everything,
            subresources=("status", "scale"),
            generation=True,
        ),
        core("ResourceQuota", "resourcequotas", short="quota", subresources=("status",), returns_deleted=True),
        core("Secret", "secrets"),
        core("ServiceAccount", "serviceaccounts", short="sa", subresources=("token",), returns_deleted=True),
        core(
            "Service",
            "services",
            short="svc",
            categories=everything,
            subresources=("status",),
            returns_deleted=True,
        ),
    ]


def _workloads() -> list[Resource]:
    def workload(group: str, kind: str, plural: str, short: str, *subresources: str) -> Resource:
        return Resource(
            group,
            "v1",
            kind,
            plural,
            True,
            tuple(short.split()),
            categories=("all",),
            subresources=("status", *subresources),
            generation=True,
        )

    return [
        Resource("apps", "v1", "ControllerRevision", "controllerrevisions", True),
        workload("apps", "DaemonSet", "daemonsets", "ds"),
        workload("apps", "Deployment", "deployments", "deploy", "scale"),
        workload("apps", "ReplicaSet", "replicasets", "rs", "scale"),
        workload("apps", "StatefulSet", "statefulsets", "sts", "scale"),
        workload("batch", "CronJob", "cronjobs", "cj"),
        workload("batch", "Job", "jobs", ""),
    ]


def _cluster_services() -> list[Resource]:
    storage, resource, rbac = "storage.k8s.io", "resource.k8s.io", "rbac.authorization.k8s.io"
    status = ("status",)
    return [
        Resource(
            "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", True, ("pdb",), (), status, generation=True
        ),
        Resource(
            "autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", True, ("hpa",), ("all",), status
        ),
        Resource("networking.k8s.io", "v1", "IngressClass", "ingressclasses", False, generation=True),
        Resource("networking.k8s.io", "v1", "Ingress", "ingresses", True, ("ing",), (), status, generation=True),
        Resource("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", True, ("netpol",), generation=True),
        Resource("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", False),
        Resource("coordination.k8s.io", "v1", "Lease", "leases", True),
        Resource("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", True, generation=True),
        Resource("events.k8s.io", "v1", "Event", "events", True, ("ev",)),
        Resource("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", False, ("pc",), generation=True),
        Resource(storage, "v1", "CSIDriver", "csidrivers", False, returns_deleted=True),
        Resource(storage, "v1", "CSINode", "csinodes", False, returns_deleted=True),
        Resource(storage, "v1", "CSIStorageCapacity", "csistoragecapacities", True, returns_deleted=True),
        Resource(storage, "v1", "StorageClass", "storageclasses", False, ("sc",), returns_deleted=True),
        Resource(storage, "v1", "VolumeAttachment", "volumeattachments", False, (), (), status, returns_deleted=True),
        Resource(resource, "v1", "DeviceClass", "deviceclasses", False, generation=True),
        Resource(resource, "v1", "ResourceClaim", "resourceclaims", True, (), (), status),
        Resource(resource, "v1", "ResourceClaimTemplate", "resourceclaimtemplates", True),
        Resource(resource, "v1", "ResourceSlice", "resourceslices", False, generation=True),
        Resource(rbac, "v1", "ClusterRoleBinding", "clusterrolebindings", False),
        Resource(rbac, "v1", "ClusterRole", "clusterroles", False),
        Resource(rbac, "v1", "RoleBinding", "rolebindings", True),
        Resource(rbac, "v1", "Role", "roles", True),
        Resource(
            "apiextensions.k8s.io",
            "v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            False,
            ("crd", "crds"),
            ("api-extensions",),
            status,
            generation=True,
        ),
    ]


class Registry:
    """The table of resources. CustomResourceDefinitions add to it and take from it while the server runs."""

    def __init__(self) -> None:
        self._by_path: dict[tuple[str, str, str], Resource] = {}
        for resource in (*_core(), *_workloads(), *_cluster_services()):
            self.add(resource)

    def add(self, resource: Resource) -> None:
        """Serve a resource."""
        self._by_path[(resource.group, resource.version, resource.plural)] = resource

    def discard(self, group: str, plural: str) -> None:
        """Serve a resource no longer, in any version."""
        for path in [path for path in self._by_path if (path[0], path[2]) == (group, plural)]:
            del self._by_path[path]

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The resource of a path, or None."""
        return self._by_path.get((group, version, plural))

    def of(self, group: str, plural: str) -> Resource:
        """The resource in the version that it is stored in. Raises KeyError."""
        for (its_group, _, its_plural), resource in self._by_path.items():
            if (its_group, its_plural) == (group, plural):
                return resource
        raise KeyError((group, plural))

    def all(self) -> list[Resource]:
        """Every resource in every served version."""
        return list(self._by_path.values())

    def groups(self) -> dict[str, list[str]]:
        """Group name → its versions, in the order of registration. The core group is the empty string."""
        groups: dict[str, list[str]] = {}
        for group, version, _ in self._by_path:
            versions = groups.setdefault(group, [])
            if version not in versions:
                versions.append(version)
        return groups
