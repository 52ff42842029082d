"""What one CreateFleet asks for: which types and zones, and the launch templates that they need."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.bootstrap.user_data import NodeTold, user_data
from karptui.cloud.ec2.instance.choice import Choice, choose, min_values_relaxed, usable_offerings
from karptui.cloud.ec2.instance.describe import pods_of
from karptui.cloud.ec2.instance.template import (
    INTERRUPTIBLE,
    LaunchTemplate,
    NodeKind,
    Placement,
    launch_template,
    tagged,
)
from karptui.cloud.ec2.instance_type.facts import EFA
from karptui.cloud.ec2.nodeclass.images import family_of, image_requirements, image_version
from karptui.cloud.ec2.nodeclass.placement import PlacementGroup
from karptui.cloud.ec2.nodeclass.reservations import Reservation
from karptui.cloud.ec2.own_tags import CLUSTER_TAG, NODE_CLASS_TAG, RESTRICTED_TAG_PREFIX
from karptui.cloud.provider import CreateError
from karptui.model import labels
from karptui.model.instance_type import InstanceType, Offering
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodeClass
from karptui.model.requirements import from_specs

TEMPLATES_FAILED = "Error getting launch template configs: "
"""Karpenter's words in the Launched condition where it does not get as far as the fleet; the reason's own follow."""


class Configs(Struct, frozen=True, eq=False):
    """What launches that are alike ask for: made once for all of them, and not to be changed.

    `listed` is CreateFleet's LaunchTemplateConfigs, `templates` those that it names; `reservations` holds the reserved
    offering of each (type, zone); `addresses` how many of each subnet the smallest type takes that may come there.
    """

    listed: list[dict[str, Any]]
    templates: dict[str, LaunchTemplate]
    reservations: dict[tuple[str, str], Offering]
    addresses: dict[str, int]


class Plan(Struct, frozen=True, eq=False):
    """What one CreateFleet asks for."""

    choice: Choice
    configs: Configs
    types: Mapping[str, InstanceType]
    subnets: Mapping[str, Mapping[str, Any]]
    tags: dict[str, str]
    placement: Placement
    context: str = ""
    by_priority: bool = False

    @property
    def capacity_type(self) -> str:
        """reserved, spot or on-demand."""
        return self.choice.capacity_type


class Planner:
    """Plans launches for one NodePool of a cluster, as that was when it was asked about: templates tell nodes so."""

    def __init__(self, cluster: ClusterSettings) -> None:
        self._cluster = cluster
        self._types: Mapping[str, InstanceType] = {}
        self._choices: dict[object, Choice] = {}
        self._node_class: NodeClass | None = None
        self._templates: dict[object, LaunchTemplate] = {}
        self._configs: dict[object, Configs] = {}

    def choose(self, claim: NodeClaim, types: Mapping[str, InstanceType]) -> Choice:
        """Types, zones and capacity type; the claims of a batch are much alike. Raises InsufficientCapacity."""
        if types is not self._types:
            self._types, self._choices, self._configs = types, {}, {}
        alike = (claim.requirements, tuple(sorted(claim.requests.items())))
        choice = self._choices.get(alike)
        if choice is None:
            strict = self._cluster.min_values_policy != "BestEffort"
            choice = self._choices[alike] = choose(claim, types.values(), strict=strict)
        return choice

    def plan(
        self,
        claim: NodeClaim,
        node_class: NodeClass,
        choice: Choice,
        types: Mapping[str, InstanceType],
        subnets: Mapping[str, Mapping[str, Any]],
        group: PlacementGroup | None,
    ) -> Plan:
        """What to ask EC2 for. Raises CreateError, NodeClassNotReady."""
        self._know(node_class)
        placement = placement_of(claim, group, choice)
        alike = (choice, placement, tuple((zone, entry["id"]) for zone, entry in subnets.items()), _told(claim))
        configs = self._configs.get(alike)
        if configs is None:
            configs = self._configs[alike] = self._new_configs(claim, node_class, choice, subnets, placement)
        return Plan(
            choice=choice,
            configs=configs,
            types=types,
            subnets=subnets,
            tags=self.tags(claim, node_class),
            placement=placement,
            context="" if min_values_relaxed(claim) else node_class.spec.get("context") or "",
            by_priority=labels.PRICE_OVERLAY_APPLIED in claim.metadata.annotations,
        )

    def _know(self, node_class: NodeClass) -> None:
        """What was made for another one, or for an earlier state of it, is not used again."""
        if node_class is not self._node_class:
            self._node_class, self._templates, self._configs = node_class, {}, {}

    def _new_configs(
        self,
        claim: NodeClaim,
        node_class: NodeClass,
        choice: Choice,
        subnets: Mapping[str, Mapping[str, Any]],
        placement: Placement,
    ) -> Configs:
        kinds = self._kinds(claim, node_class, choice)
        templates = {
            kind: self.template(claim, node_class, kind, choice.capacity_type, placement)
            for kind in dict.fromkeys(kinds.values())
        }
        overrides: dict[NodeKind, list[dict[str, Any]]] = {}
        addresses: dict[str, int] = {}
        for instance_type, offering in usable_offerings(claim, choice, subnets, placement.partition):
            kind = kinds.get((instance_type.name, offering.reservation_id))
            if kind is None:
                continue
            subnet, pods = subnets[offering.zone]["id"], pods_of(instance_type)
            addresses[subnet] = min(addresses.get(subnet, pods), pods)
            overrides.setdefault(kind, []).append(
                {
                    "InstanceType": instance_type.name,
                    "SubnetId": subnet,
                    "AvailabilityZone": offering.zone,
                    "ImageId": kind.image,
                    "Priority": offering.price,
                }
            )
        if not overrides:
            why = "no capacity offerings are currently available given the requirements of the NodeClaim"
            raise CreateError("LaunchFailed", why, f"{TEMPLATES_FAILED}Instance launch failed")
        listed = [
            {
                "LaunchTemplateSpecification": {"LaunchTemplateName": templates[kind].name, "Version": "$Latest"},
                "Overrides": asked,
            }
            for kind, asked in overrides.items()
        ]
        by_name = {template.name: template for template in templates.values()}
        return Configs(listed, by_name, _reservations(choice), addresses)

    def template(
        self, claim: NodeClaim, node_class: NodeClass, kind: NodeKind, capacity_type: str, placement: Placement
    ) -> LaunchTemplate:
        """The template for one kind of node of a claim. Raises CreateError, NodeClassNotReady."""
        self._know(node_class)
        alike = (kind, capacity_type, placement, _told(claim))
        template = self._templates.get(alike)
        if template is None:
            template = self._templates[alike] = self._template(claim, node_class, kind, capacity_type, placement)
        return template

    def _template(
        self, claim: NodeClaim, node_class: NodeClass, kind: NodeKind, capacity_type: str, placement: Placement
    ) -> LaunchTemplate:
        spec = node_class.spec
        family = family_of(spec)
        told = NodeTold(
            labels=claim.metadata.labels | {labels.CAPACITY_TYPE: capacity_type},
            taints=(*claim.taints, *claim.startup_taints),
            # podsPerCore is told besides, and kubelet takes the smaller.
            max_pods=_given(spec, "maxPods", kind.pods),
            image_version=image_version(spec, node_class.status),
        )
        try:
            text = user_data(family, spec, self._cluster, told)
        except CreateError as problem:
            raise CreateError(problem.reason, problem.message, f"{TEMPLATES_FAILED}Instance launch failed") from problem
        return launch_template(
            spec,
            node_class.status,
            self._cluster,
            family=family,
            kind=kind,
            user_data=text,
            capacity_type=capacity_type,
            placement=placement,
            tags=self.tags(claim, node_class),
        )

    def tags(self, claim: NodeClaim, node_class: NodeClass) -> dict[str, str]:
        """What everything that is launched for the claim carries."""
        return {
            **(node_class.spec.get("tags") or {}),
            f"{RESTRICTED_TAG_PREFIX}/{self._cluster.name}": "owned",
            labels.NODEPOOL: claim.node_pool,
            CLUSTER_TAG: self._cluster.name,
            NODE_CLASS_TAG: node_class.name,
        }

    def _kinds(self, claim: NodeClaim, node_class: NodeClass, choice: Choice) -> dict[tuple[str, str], NodeKind]:
        """(type, reservation) → the kind of node, for every type that one of the images suits."""
        images = [(entry["id"], image_requirements(entry)) for entry in node_class.status.get("amis") or []]
        efa = bool(claim.requests.get(EFA))
        found: dict[tuple[str, str], NodeKind] = {}
        for candidate in choice.candidates:
            entry = candidate.type
            image = next((image for image, wanted in images if entry.requirements.is_compatible(wanted)), "")
            if not image:
                continue
            cards = entry.capacity.get(EFA, 0) // 10**9 if efa else 0
            held = [offering for offering in candidate.offerings if offering.reservation_id]
            for reservation in map(reservation_of, held) if choice.capacity_type == labels.RESERVED else [None]:
                key = (entry.name, reservation.id if reservation else "")
                found[key] = NodeKind(image, pods_of(entry), cards, reservation)
        if not found:
            why = f"none of the images {', '.join(sorted({image for image, _ in images})) or '(none)'} suits the types"
            raise CreateError("LaunchFailed", why, f"{TEMPLATES_FAILED}Instance launch failed")
        return found


def _told(claim: NodeClaim) -> tuple[object, ...]:
    """What a node is told of its claim."""
    return tuple(sorted(claim.metadata.labels.items())), claim.taints, claim.startup_taints, claim.node_pool


def _reservations(choice: Choice) -> dict[tuple[str, str], Offering]:
    return {
        (candidate.type.name, offering.zone): offering
        for candidate in choice.candidates
        for offering in candidate.offerings
        if offering.reservation_id
    }


def _given(spec: Mapping[str, Any], key: str, default: int) -> int:
    given = (spec.get("kubelet") or {}).get(key)
    return default if given is None else given


def reservation_of(offering: Offering) -> Reservation:
    """The reservation behind a reserved offering, as far as a template needs it."""
    told = offering.requirements
    return Reservation(
        offering.reservation_id,
        "",
        offering.zone,
        "",
        "",
        told.of(labels.CAPACITY_RESERVATION_TYPE).any_value(),
        told.of(labels.CAPACITY_RESERVATION_INTERRUPTIBLE).any_value() == "true",
    )


def fleet_request(plan: Plan, own_tags: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The plan as CreateFleet takes it, without a token. `own_tags` are karptui's, on the instance besides."""
    request: dict[str, Any] = {
        "Type": "instant",
        "LaunchTemplateConfigs": plan.configs.listed,
        "TagSpecifications": tagged(plan.tags | dict(own_tags or {}), ("instance", "volume", "fleet")),
    }
    target, options = _target(plan)
    request |= options
    request["TargetCapacitySpecification"] = {"DefaultTargetCapacityType": target, "TotalTargetCapacity": 1}
    if plan.context:
        request["Context"] = plan.context
    return request


