"""One NodeClaim into one EC2 instance: launch templates, CreateFleet, and what its errors teach."""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2 import errors
from karptui.cloud.ec2.choice import Choice, choose, min_values_relaxed, usable_offerings
from karptui.cloud.ec2.describe import (
    CLAIM_TAG,
    CLAIM_UID_TAG,
    CLUSTER_TAG,
    NODE_CLASS_TAG,
    launched_of,
    pods_of,
)
from karptui.cloud.ec2.errors import calling, code_of
from karptui.cloud.ec2.facts import EFA
from karptui.cloud.ec2.images import family_of
from karptui.cloud.ec2.network import FreeAddresses
from karptui.cloud.ec2.settings import ClusterSettings
from karptui.cloud.ec2.template import LaunchTemplate, LaunchTemplates, launch_template, tag_specifications
from karptui.cloud.ec2.unavailable import UnavailableOfferings
from karptui.cloud.ec2.user_data import NodeTold, user_data
from karptui.cloud.provider import CloudError, CreateError, InsufficientCapacity, Launched
from karptui.model import labels
from karptui.model.instance_type import InstanceType
from karptui.model.node import NodeClaim, RequirementSpec
from karptui.model.nodepool import NodeClass
from karptui.model.requirements import Requirements, from_specs

RESTRICTED_TAGS = (CLUSTER_TAG, labels.NODEPOOL, CLAIM_TAG, NODE_CLASS_TAG)
RESTRICTED_TAG_PREFIX = "kubernetes.io/cluster"

HASH = "karpenter.k8s.aws/ec2nodeclass-hash"
HASH_VERSION = "karpenter.k8s.aws/ec2nodeclass-hash-version"
PROFILE_ANNOTATION = "karpenter.k8s.aws/instance-profile-name"


class TokenUsed(Exception):
    """EC2 has seen the claim's client token with another request: an earlier launch may have got through."""


class Plan(Struct, frozen=True, eq=False):
    """What one CreateFleet asks for."""

    choice: Choice
    templates: dict[str, LaunchTemplate]
    overrides: dict[str, list[dict[str, Any]]]
    types: dict[str, InstanceType]
    subnets: Mapping[str, Mapping[str, Any]]
    tags: dict[str, str]
    context: str = ""


