"""What an EC2NodeClass resolves to, what its conditions say when it does not, and when an instance drifted from it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.provider import NodeClassStatus, Unreachable
from karptui.lab.ec2 import Ec2Lab
from karptui.model.metadata import condition
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodeClass
from tests.cloud.ec2.cluster import claim, node_class, provider_of, ready_node_class

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def provider(lab: Ec2Lab) -> AsyncIterator[Ec2Provider]:
    provider = provider_of(lab)
    yield provider
    await provider.close()


def problem(found: NodeClassStatus, type_: str) -> tuple[str, str]:
    entry = condition(found.conditions, type_)
    assert entry is not None
    return entry.status, entry.reason


async def test_a_node_class_resolves_to_subnets_groups_images_and_a_profile(provider: Ec2Provider, lab: Ec2Lab) -> None:
    found = await provider.node_class_status(node_class())
    assert found.ready
    status: dict[str, Any] = dict(found.status)
    assert {entry["zone"]: entry["id"] for entry in status["subnets"]} == lab.subnets
    assert {entry["zoneID"] for entry in status["subnets"]} == {"use1-az6", "use1-az1", "use1-az2", "use1-az4"}
    assert [entry["id"] for entry in status["securityGroups"]] == [lab.security_group]
    assert status["instanceProfile"].startswith("lab_")
    assert len(status["amis"]) == 5
    arm = [
        entry
        for entry in status["amis"]
        if {"key": "kubernetes.io/arch", "operator": "In", "values": ["arm64"]} in entry["requirements"]
    ]
    assert len(arm) == 2 and all("arm64" in entry["name"] for entry in arm)
    # The profile is the same one the next time.
    again = await provider.node_class_status(node_class())
    assert again.status["instanceProfile"] == status["instanceProfile"]


async def test_selectors_by_id_and_name_and_a_given_profile(provider: Ec2Provider, lab: Ec2Lab) -> None:
    subnet = lab.subnets["us-east-1b"]
    resolved = await ready_node_class(provider)
    image = resolved.status["amis"][0]["id"]
    found = await provider.node_class_status(
        replace(
            node_class(),
            spec={
                "amiFamily": "AL2023",
                "amiSelectorTerms": [{"id": image}],
                "instanceProfile": "mine",
                "subnetSelectorTerms": [{"id": subnet}],
                "securityGroupSelectorTerms": [{"name": "lab-node"}],
            },
        )
    )
    assert found.ready
    status: dict[str, Any] = dict(found.status)
    assert status["subnets"] == [{"id": subnet, "zone": "us-east-1b", "zoneID": "use1-az1"}]
    assert status["instanceProfile"] == "mine"
    # Without an alias an image is for every type of its architecture.
    assert [[term["key"] for term in entry["requirements"]] for entry in status["amis"]] == [["kubernetes.io/arch"]]


@pytest.mark.parametrize(
    ("spec", "type_", "reason"),
    [
        ({"subnetSelectorTerms": [{"tags": {"Name": "nowhere"}}]}, "SubnetsReady", "SubnetsNotFound"),
        ({"securityGroupSelectorTerms": [{"name": "none"}]}, "SecurityGroupsReady", "SecurityGroupsNotFound"),
        ({"amiSelectorTerms": [{"name": "no such image"}], "amiFamily": "AL2023"}, "AMIsReady", "AMINotFound"),
        ({"amiSelectorTerms": [{"alias": "al2@latest"}]}, "AMIsReady", "UnsupportedAlias"),
        ({"role": "nobody"}, "InstanceProfileReady", "NodeRoleNotFound"),
    ],
)
async def test_what_is_not_found_is_a_condition_with_its_reason(
    provider: Ec2Provider, spec: dict[str, Any], type_: str, reason: str
) -> None:
    found = await provider.node_class_status(node_class(**spec))
    assert not found.ready
    assert problem(found, type_) == ("False", reason)
    assert problem(found, "ValidationSucceeded") == ("False", "DependenciesNotReady")
    assert sum(entry.status == "False" for entry in found.conditions) == 2


async def test_an_alias_without_images_is_asked_for_again(provider: Ec2Provider) -> None:
    found = await provider.node_class_status(node_class(amiSelectorTerms=[{"alias": "al2023@v19990101"}]))
    assert problem(found, "AMIsReady") == ("Unknown", "AwaitingReconciliation")
    assert found.ready_condition.status == "Unknown"


async def test_credentials_that_may_not_launch_are_found_before_anything_is_launched(
    provider: Ec2Provider, lab: Ec2Lab
) -> None:
    await lab.fail("CreateFleet", "UnauthorizedOperation", "You are not authorized.")
    found = await provider.node_class_status(node_class(tags={"tried": "first"}))
    assert problem(found, "ValidationSucceeded") == ("False", "CreateFleetAuthCheckFailed")
    again = await provider.node_class_status(node_class(tags={"tried": "first"}))
    assert again.ready, "a refusal is not remembered"


async def test_credentials_that_may_not_look_are_a_condition_with_a_sentence(
    provider: Ec2Provider, lab: Ec2Lab
) -> None:
    await lab.fail("DescribeSubnets", "UnauthorizedOperation", "You are not authorized.")
    found = await provider.node_class_status(node_class())
    entry = condition(found.conditions, "SubnetsReady")
    assert entry is not None and "may not call ec2:DescribeSubnets" in entry.message


async def test_an_endpoint_that_does_not_answer_is_named(lab: Ec2Lab) -> None:
    nowhere = provider_of(lab)
    # Port 9 of loopback is nobody's: the connection is refused at once.
    nowhere.clients.account = type(nowhere.clients.account)(
        "us-east-1", "http://127.0.0.1:9", access_key_id="lab", secret_access_key="lab"
    )
    with pytest.raises(Unreachable, match=r"ec2 does not answer on http://127\.0\.0\.1:9"):
        await nowhere.list()
    await nowhere.clients.close()


async def launched_claim(provider: Ec2Provider, resolved: NodeClass) -> NodeClaim:
    wanted = claim(("m5.large",))
    launched = await provider.create(wanted, resolved)
    own = wanted.metadata.labels | launched.labels
    metadata = replace(wanted.metadata, labels=own, annotations=launched.annotations)
    return replace(wanted, metadata=metadata, provider_id=launched.provider_id, image_id=launched.image_id)


async def test_an_instance_drifts_when_its_node_class_resolves_to_something_else(provider: Ec2Provider) -> None:
    resolved = await ready_node_class(provider)
    wanted = await launched_claim(provider, resolved)
    assert await provider.is_drifted(wanted, resolved) == ""

    async def reason(**status: Any) -> str:
        return await provider.is_drifted(wanted, replace(resolved, status=resolved.status | status))

    renewed = [entry | {"id": entry["id"][:-1] + "x"} for entry in resolved.status["amis"]]
    assert await reason(amis=renewed) == "AMIDrift"
    assert await reason(securityGroups=[{"id": "sg-1", "name": "other"}]) == "SecurityGroupDrift"
    assert await reason(subnets=[{"id": "subnet-1", "zone": "us-east-1a"}]) == "SubnetDrift"


async def test_a_changed_node_class_hash_is_drift_only_under_the_same_version(provider: Ec2Provider) -> None:
    resolved = await ready_node_class(provider)

    def with_hash(value: str, version: str) -> NodeClass:
        prefix = "karpenter.k8s.aws/ec2nodeclass-hash"
        annotations = {prefix: value, f"{prefix}-version": version}
        return replace(resolved, metadata=replace(resolved.metadata, annotations=annotations))

    wanted = await launched_claim(provider, with_hash("1", "v5"))
    assert await provider.is_drifted(wanted, with_hash("1", "v5")) == ""
    assert await provider.is_drifted(wanted, with_hash("2", "v5")) == "NodeClassDrift"
    assert await provider.is_drifted(wanted, with_hash("2", "v6")) == ""
