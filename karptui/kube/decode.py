"""JSON from a cluster, a recording or a manifest in, model objects out: the one table of what karptui reads."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec import Raw, Struct
from msgspec.json import Decoder

from karptui.kube.clean import NAME_LIMIT, clean
from karptui.kube.decode_node import (
    decode_node,
    decode_node_claim,
    decode_node_class,
    decode_node_overlay,
    decode_node_pool,
)
from karptui.kube.decode_pod import decode_pod
from karptui.kube.decode_volume import decode_csi_node, decode_storage_class, decode_volume, decode_volume_claim
from karptui.kube.decode_workload import (
    decode_daemon_set,
    decode_event,
    decode_namespace,
    decode_pod_disruption_budget,
    decode_priority_class,
    decode_workload,
)
from karptui.kube.errors import AnswerError, DecodeError
from karptui.kube.wire import FieldError, field_error

Json = bytes | memoryview
Decode = Callable[[Json, str], Any]
LONGEST_OBJECT = 4 * 2**20
"""Bytes: where karptui says that an object is strangely big. It is read all the same."""


class Resource(Struct, frozen=True, eq=False):
    """One resource that karptui reads: its plural, kind and group, the versions it understands (best first)."""

    plural: str
    kind: str
    group: str
    versions: tuple[str, ...]
    namespaced: bool
    decode: Decode
    custom: bool = False

    def path(self, version: str, namespace: str = "") -> str:
        """The path of the collection, in one namespace or in all."""
        root = f"/apis/{self.group}/{version}" if self.group else f"/api/{version}"
        return f"{root}/namespaces/{namespace}/{self.plural}" if namespace else f"{root}/{self.plural}"

    def api_version(self, version: str = "") -> str:
        """apiVersion as objects state it."""
        version = version or self.versions[0]
        return f"{self.group}/{version}" if self.group else version


def _of_kind(decode: Callable[[Json, str], Any], kind: str) -> Decode:
    def decoded(raw: Json, version: str) -> Any:
        return decode(raw, kind)

    return decoded


def node_class_resource(plural: str, kind: str, group: str, versions: tuple[str, ...]) -> Resource:
    """The Resource of a provider's NodeClass."""
    return Resource(plural, kind, group, versions, False, _of_kind(decode_node_class, kind), custom=True)


def _core(plural: str, kind: str, decode: Decode, namespaced: bool = True) -> Resource:
    return Resource(plural, kind, "", ("v1",), namespaced, decode)


def _workload(plural: str, kind: str, group: str = "apps") -> Resource:
    return Resource(plural, kind, group, ("v1",), True, _of_kind(decode_workload, kind))


_storage = partial(Resource, group="storage.k8s.io", versions=("v1",), namespaced=False)
_karpenter = partial(Resource, group="karpenter.sh", versions=("v1", "v1beta1"), namespaced=False, custom=True)

RESOURCES: dict[str, Resource] = {
    resource.plural: resource
    for resource in (
        _core("namespaces", "Namespace", decode_namespace, namespaced=False),
        _karpenter("nodepools", "NodePool", decode=decode_node_pool),
        node_class_resource("ec2nodeclasses", "EC2NodeClass", "karpenter.k8s.aws", ("v1", "v1beta1")),
        node_class_resource("kwoknodeclasses", "KWOKNodeClass", "karpenter.kwok.sh", ("v1alpha1",)),
        _karpenter("nodeclaims", "NodeClaim", decode=decode_node_claim),
        Resource("nodeoverlays", "NodeOverlay", "karpenter.sh", ("v1alpha1",), False, decode_node_overlay, custom=True),
        _core("nodes", "Node", decode_node, namespaced=False),
        Resource("daemonsets", "DaemonSet", "apps", ("v1",), True, decode_daemon_set),
        Resource("priorityclasses", "PriorityClass", "scheduling.k8s.io", ("v1",), False, decode_priority_class),
        _storage("storageclasses", "StorageClass", decode=decode_storage_class),
        _core("persistentvolumes", "PersistentVolume", decode_volume, namespaced=False),
        _core("persistentvolumeclaims", "PersistentVolumeClaim", decode_volume_claim),
        _storage("csinodes", "CSINode", decode=decode_csi_node),
        Resource("poddisruptionbudgets", "PodDisruptionBudget", "policy", ("v1",), True, decode_pod_disruption_budget),
        _workload("deployments", "Deployment"),
        _workload("replicasets", "ReplicaSet"),
        _workload("statefulsets", "StatefulSet"),
        _workload("jobs", "Job", "batch"),
        _core("pods", "Pod", decode_pod),
        _core("events", "Event", decode_event),
    )
}
"""By plural, in an order in which what others refer to comes first."""

