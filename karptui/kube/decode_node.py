"""Nodes and Karpenter's own objects from JSON; v1beta1 is converted to what v1 means by the same words."""

from typing import Any

import msgspec
from msgspec import Raw, Struct
from msgspec.json import Decoder

from karptui.kube.clean import cleaned_tree
from karptui.kube.parts import (
    WireNodeClassReference,
    WireRequirement,
    duration_of,
    node_class_reference_of,
    requirements_of,
    taints_of,
)
from karptui.kube.wire import (
    FieldError,
    Memo,
    Text,
    WireCondition,
    WireMetadata,
    WireTaint,
    conditions_of,
    labels_of,
    metadata_of,
    optional_seconds,
    resource_memo,
    word,
    words,
)
from karptui.model.node import Node, NodeClaim
from karptui.model.node_overlay import NodeOverlay
from karptui.model.nodepool import Budget, NodeClass, NodePool, NodeTemplate
from karptui.model.resources import Resources

BETA = "v1beta1"
_BETA_POLICIES = {"WhenUnderutilized": "WhenEmptyOrUnderutilized"}
DEFAULT_BUDGETS = (Budget(),)


class WireNodeSpec(Struct, gc=False):
    """NodeSpec as the API has it."""

    providerID: Text = None
    taints: list[WireTaint] | None = None
    unschedulable: bool | None = None


class WireNodeStatus(Struct, gc=False):
    """NodeStatus as the API has it."""

    capacity: Raw = Raw()
    allocatable: Raw = Raw()
    conditions: list[WireCondition] | None = None


class WireNode(Struct, gc=False):
    """Node as the API has it."""

    metadata: WireMetadata
    spec: WireNodeSpec | None = None
    status: WireNodeStatus | None = None


class WireClaimResources(Struct, gc=False):
    """ClaimResources as the API has it."""

    requests: Raw = Raw()


class WireClaimSpec(Struct, gc=False):
    """ClaimSpec as the API has it."""

    nodeClassRef: WireNodeClassReference | None = None
    requirements: list[WireRequirement] | None = None
    resources: WireClaimResources | None = None
    taints: list[WireTaint] | None = None
    startupTaints: list[WireTaint] | None = None
    expireAfter: Text = None
    terminationGracePeriod: Text = None


class WireClaimStatus(Struct, gc=False):
    """ClaimStatus as the API has it."""

    providerID: Text = None
    nodeName: Text = None
    imageID: Text = None
    capacity: Raw = Raw()
    allocatable: Raw = Raw()
    conditions: list[WireCondition] | None = None
    lastPodEventTime: Text = None


class WireNodeClaim(Struct, gc=False):
    """NodeClaim as the API has it."""

    metadata: WireMetadata
    spec: WireClaimSpec | None = None
    status: WireClaimStatus | None = None


class WireTemplateMetadata(Struct, gc=False):
    """TemplateMetadata as the API has it."""

    labels: Raw = Raw()
    annotations: Raw = Raw()


class WireTemplate(Struct, gc=False):
    """Template as the API has it."""

    metadata: WireTemplateMetadata | None = None
    spec: WireClaimSpec | None = None


class WireBudget(Struct, gc=False):
    """Budget as the API has it."""

    nodes: str | int | None = None
    reasons: list[str] | None = None
    schedule: Text = None
    duration: Text = None


class WireDisruption(Struct, gc=False):
    """Disruption as the API has it."""

    consolidationPolicy: Text = None
    consolidateAfter: Text = None
    expireAfter: Text = None
    budgets: list[WireBudget] | None = None


class WirePoolSpec(Struct, gc=False):
    """PoolSpec as the API has it."""

    template: WireTemplate | None = None
    disruption: WireDisruption | None = None
    weight: int | None = None
    limits: Raw = Raw()
    replicas: int | None = None


class WirePoolStatus(Struct, gc=False):
    """PoolStatus as the API has it."""

    resources: Raw = Raw()
    conditions: list[WireCondition] | None = None
    nodeClassObservedGeneration: int | None = None


