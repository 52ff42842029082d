"""What is left over in an account: instance profiles and launch templates that nobody needs any more
(spec/aws.md 3.5, 4.9)."""

from collections.abc import Collection
from typing import Any

from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.ec2.nodeclass.profile import PROFILE_ANNOTATION
from karptui.cloud.ec2.own_tags import CLUSTER_TAG, NODE_CLASS_TAG
from karptui.cloud.provider import NotFound
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodeClass


async def template_names(ec2: Any, cluster: str) -> dict[str, str]:
    """The cluster's launch templates, each with the name of the NodeClass that it was made for ("": none told)."""
    found: dict[str, str] = {}
    filters = [{"Name": f"tag:{CLUSTER_TAG}", "Values": [cluster]}]
    with calling("ec2", "DescribeLaunchTemplates"):
        async for page in ec2.get_paginator("describe_launch_templates").paginate(Filters=filters):
            for entry in page["LaunchTemplates"]:
                tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags") or []}
                found[entry["LaunchTemplateName"]] = tags.get(NODE_CLASS_TAG, "")
    return found


def profiles_in_use(node_classes: Collection[NodeClass], claims: Collection[NodeClaim]) -> set[str]:
    """Names of the profiles that a NodeClass' status or a claim's annotation holds."""
    named = {str(node_class.status.get("instanceProfile") or "") for node_class in node_classes}
    return named | {claim.metadata.annotations.get(PROFILE_ANNOTATION, "") for claim in claims}


async def delete_profiles(
    iam: Any, region: str, cluster: str, living: Collection[str], kept: Collection[str]
) -> list[str]:
    """Delete the cluster's profiles made for NodeClasses whose UID is not among `living`, and those of living ones
    that are not among `kept`, as after a change of role; their names."""
    prefix = f"/karpenter/{region}/{cluster}/"
    gone: list[dict[str, Any]] = []
    with calling("iam", "ListInstanceProfiles"):
        async for page in iam.get_paginator("list_instance_profiles").paginate(PathPrefix=prefix):
            # Not every simulator heeds the prefix, and what lies elsewhere is not ours.
            for entry in page["InstanceProfiles"]:
                owner = _owner(entry["Path"], prefix)
                if owner and (owner not in living or entry["InstanceProfileName"] not in kept):
                    gone.append(entry)
    for entry in gone:
        await _delete(iam, entry)
    return [entry["InstanceProfileName"] for entry in gone]


def _owner(path: str, prefix: str) -> str:
    return path.removeprefix(prefix).strip("/") if path.startswith(prefix) else ""


async def _delete(iam: Any, profile: dict[str, Any]) -> None:
    name = profile["InstanceProfileName"]
    try:
        for role in profile.get("Roles") or []:
            with calling("iam", "RemoveRoleFromInstanceProfile"):
                await iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
        with calling("iam", "DeleteInstanceProfile"):
            await iam.delete_instance_profile(InstanceProfileName=name)
    except NotFound:
        return  # somebody else was faster
