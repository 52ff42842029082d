"""A NodeClass tried before it is used: EC2 is asked in dry runs whether it would launch with it (the spec's 4.10)."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.api.errors import calling, code_of
from karptui.cloud.ec2.instance.launch_plan import Planner
from karptui.cloud.ec2.instance.template import LaunchTemplate, LaunchTemplates, NodeKind, Placement, tagged
from karptui.cloud.ec2.instance_type.instance_types import has_efa
from karptui.cloud.ec2.nodeclass.images import image_requirements
from karptui.cloud.ec2.nodeclass.placement import PlacementGroup
from karptui.cloud.provider import CloudError, CreateError
from karptui.model import labels
from karptui.model.instance_type import InstanceType
from karptui.model.metadata import Metadata
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodeClass

FALLBACK_TYPES = ("m5.large", "m6g.large")
"""Types that run anywhere: what is tried for each architecture."""

CACHED_SECONDS = 30 * 60.0
"""How long a verdict holds; Karpenter's own figure."""

_PASSED, _DENIED = "DryRunOperation", "UnauthorizedOperation"


class Refused(Struct, frozen=True):
    """The reason of the condition and a sentence."""

    reason: str
    message: str


async def dry_run(
    ec2: Any,
    planner: Planner,
    templates: LaunchTemplates,
    node_class: NodeClass,
    types: Mapping[str, InstanceType],
    group: PlacementGroup | None,
) -> Refused | None:
    """None if EC2 would launch. Raises CloudError where the question itself failed and is asked again later."""
    claim = NodeClaim(Metadata(""))
    chosen = _type_and_image(node_class, types)
    if chosen is None:
        return None
    name, image = chosen
    placement = Placement(group=group.id if group else "")
    try:
        kind = NodeKind(image, 0, 0)
        template = planner.template(claim, node_class, kind, labels.ON_DEMAND, placement)
        await templates.ensure(ec2, [template])
    except CreateError as problem:
        return Refused("LaunchTemplateCreationFailed", problem.message)
    except CloudError as problem:
        if _code(problem) != _DENIED:
            raise
        return Refused("CreateLaunchTemplateAuthCheckFailed", str(problem))
    tags = planner.tags(claim, node_class)
    subnets = [entry["id"] for entry in node_class.status.get("subnets") or []]
    return await _fleet(ec2, template, name, subnets, tags) or await _instances(ec2, template, name, subnets, tags)


def _type_and_image(node_class: NodeClass, types: Mapping[str, InstanceType]) -> tuple[str, str] | None:
    """The first type in order of the images that one of them suits."""
    fallback = [types[name] for name in FALLBACK_TYPES if name in types]
    for entry in node_class.status.get("amis") or []:
        wanted = image_requirements(entry)
        for instance_type in fallback:
            if instance_type.requirements.is_compatible(wanted) and not has_efa(instance_type):
                return instance_type.name, entry["id"]
    return None


async def _fleet(
    ec2: Any, template: LaunchTemplate, name: str, subnets: Iterable[str], tags: dict[str, str]
) -> Refused | None:
    config = {
        "LaunchTemplateSpecification": {"LaunchTemplateName": template.name, "Version": "$Latest"},
        "Overrides": [{"InstanceType": name, "SubnetId": subnet} for subnet in subnets],
    }
    request = {
        "DryRun": True,
        "Type": "instant",
        "LaunchTemplateConfigs": [config],
        "OnDemandOptions": {"AllocationStrategy": "lowest-price"},
        "TargetCapacitySpecification": {"DefaultTargetCapacityType": labels.ON_DEMAND, "TotalTargetCapacity": 1},
        "TagSpecifications": tagged(tags, ("instance", "volume", "fleet")),
    }
    denied = await _denied(ec2.create_fleet, "CreateFleet", request)
    return Refused("CreateFleetAuthCheckFailed", denied) if denied else None


async def _instances(
    ec2: Any, template: LaunchTemplate, name: str, subnets: Iterable[str], tags: dict[str, str]
) -> Refused | None:
    denied = ""
    for subnet in subnets:
        request = {
            "DryRun": True,
            "InstanceType": name,
            "LaunchTemplate": {"LaunchTemplateName": template.name, "Version": "$Latest"},
            "MinCount": 1,
            "MaxCount": 1,
            "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": subnet}],
            "TagSpecifications": tagged(tags, ("instance", "volume", "network-interface")),
        }
        denied = await _denied(ec2.run_instances, "RunInstances", request)
        if not denied:
            # One subnet is enough: the policy may leave out the others.
            return None
    return Refused("RunInstancesAuthCheckFailed", denied) if denied else None


async def _denied(call: Any, action: str, request: dict[str, Any]) -> str:
    """Why the account may not do this, "" if it may."""
    try:
        with calling("ec2", action):
            await call(**request)
    except CloudError as problem:
        code = _code(problem)
        if code == _DENIED:
            return str(problem)
        if code != _PASSED:
            raise
    return ""


def _code(problem: CloudError) -> str:
    return code_of(problem.__cause__) if problem.__cause__ is not None else ""
