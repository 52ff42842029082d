"""Nodes without machines: a launch is a Node object, which KWOK's controller (or the lab) plays the kubelet of.

So active mode runs on any cluster, without a cloud. A Node is named after its NodeClaim, as Karpenter's own KWOK
provider does it, and carries the claim's UID: there is never a second one for a claim.
"""

import json
from collections.abc import AsyncGenerator, Collection
from datetime import datetime
from typing import Any

from karptui.cloud.catalogue import shipped
from karptui.cloud.kwok.catalogue import NODE_CLASS_KIND, built_in
from karptui.cloud.provider import (
    CloudError,
    CreateError,
    InsufficientCapacity,
    Interruption,
    LaidOver,
    Launched,
    Measured,
    NodeClassStatus,
    NotFound,
    Unreachable,
    as_it_is,
)
from karptui.kube.connect import Connection
from karptui.kube.errors import ApiError, KubeError
from karptui.model.instance_type import Catalogue, InstanceType, Offering
from karptui.model.labels import CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, NODEPOOL, UNREGISTERED, ZONE
from karptui.model.metadata import Condition
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodeClass
from karptui.model.requirements import from_specs
from karptui.model.resources import format_resources, parse_resources

KWOK_NODE = "kwok.x-k8s.io/node"
CLAIM_UID = "karptui/nodeclaim-uid"
PREFIX = "kwok://"
NODES = "/api/v1/nodes"
Object = dict[str, Any]


class KwokProvider:
    """Implements `karptui.cloud.provider.CloudProvider` on a cluster's own API.

    Pools with a KWOKNodeClass buy KWOK's own instance types, any other those of the shipped catalogue for `region`.
    """

    def __init__(self, connection: Connection, region: str = "us-east-1") -> None:
        self._connection = connection
        self._region = region
        self._shipped: Catalogue | None = None

    @property
    def node_class(self) -> str:
        """Any: NodePools written for a cloud work without one as well."""
        return ""

    async def instance_types(self, node_class: NodeClass, measured: Collection[Measured] = ()) -> Catalogue:
        """What can be bought; the same object every time: nodes have what was promised of them."""
        if node_class.kind == NODE_CLASS_KIND:
            return built_in()
        if self._shipped is None:
            self._shipped = shipped(self._region)
        return self._shipped

    async def create(
        self, claim: NodeClaim, node_class: NodeClass, *, new: bool = False, laid_over: LaidOver = as_it_is
    ) -> Launched:
        """Create the claim's Node, or find it. Raises InsufficientCapacity, CreateError."""
        known = None if new else await self._node(claim.key)
        if known is None:
            type_, offering = _cheapest(claim, laid_over(await self.instance_types(node_class)))
            try:
                known = await self._request("POST", NODES, _node_object(claim, type_, offering))
            except ApiError as error:
                if error.code != 409:
                    raise CreateError("NodeCreationFailed", str(error)) from error
                known = await self._node(claim.key)
        if known is None or known["metadata"].get("annotations", {}).get(CLAIM_UID) != claim.metadata.uid:
            raise CreateError("NodeExists", f"a Node {claim.key} exists already and is not this NodeClaim's")
        return _launched(known)

    async def get(self, provider_id: str) -> Launched:
        """A Node that is there, also while it is deleted. Raises NotFound."""
        node = await self._node(provider_id.rpartition("/")[2])
        if node is None:
            raise NotFound(f"there is no Node for {provider_id}")
        return _launched(node)

    async def list(self) -> list[Launched]:
        """Every Node of this kind that is not being deleted."""
        listed = await self._request("GET", f"{NODES}?labelSelector={NODEPOOL}")
        return [
            _launched(node)
            for node in listed.get("items") or []
            if (node["spec"].get("providerID") or "").startswith(PREFIX)
            and not node["metadata"].get("deletionTimestamp")
        ]

    async def delete(self, provider_id: str) -> None:
        """Delete the Node; once it is being deleted, whoever holds a finalizer on it decides when it goes."""
        node = await self._node(provider_id.rpartition("/")[2])
        if node is None or node["metadata"].get("deletionTimestamp"):
            raise NotFound(f"the Node of {provider_id} is gone")
        await self._request("DELETE", f"{NODES}/{node['metadata']['name']}")

    async def tidy(self, node_classes: Collection[NodeClass], claims: Collection[NodeClaim]) -> None:
        """Nothing is made but Nodes."""

    async def node_class_status(self, node_class: NodeClass, *, only_look: bool = False) -> NodeClassStatus:
        """Always ready: there is nothing to resolve."""
        return NodeClassStatus({}, (Condition("ValidationSucceeded", "True"),))

    async def is_drifted(self, claim: NodeClaim, node_class: NodeClass) -> str:
        """Never: a Node has nothing that its NodeClass could ask to be otherwise."""
        return ""

    async def interruptions(self) -> AsyncGenerator[Interruption]:
        """None: nobody reclaims what does not exist."""
        return
        yield  # pyright: ignore[reportUnreachable]

    async def acknowledge(self, interruption: Interruption) -> None:
        """Nothing to do."""

    async def _node(self, name: str) -> Object | None:
        try:
            return await self._request("GET", f"{NODES}/{name}")
        except ApiError as error:
            if error.code == 404:
                return None
            raise CloudError(str(error)) from error

    async def _request(self, method: str, path: str, body: object = None) -> Object:
        """ApiError goes on as it is; no answer is a cloud that cannot be reached."""
        path, _, asked = path.partition("?")
        key, _, value = asked.partition("=")
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        try:
            answer = await self._connection.request(
                method, path, body, query={key: value} if key else None, content_type=kind
            )
        except ApiError:
            raise
        except KubeError as error:
            raise Unreachable(str(error)) from error
        return json.loads(answer)