BY_KIND: dict[str, Resource] = {resource.kind: resource for resource in RESOURCES.values()}


class Page(Struct, frozen=True, gc=False):
    """One page of a list: its items as JSON, the list's resourceVersion, the token of the next page or ""."""

    items: list[Raw]
    resource_version: str
    next: str


class _ListMetadata(Struct, gc=False):
    resourceVersion: str | None = None
    next: str | None = msgspec.field(default=None, name="continue")


class _List(Struct, gc=False):
    metadata: _ListMetadata | None = None
    items: list[Raw] | None = None


class _Identity(Struct, gc=False):
    metadata: Raw = Raw()


_list = Decoder(_List)
_identity = Decoder(_Identity)
_NAME = re.compile(rb'"(name|namespace)"\s*:\s*"([^"\\]{0,253})"')


def decode_object(resource: str, raw: Json, version: str = "v1") -> Any:
    """The model object of one object's JSON. `resource` is a plural of RESOURCES. Raises DecodeError."""
    return decoded(RESOURCES[resource], raw, version)


def decoded(resource: Resource, raw: Json, version: str) -> Any:
    """As decode_object, for any Resource."""
    try:
        return resource.decode(raw, version)
    except (FieldError, msgspec.DecodeError) as error:
        # Only a validation error has a place in the object; anything else is no JSON at all.
        problem = field_error(error, "")
        advice = "correct that field (it is left out until then)" if problem.path else ""
        raise DecodeError(resource.kind, named(raw), problem.path, problem.problem, advice) from error
    except (RecursionError, OverflowError) as error:
        raise DecodeError(resource.kind, named(raw), "", f"it is nested or grown beyond reason ({error})") from error


def named(raw: Json) -> str:
    """`namespace/name` of an object that may be broken, or ""."""
    try:
        metadata = msgspec.json.decode(bytes(_identity.decode(raw).metadata) or b"{}")
        name, namespace = metadata.get("name"), metadata.get("namespace")
    except (msgspec.DecodeError, AttributeError, RecursionError):
        return name_in(bytes(raw[:65_536]))
    name = clean(str(name)) if name else ""
    return f"{clean(str(namespace))}/{name}" if namespace else name


def name_in(text: bytes) -> str:
    """`namespace/name` guessed from the beginning of an object's JSON, which may be cut anywhere."""
    start = max(text.find(b'"metadata"'), 0)
    found: dict[bytes, str] = {}
    for match in _NAME.finditer(text, start):
        found.setdefault(match[1], clean(match[2].decode("utf-8", "replace"), NAME_LIMIT))
    name = found.get(b"name", "")
    return f"{found[b'namespace']}/{name}" if b"namespace" in found and name else name


def read_page(raw: bytes) -> Page:
    """A list's answer, its items not yet decoded. Raises AnswerError if it is no list."""
    try:
        wire = _list.decode(raw)
    except msgspec.DecodeError as error:
        raise AnswerError(
            f"The answer is not a Kubernetes list ({clean(str(error))}): a proxy may stand between."
        ) from error
    metadata = wire.metadata or _ListMetadata()
    return Page(wire.items or [], metadata.resourceVersion or "", metadata.next or "")


def decode_list(resource: str, raw: bytes, version: str = "v1") -> Iterator[Any]:
    """The model objects of a list's JSON; an item that cannot be read comes as its DecodeError."""
    table = RESOURCES[resource]
    for item in read_page(raw).items:
        try:
            yield decoded(table, memoryview(item), version)
        except DecodeError as error:
            yield error


def decode_manifest(manifest: Mapping[str, Any]) -> tuple[str, Any]:
    """(plural, model object) of an object as read from YAML or JSON. Raises DecodeError; KeyError for other kinds."""
    kind, api_version = str(manifest.get("kind") or ""), str(manifest.get("apiVersion") or "")
    resource = resource_for(kind, api_version)
    if resource is None:
        raise KeyError(f"{api_version} {kind}")
    try:
        raw = msgspec.json.encode(manifest)
    except (TypeError, ValueError, RecursionError, msgspec.EncodeError) as error:
        raise DecodeError(kind, "", "", f"it cannot be JSON ({error})", "correct the manifest") from error
    return resource.plural, decoded(resource, raw, api_version.rpartition("/")[2])


def resource_for(kind: str, api_version: str) -> Resource | None:
    """The Resource that objects of a kind and apiVersion belong to; any provider's `…NodeClass` is one."""
    group, _, version = api_version.rpartition("/")
    known = BY_KIND.get(kind)
    if known is not None and known.group == group:
        return known
    if kind.endswith("NodeClass") and group:
        return node_class_resource(kind.lower() + "es", kind, group, (version,))
    return None