class WireNodePool(Struct, gc=False):
    """NodePool as the API has it."""

    metadata: WireMetadata
    spec: WirePoolSpec | None = None
    status: WirePoolStatus | None = None


class WireOverlaySpec(Struct, gc=False):
    """OverlaySpec as the API has it."""

    requirements: list[WireRequirement] | None = None
    price: Text = None
    priceAdjustment: Text = None
    capacity: Raw = Raw()
    weight: int | None = None


class WireOverlayStatus(Struct, gc=False):
    """OverlayStatus as the API has it."""

    conditions: list[WireCondition] | None = None


class WireNodeOverlay(Struct, gc=False):
    """NodeOverlay as the API has it."""

    metadata: WireMetadata
    spec: WireOverlaySpec | None = None
    status: WireOverlayStatus | None = None


class WireNodeClass(Struct, gc=False):
    """NodeClass as the API has it."""

    metadata: WireMetadata
    kind: Text = None
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None


_node = Decoder(WireNode)
_claim = Decoder(WireNodeClaim)
_pool = Decoder(WireNodePool)
_class = Decoder(WireNodeClass)
_overlay = Decoder(WireNodeOverlay)
_overlay_capacity = resource_memo("spec.capacity")
_capacity = resource_memo("status.capacity")
_allocatable = resource_memo("status.allocatable")
_claim_requests = resource_memo("spec.resources.requests")
_limits = resource_memo("spec.limits")
_pool_resources = resource_memo("status.resources")
_template_annotations: Memo[dict[str, str]] = Memo(
    "spec.template.metadata.annotations",
    lambda text: cleaned_tree(msgspec.json.decode(text, type=dict[str, str])),
    {},
)
_exact_annotations: Memo[dict[str, str]] = Memo(
    "spec.template.metadata.annotations", lambda text: msgspec.json.decode(text, type=dict[str, str]), {}
)


def decode_node(raw: bytes | memoryview, version: str) -> Node:
    """A Node. Raises FieldError or msgspec.DecodeError."""
    wire = _node.decode(raw)
    spec, status = wire.spec or WireNodeSpec(), wire.status or WireNodeStatus()
    return Node(
        metadata_of(wire.metadata),
        word(spec.providerID),
        taints_of(spec.taints),
        bool(spec.unschedulable),
        _capacity(status.capacity),
        _allocatable(status.allocatable),
        conditions_of(status.conditions),
    )


def decode_node_claim(raw: bytes | memoryview, version: str) -> NodeClaim:
    """A NodeClaim. In v1beta1 a claim has no expireAfter (its NodePool has one). Raises as decode_node."""
    wire = _claim.decode(raw)
    spec, status = wire.spec or WireClaimSpec(), wire.status or WireClaimStatus()
    return NodeClaim(
        metadata_of(wire.metadata),
        node_class_reference_of(spec.nodeClassRef),
        requirements_of(spec.requirements),
        _claim_requests(spec.resources.requests) if spec.resources is not None else {},
        taints_of(spec.taints),
        taints_of(spec.startupTaints),
        duration_of(spec.expireAfter, "spec.expireAfter"),
        duration_of(spec.terminationGracePeriod, "spec.terminationGracePeriod"),
        word(status.providerID),
        word(status.nodeName),
        word(status.imageID),
        _capacity(status.capacity),
        _allocatable(status.allocatable),
        conditions_of(status.conditions),
        optional_seconds(status.lastPodEventTime),
    )


def _given(raw: Raw) -> bool:
    return bool(raw) and bytes(raw) != b"null"


