"""What the lab's AWS account holds before anything runs: tagged subnets and group, images, node role, queue."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from karptui.lab.ec2.backends import ACCOUNT, Backends
from karptui.lab.ec2.images import parameters

DISCOVERY = "karpenter.sh/discovery"


def seed_account(backends: Backends, cluster: str, zones: Sequence[str], kubernetes: str) -> dict[str, Any]:
    """Fill the account for one cluster; what was made is told by id, for whoever started the lab."""
    subnets = _subnets(backends, cluster, zones)
    group = backends.ec2.create_security_group(
        f"{cluster}-node",
        "nodes of the lab's cluster",
        vpc_id=backends.ec2.default_vpc.id,
        tags={DISCOVERY: cluster, "Name": f"{cluster}-node"},
    )
    _image_parameters(backends, kubernetes)
    role, profile = _node_role(backends, cluster)
    backends.sqs.create_queue(cluster, MessageRetentionPeriod="300")
    return {"subnets": subnets, "security_group": group.id, "role": role, "instance_profile": profile, "queue": cluster}


def _subnets(backends: Backends, cluster: str, zones: Sequence[str]) -> dict[str, str]:
    # The default VPC has one subnet a zone; only those of the cluster get its tag.
    found: dict[str, str] = {}
    for subnet in backends.ec2.describe_subnets():
        if subnet.availability_zone in zones:
            subnet.add_tags({DISCOVERY: cluster, "Name": f"{cluster}-{subnet.availability_zone}"})
            found[subnet.availability_zone] = subnet.id
    missing = [zone for zone in zones if zone not in found]
    if missing:
        raise ValueError(f"{backends.region} has no zone {', '.join(missing)}")
    return {zone: found[zone] for zone in zones}


def _image_parameters(backends: Backends, kubernetes: str) -> None:
    # Names under /aws/ are refused by the API, so the backend's store is filled.
    from moto.ssm.models import Parameter

    for name, image in parameters(kubernetes).items():
        entry = Parameter(
            account_id=ACCOUNT,
            name=name,
            value=image,
            parameter_type="String",
            description=None,
            allowed_pattern=None,
            keyid=None,
            last_modified_date=datetime(2025, 12, 11, 8, tzinfo=UTC),
            version=1,
            data_type="text",
        )
        backends.ssm._parameters[name].append(entry)


def _node_role(backends: Backends, cluster: str) -> tuple[str, str]:
    role = f"KarpenterNodeRole-{cluster}"
    backends.iam.create_role(role, "{}", "/", None, "nodes of the lab's cluster", [], "3600")
    backends.iam.create_instance_profile(name=role, path="/", role_names=[])
    backends.iam.add_role_to_instance_profile(role, role)
    return role, role