def _cheapest(claim: NodeClaim, catalogue: Catalogue) -> tuple[InstanceType, Offering]:
    """The cheapest offering that the claim's requirements and requests allow. Raises InsufficientCapacity."""
    wanted = from_specs(claim.requirements)
    names = wanted.of(INSTANCE_TYPE)
    found = [
        (offering.price, type_.name, offering.zone, type_, offering)
        for type_ in catalogue.types
        if names.has(type_.name)
        and all(amount <= type_.allocatable.get(name, 0) for name, amount in claim.requests.items() if amount)
        and wanted.intersects(type_.requirements)
        for offering in type_.offerings
        if offering.available and wanted.intersects(offering.requirements)
    ]
    if not found:
        raise InsufficientCapacity("no instance type and offering is left that the NodeClaim allows")
    *_, type_, offering = min(found, key=lambda entry: entry[:3])
    return type_, offering


def _node_object(claim: NodeClaim, type_: InstanceType, offering: Offering) -> Object:
    labels = {
        entry.key: next(iter(entry.values))
        for entry in type_.requirements.values()
        if not entry.complement and len(entry.values) == 1
    }
    labels |= claim.metadata.labels
    labels |= {
        INSTANCE_TYPE: type_.name,
        ZONE: offering.zone,
        CAPACITY_TYPE: offering.capacity_type,
        HOSTNAME: claim.key,
        KWOK_NODE: "fake",
    }
    unregistered = {"key": UNREGISTERED, "effect": "NoExecute"}
    own = [
        {"key": taint.key, "effect": taint.effect, **({"value": taint.value} if taint.value else {})}
        for taint in (*claim.taints, *claim.startup_taints)
    ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": claim.key,
            "labels": labels,
            "annotations": {KWOK_NODE: "fake", CLAIM_UID: claim.metadata.uid},
        },
        "spec": {"providerID": f"{PREFIX}{claim.key}", "taints": [unregistered, *own]},
        "status": {
            "capacity": format_resources({name: amount for name, amount in type_.capacity.items() if amount}),
            "allocatable": format_resources({name: amount for name, amount in type_.allocatable.items() if amount}),
        },
    }


_NOT_THE_CLAIMS = frozenset({HOSTNAME, KWOK_NODE})


def _launched(node: Object) -> Launched:
    metadata, status = node["metadata"], node.get("status") or {}
    labels: dict[str, str] = metadata.get("labels") or {}
    return Launched(
        provider_id=node["spec"].get("providerID") or f"{PREFIX}{metadata['name']}",
        instance_type=labels.get(INSTANCE_TYPE, ""),
        zone=labels.get(ZONE, ""),
        capacity_type=labels.get(CAPACITY_TYPE, ""),
        image_id="",
        capacity=parse_resources(status.get("capacity") or {}),
        allocatable=parse_resources(status.get("allocatable") or {}),
        labels={key: value for key, value in labels.items() if key not in _NOT_THE_CLAIMS},
        node_pool=labels.get(NODEPOOL, ""),
        claim=metadata["name"],
        uid=(metadata.get("annotations") or {}).get(CLAIM_UID, ""),
        launched=datetime.fromisoformat(metadata["creationTimestamp"]).timestamp(),
    )
