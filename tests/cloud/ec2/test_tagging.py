"""Instances that Karpenter launched are tagged with their node and claim; those of karptui are from the start."""

from typing import Any

import pytest
from msgspec.structs import replace

from karptui.cloud.ec2.provider import Ec2Provider
from karptui.control.instance.tagging import Tagging
from karptui.control.nodeclaim.launch import Launch
from karptui.model.labels import TERMINATION_FINALIZER
from karptui.model.node import NodeClaim
from tests.cloud.ec2.cluster import claim, ready_node_class
from tests.control.faulty_aws import FaultyAws
from tests.control.noted import Noted

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANNOTATIONS = {
    "karpenter.k8s.aws/tagged": "true",
    "compatibility.karpenter.k8s.aws/cluster-name-tagged": "true",
}
LATER = ("Name", "karpenter.sh/nodeclaim", "eks:eks-cluster-name")
"""What Karpenter tags only when the node is known; the last of these only old versions of it did not tag at launch."""


async def by_karpenter(provider: Ec2Provider, *without: str) -> NodeClaim:
    """A claim whose node is known, and whose instance lacks these tags."""
    wanted = claim(("m5.large",))
    launched = await provider.create(wanted, await ready_node_class(provider))
    ec2 = await provider.clients.get("ec2")
    if without:
        await ec2.delete_tags(Resources=[launched.instance_id], Tags=[{"Key": key} for key in without])
    reference = replace(wanted.node_class, kind="EC2NodeClass")
    return replace(wanted, provider_id=launched.provider_id, node_name=f"ip-{wanted.key}", node_class=reference)


async def tags(provider: Ec2Provider, of: NodeClaim) -> dict[str, str]:
    ec2 = await provider.clients.get("ec2")
    found = await ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [of.provider_id.rpartition("/")[2]]}])
    return {entry["Key"]: entry["Value"] for entry in found["Tags"]}


async def board(provider: Ec2Provider, *claims: NodeClaim) -> tuple[Noted, Tagging]:
    found = Noted(provider)
    found.show("nodeclasses", await ready_node_class(provider))
    found.show("nodeclaims", *claims)
    return found, Tagging(found.hands)


def annotated(found: Noted) -> dict[str, Any]:
    return {name: body["metadata"].get("annotations") for _, name, body in found.patches}


async def test_the_node_and_the_claim_are_tagged_and_the_claim_says_so(provider: Ec2Provider) -> None:
    wanted = await by_karpenter(provider, *LATER)
    found, tagging = await board(provider, wanted)
    assert list(tagging.due()) == [wanted.key]
    await tagging.reconcile(wanted.key)
    told = await tags(provider, wanted)
    assert [told[key] for key in LATER] == [wanted.node_name, wanted.key, "lab"]
    assert annotated(found) == {wanted.key: ANNOTATIONS}
    done = replace(wanted.metadata, annotations=wanted.metadata.annotations | ANNOTATIONS)
    found.show("nodeclaims", replace(wanted, metadata=done))
    assert not list(tagging.due())


async def test_a_tag_that_is_there_stays_and_where_all_are_nothing_is_written_in_ec2(
    provider: Ec2Provider, aws: FaultyAws
) -> None:
    wanted = await by_karpenter(provider)
    before = await tags(provider, wanted)
    found, tagging = await board(provider, wanted)
    await tagging.reconcile(wanted.key)
    assert await tags(provider, wanted) == before and not aws.calls["CreateTags"]
    assert annotated(found) == {wanted.key: ANNOTATIONS}


async def test_one_instance_a_second_is_tagged(provider: Ec2Provider, aws: FaultyAws) -> None:
    claims = [await by_karpenter(provider, *LATER) for _ in range(2)]
    found, tagging = await board(provider, *claims)
    for _ in range(2):
        for wanted in claims:
            await tagging.reconcile(wanted.key)
    assert aws.calls["CreateTags"] == 1 and not list(tagging.due())
    found.at += 1
    assert list(tagging.due()) == [wanted.key for wanted in claims]
    await tagging.reconcile(claims[1].key)
    assert aws.calls["CreateTags"] == 2 and annotated(found).keys() == {wanted.key for wanted in claims}


async def test_an_instance_that_has_ended_and_a_claim_that_goes_are_left_to_others(provider: Ec2Provider) -> None:
    ended, going = await by_karpenter(provider, *LATER), await by_karpenter(provider, *LATER)
    await provider.delete(ended.provider_id)
    going = replace(going, metadata=replace(going.metadata, deleted=1.0))
    found, tagging = await board(provider, ended, going)
    assert list(tagging.due()) == [ended.key]
    await tagging.reconcile(ended.key)
    assert not found.patches


async def test_nothing_is_launched_for_a_claim_that_has_no_instance(provider: Ec2Provider, aws: FaultyAws) -> None:
    wanted = replace(claim(("m5.large",)), node_name="one")
    found, tagging = await board(provider, wanted)
    tried = aws.calls["CreateFleet"]  # the NodeClass, by a dry run
    assert not list(tagging.due())
    await tagging.reconcile(wanted.key)
    assert aws.calls["CreateFleet"] == tried and not found.patches


async def test_what_is_refused_is_not_annotated(provider: Ec2Provider, aws: FaultyAws) -> None:
    wanted = await by_karpenter(provider, *LATER)
    found, tagging = await board(provider, wanted)
    aws.refuse("CreateTags", "UnauthorizedOperation", status=403)
    with pytest.raises(Exception, match="may not call ec2:CreateTags"):
        await tagging.reconcile(wanted.key)
    assert not found.patches


async def test_what_karptui_launches_needs_no_tags_later(provider: Ec2Provider) -> None:
    wanted = claim(("m5.large",))
    reference = replace(wanted.node_class, kind="EC2NodeClass")
    wanted = replace(
        wanted, node_class=reference, metadata=replace(wanted.metadata, finalizers=(TERMINATION_FINALIZER,))
    )
    found, _ = await board(provider, wanted)
    await Launch(found.hands).reconcile(wanted.key)
    (told,) = (body["metadata"]["annotations"] for _, _, body in found.patches if "metadata" in body)
    assert told.items() >= ANNOTATIONS.items()