def _template(wire: WireTemplate | None, disruption: WireDisruption, version: str) -> NodeTemplate:
    wire = wire or WireTemplate()
    metadata, spec = wire.metadata or WireTemplateMetadata(), wire.spec or WireClaimSpec()
    if version == BETA:
        # Until v1 it belonged to the pool's disruption settings.
        expire_after = duration_of(disruption.expireAfter, "spec.disruption.expireAfter")
    else:
        expire_after = duration_of(spec.expireAfter, "spec.template.spec.expireAfter")
    labels, annotations = labels_of(metadata.labels), _template_annotations(metadata.annotations)
    exact = _exact_annotations(metadata.annotations)
    given = {
        "labels": None if not _given(metadata.labels) else labels,
        "annotations": None if not _given(metadata.annotations) else annotations,
        "taints": spec.taints,
        "startupTaints": spec.startupTaints,
    }
    return NodeTemplate(
        labels,
        annotations,
        node_class_reference_of(spec.nodeClassRef),
        requirements_of(spec.requirements),
        taints_of(spec.taints),
        taints_of(spec.startupTaints),
        expire_after,
        duration_of(spec.terminationGracePeriod, "spec.template.spec.terminationGracePeriod"),
        None if exact == annotations else exact,
        tuple(name for name, value in given.items() if value is not None and not value),
    )


def _budgets(wire: list[WireBudget] | None) -> tuple[Budget, ...]:
    if wire is None:
        return DEFAULT_BUDGETS
    return tuple(
        Budget(
            "10%" if entry.nodes is None else word(str(entry.nodes)),
            None if entry.reasons is None else words(entry.reasons),
            word(entry.schedule) or None,
            duration_of(entry.duration, f"spec.disruption.budgets[{index}].duration"),
        )
        for index, entry in enumerate(wire)
    )


def _consolidate_after(text: str | None) -> float | None:
    # Not given is v1's default of 0s; v1beta1 without it acts at once under WhenUnderutilized, which is the same.
    return 0.0 if text is None else duration_of(text, "spec.disruption.consolidateAfter")


def decode_node_pool(raw: bytes | memoryview, version: str) -> NodePool:
    """A NodePool of v1 or v1beta1. Raises as decode_node."""
    wire = _pool.decode(raw)
    spec, status = wire.spec or WirePoolSpec(), wire.status or WirePoolStatus()
    disruption = spec.disruption or WireDisruption()
    policy = word(disruption.consolidationPolicy) or "WhenEmptyOrUnderutilized"
    limits: Resources | None = _limits(spec.limits) if _given(spec.limits) else None
    return NodePool(
        metadata_of(wire.metadata),
        _template(spec.template, disruption, version),
        spec.weight or 0,
        limits,
        spec.replicas,
        _BETA_POLICIES.get(policy, policy),
        _consolidate_after(disruption.consolidateAfter),
        _budgets(disruption.budgets),
        _pool_resources(status.resources),
        conditions_of(status.conditions),
        status.nodeClassObservedGeneration or 0,
    )


def decode_node_class(raw: bytes | memoryview, kind: str) -> NodeClass:
    """A NodeClass of any provider; `kind` for servers that leave it out of list items. Raises as decode_node."""
    wire = _class.decode(raw)
    status = wire.status or {}
    try:
        conditions = msgspec.convert(status.get("conditions") or [], type=list[WireCondition])
    except msgspec.ValidationError as error:
        raise FieldError("status.conditions", str(error).replace("`", "")) from error
    return NodeClass(
        metadata_of(wire.metadata),
        word(wire.kind) or kind,
        cleaned_tree(wire.spec or {}),
        cleaned_tree(status),
        conditions_of(conditions),
    )


def decode_node_overlay(raw: bytes | memoryview, version: str) -> NodeOverlay:
    """A NodeOverlay. Raises as decode_node."""
    wire = _overlay.decode(raw)
    spec, status = wire.spec or WireOverlaySpec(), wire.status or WireOverlayStatus()
    return NodeOverlay(
        metadata_of(wire.metadata),
        requirements_of(spec.requirements),
        None if spec.price is None else word(spec.price),
        None if spec.priceAdjustment is None else word(spec.priceAdjustment),
        _overlay_capacity(spec.capacity) if _given(spec.capacity) else None,
        spec.weight or 0,
        conditions_of(status.conditions),
    )
