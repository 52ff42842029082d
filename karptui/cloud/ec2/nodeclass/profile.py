"""The instance profile of a NodeClass: given, or made for its role."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from karptui.cloud.ec2.api.errors import ALREADY_EXISTS_CODES, calling, code_of
from karptui.cloud.provider import CloudError, NotFound

PROFILE_ANNOTATION = "karpenter.k8s.aws/instance-profile-name"


def profile_name(cluster: str, region: str, node_class: str, role: str) -> str:
    """The name of the profile that is made for a role: another role gets another profile."""
    digest = blake2b(f"{region}/{node_class}/{role}".encode(), digest_size=8).hexdigest()
    return f"{cluster[:100]}_{int(digest, 16)}"


async def ensure_profile(
    iam: Any, spec: Mapping[str, Any], status: Mapping[str, Any], cluster: str, region: str, node_class: str, uid: str
) -> str:
    """The profile's name; made, tagged and given its role if the NodeClass names a role. Raises CloudError.

    `status` is the NodeClass' own: a profile that is in it is kept as long as its role is the spec's. Without `iam`
    this tells only what the name is or would be.
    """
    if spec.get("instanceProfile"):
        return spec["instanceProfile"]
    role = str(spec.get("role", "")).rpartition("/")[2]
    kept = status.get("instanceProfile")
    if iam is None:
        return kept or profile_name(cluster, region, node_class, role)
    if kept and role in await _roles(iam, kept):
        return kept
    name = profile_name(cluster, region, node_class, role)
    tags = {
        **(spec.get("tags") or {}),
        f"kubernetes.io/cluster/{cluster}": "owned",
        "eks:eks-cluster-name": cluster,
        "karpenter.k8s.aws/ec2nodeclass": node_class,
        "topology.kubernetes.io/region": region,
    }
    await _create(iam, name, f"/karpenter/{region}/{cluster}/{uid}/", tags)
    if role not in await _roles(iam, name):
        with calling("iam", "AddRoleToInstanceProfile"):
            await iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    return name


async def _create(iam: Any, name: str, path: str, tags: Mapping[str, str]) -> None:
    listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    try:
        with calling("iam", "CreateInstanceProfile"):
            await iam.create_instance_profile(InstanceProfileName=name, Path=path, Tags=listed)
    except CloudError as problem:
        if problem.__cause__ is None or code_of(problem.__cause__) not in ALREADY_EXISTS_CODES:
            raise


async def _roles(iam: Any, name: str) -> list[str]:
    """None where there is no such profile, or none yet."""
    try:
        with calling("iam", "GetInstanceProfile"):
            profile = (await iam.get_instance_profile(InstanceProfileName=name))["InstanceProfile"]
    except NotFound:
        return []
    return [role["RoleName"] for role in profile["Roles"]]