class Launcher:
    """Launches for one cluster. `now` gives epoch seconds."""

    def __init__(self, cluster: ClusterSettings, unavailable: UnavailableOfferings, now: Callable[[], float]) -> None:
        self.templates = LaunchTemplates(now)
        self.addresses = FreeAddresses()
        self._cluster = cluster
        self._unavailable = unavailable
        self._attempts: dict[str, int] = {}

    async def launch(
        self, ec2: Any, claim: NodeClaim, node_class: NodeClass, types: Mapping[str, InstanceType]
    ) -> Launched:
        """Raises InsufficientCapacity, NodeClassNotReady, CreateError, TokenUsed, or a CloudError of the call."""
        plan = self._plan(claim, node_class, types)
        try:
            answer = await self._create_fleet(ec2, claim, plan)
        except CloudError as problem:
            if _code(problem) != errors.TEMPLATE_GONE_CODE:
                raise
            # Somebody deleted a template behind our back: make them anew, once.
            self.templates.forget(plan.templates)
            answer = await self._create_fleet(ec2, claim, plan)
        failures: list[dict[str, Any]] = answer.get("Errors") or []
        self._learn(plan.choice.capacity_type, failures)
        instances: list[dict[str, Any]] = answer.get("Instances") or []
        if not instances or not instances[0].get("InstanceIds"):
            self.next_attempt(claim)
            raise _failed(failures)
        self._attempts.pop(claim.metadata.uid, None)
        return self._launched(instances[0], plan, claim, node_class)

    def next_attempt(self, claim: NodeClaim) -> None:
        """The next launch for this claim is a new request: the answer to this one is known."""
        uid = claim.metadata.uid
        self._attempts[uid] = self._attempts.get(uid, 0) + 1

    def _plan(self, claim: NodeClaim, node_class: NodeClass, types: Mapping[str, InstanceType]) -> Plan:
        choice = choose(claim, types.values())
        subnets = self.addresses.choose(node_class.status.get("subnets") or [], self._unavailable)
        images = [(entry["id"], image_requirements(entry)) for entry in node_class.status.get("amis") or []]
        efa = bool(claim.requests.get(EFA))
        templates: dict[str, LaunchTemplate] = {}
        by_shape: dict[tuple[str, int, int], LaunchTemplate] = {}
        overrides: dict[str, list[dict[str, Any]]] = {}
        for instance_type, offering in usable_offerings(claim, choice, subnets):
            image = next((found for found, wanted in images if instance_type.requirements.is_compatible(wanted)), "")
            if not image:
                continue
            cards = instance_type.capacity.get(EFA, 0) // 10**9 if efa else 0
            shape = (image, pods_of(instance_type), cards)
            if shape not in by_shape:
                by_shape[shape] = self._template(claim, node_class, choice.capacity_type, *shape)
            template = by_shape[shape]
            templates[template.name] = template
            overrides.setdefault(template.name, []).append(
                {
                    "InstanceType": instance_type.name,
                    "SubnetId": subnets[offering.zone]["id"],
                    "AvailabilityZone": offering.zone,
                    "ImageId": image,
                    "Priority": offering.price,
                }
            )
        if not overrides:
            why = "no capacity offerings are currently available" if images else "the NodeClass has no images"
            raise CreateError("LaunchFailed", f"{why} given the requirements of the NodeClaim and the NodeClass")
        tags = self._tags(claim, node_class) | self._own_tags(claim)
        context = "" if min_values_relaxed(claim) else node_class.spec.get("context") or ""
        return Plan(choice, templates, overrides, dict(types), subnets, tags, context)

    def _template(
        self, claim: NodeClaim, node_class: NodeClass, capacity_type: str, image: str, pods: int, efa: int
    ) -> LaunchTemplate:
        family = family_of(node_class.spec)
        told = NodeTold(
            labels=claim.metadata.labels | {labels.CAPACITY_TYPE: capacity_type},
            taints=(*claim.taints, *claim.startup_taints),
            # podsPerCore is told besides, and kubelet takes the smaller.
            max_pods=(node_class.spec.get("kubelet") or {}).get("maxPods") or pods,
        )
        return launch_template(
            node_class.spec,
            node_class.status,
            family=family,
            image=image,
            user_data=user_data(family, node_class.spec, self._cluster, told),
            capacity_type=capacity_type,
            efa=efa,
            tenancy=tenancy_of(claim),
            tags=self._tags(claim, node_class),
        )

    def _tags(self, claim: NodeClaim, node_class: NodeClass) -> dict[str, str]:
        return {
            **(node_class.spec.get("tags") or {}),
            f"{RESTRICTED_TAG_PREFIX}/{self._cluster.name}": "owned",
            labels.NODEPOOL: claim.node_pool,
            CLUSTER_TAG: self._cluster.name,
            NODE_CLASS_TAG: node_class.key,
        }

    def _own_tags(self, claim: NodeClaim) -> dict[str, str]:
        # At launch, not later: this is how an instance is found again when we die before writing its id down.
        return {CLAIM_TAG: claim.key, CLAIM_UID_TAG: claim.metadata.uid, "Name": claim.key}

    async def _create_fleet(self, ec2: Any, claim: NodeClaim, plan: Plan) -> dict[str, Any]:
        await self.templates.ensure(ec2, plan.templates.values())
        spot = plan.choice.capacity_type == labels.SPOT
        request: dict[str, Any] = {
            "Type": "instant",
            "ClientToken": self._token(claim),
            "LaunchTemplateConfigs": [
                {
                    "LaunchTemplateSpecification": {"LaunchTemplateName": name, "Version": "$Latest"},
                    "Overrides": overrides,
                }
                for name, overrides in plan.overrides.items()
            ],
            "TargetCapacitySpecification": {
                "DefaultTargetCapacityType": plan.choice.capacity_type,
                "TotalTargetCapacity": 1,
            },
            "TagSpecifications": tag_specifications(plan.tags),
        }
        if plan.context:
            request["Context"] = plan.context
        if spot:
            request["SpotOptions"] = {"AllocationStrategy": "price-capacity-optimized"}
        else:
            request["OnDemandOptions"] = {"AllocationStrategy": "lowest-price"}
        try:
            with calling("ec2", "CreateFleet"):
                return await ec2.create_fleet(**request)
        except CloudError as problem:
            if _code(problem) == errors.TOKEN_REUSED_CODE:
                raise TokenUsed from problem
            raise

    def _token(self, claim: NodeClaim) -> str:
        # EC2 answers a token that it knows with the fleet that it made then, so a crash does not launch twice.
        attempt = self._attempts.get(claim.metadata.uid, 0)
        digest = blake2b(f"{self._cluster.name}/{claim.metadata.uid}".encode(), digest_size=16).hexdigest()
        return f"{digest}-{attempt}"

    def _learn(self, capacity_type: str, failures: list[dict[str, Any]]) -> None:
        """Remember what had no capacity, also when the fleet got its instance elsewhere."""
        for failure in failures:
            code = failure.get("ErrorCode", "")
            override = (failure.get("LaunchTemplateAndOverrides") or {}).get("Overrides") or {}
            if code == errors.SUBNET_CODE and override.get("SubnetId"):
                self._unavailable.mark_subnet(override["SubnetId"])
            if code == errors.SPOT_ROLE_CODE:
                self._unavailable.mark_capacity_type(labels.SPOT)
            elif code in errors.CAPACITY_CODES and override.get("InstanceType"):
                self._unavailable.mark(capacity_type, override["InstanceType"], override.get("AvailabilityZone", ""))

    def _launched(self, instance: Mapping[str, Any], plan: Plan, claim: NodeClaim, node_class: NodeClass) -> Launched:
        override = (instance.get("LaunchTemplateAndOverrides") or {}).get("Overrides") or {}
        subnet_zone = {entry["id"]: zone for zone, entry in plan.subnets.items()}
        zone = override.get("AvailabilityZone") or subnet_zone.get(override.get("SubnetId", ""), "")
        type_name = instance.get("InstanceType") or override.get("InstanceType", "")
        instance_type = plan.types.get(type_name)
        subnet = plan.subnets.get(zone) or {}
        if instance_type is not None and subnet:
            self.addresses.take(subnet["id"], pods_of(instance_type))
        annotations = {
            key: node_class.metadata.annotations[key]
            for key in (HASH, HASH_VERSION)
            if key in node_class.metadata.annotations
        }
        if profile := node_class.status.get("instanceProfile"):
            annotations[PROFILE_ANNOTATION] = profile
        return launched_of(
            instance_id=instance["InstanceIds"][0],
            type_name=type_name,
            zone=zone,
            zone_id=subnet.get("zoneID", ""),
            capacity_type=plan.choice.capacity_type,
            image=override.get("ImageId", ""),
            tags=plan.tags,
            instance_type=instance_type,
            efa=bool(claim.requests.get(EFA)),
            annotations=annotations,
            subnet=subnet.get("id", ""),
            tenancy=tenancy_of(claim),
        )