def _target(plan: Plan) -> tuple[str, dict[str, Any]]:
    """The target capacity type and how EC2 shall choose."""
    lowest = {"OnDemandOptions": {"AllocationStrategy": "prioritized" if plan.by_priority else "lowest-price"}}
    if plan.capacity_type == labels.SPOT:
        strategy = "capacity-optimized-prioritized" if plan.by_priority else "price-capacity-optimized"
        return labels.SPOT, {"SpotOptions": {"AllocationStrategy": strategy}}
    if plan.capacity_type == labels.ON_DEMAND:
        return labels.ON_DEMAND, lowest
    reservation = reservation_of(next(iter(plan.configs.reservations.values())))
    if reservation.kind == "capacity-block":
        return "capacity-block", {}
    if reservation.interruptible:
        return "reserved-capacity", {"ReservedCapacityOptions": {"ReservationTypes": [INTERRUPTIBLE]}}
    return labels.ON_DEMAND, lowest


def placement_of(claim: NodeClaim, group: PlacementGroup | None, choice: Choice | None = None) -> Placement:
    """Where the claim's instance is put; of several partitions that it allows the first in order of text.

    With a `choice`, the first in which it finds one of its types.
    """
    if group is None:
        return Placement(tenancy_of(claim))
    partition: int | None = None
    wanted = from_specs(claim.requirements).get(labels.PLACEMENT_GROUP_PARTITION)
    if wanted is not None and group.partitions:
        allowed = sorted(text for number in range(1, group.partitions + 1) if wanted.has(text := str(number)))
        offered = _partitions(choice) if choice is not None else set()
        partition = int(next((text for text in allowed if text in offered), allowed[0])) if allowed else None
    return Placement(tenancy_of(claim), group.id, partition)


def _partitions(choice: Choice) -> set[str]:
    """Those in which one of the types is on offer as the capacity type that is asked for."""
    return {
        offering.requirements.of(labels.PLACEMENT_GROUP_PARTITION).any_value()
        for candidate in choice.candidates
        for offering in candidate.offerings
        if offering.capacity_type == choice.capacity_type
    }


def tenancy_of(claim: NodeClaim) -> str:
    """Shared hardware unless the claim rules it out."""
    return "default" if from_specs(claim.requirements).of(labels.INSTANCE_TENANCY).has("default") else "dedicated"
