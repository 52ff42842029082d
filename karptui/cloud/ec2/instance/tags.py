"""Tags that an instance gets once its node is known (spec/aws.md 3.10): those launched by Karpenter carry no claim."""

from collections.abc import Mapping
from typing import Any

from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.ec2.own_tags import CLAIM_TAG, CLUSTER_TAG
from karptui.model.node import NodeClaim

NAME_TAG = "Name"
"""What consoles show; a user's own stays."""


async def complete_tags(ec2: Any, instance: Mapping[str, Any], claim: NodeClaim, cluster: str) -> None:
    """Add what is not there yet; what there is stays as it is. Raises CloudError."""
    known = {tag["Key"] for tag in instance.get("Tags") or []}
    wanted = {NAME_TAG: claim.node_name, CLAIM_TAG: claim.key, CLUSTER_TAG: cluster}
    missing = [{"Key": key, "Value": value} for key, value in wanted.items() if key not in known]
    if missing:
        with calling("ec2", "CreateTags"):
            await ec2.create_tags(Resources=[instance["InstanceId"]], Tags=missing)