def tenancy_of(claim: NodeClaim) -> str:
    """Shared hardware unless the claim rules it out."""
    return "default" if from_specs(claim.requirements).of(labels.INSTANCE_TENANCY).has("default") else "dedicated"


def restricted_tag(spec: Mapping[str, Any]) -> str:
    """The first tag of the spec that users may not set, or ""."""
    tags: Mapping[str, str] = spec.get("tags") or {}
    return next((key for key in tags if key in RESTRICTED_TAGS or key.startswith(RESTRICTED_TAG_PREFIX)), "")


def image_requirements(entry: Mapping[str, Any]) -> Requirements:
    """What an entry of status.amis asks of an instance type."""
    return from_specs(
        RequirementSpec(wanted["key"], wanted["operator"], tuple(wanted.get("values") or ()))
        for wanted in entry.get("requirements") or ()
    )


def _code(problem: CloudError) -> str:
    return code_of(problem.__cause__) if problem.__cause__ is not None else ""


def _failed(failures: list[dict[str, Any]]) -> CloudError:
    """Why a fleet launched nothing: a want of capacity only if every error is one."""
    told = sorted({f"{failure.get('ErrorCode')}: {failure.get('ErrorMessage')}" for failure in failures})
    text = "; ".join(told)[:300] or "EC2 returned neither an instance nor an error"
    capacity = errors.CAPACITY_CODES | {errors.SPOT_ROLE_CODE}
    if failures and all(failure.get("ErrorCode") in capacity for failure in failures):
        return InsufficientCapacity(f"EC2 has no capacity for any of the instance types asked for: {text}")
    return CreateError(errors.reason(text), f"EC2 launched nothing: {text}")
