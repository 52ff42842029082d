"""What nodes must know of the cluster follows the cluster, which is upgraded while karptui runs."""

import base64
import json
from typing import Any, cast

import pytest
from msgspec.structs import replace

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.provider import CloudError, NodeClassStatus
from karptui.failure import Failure
from karptui.kube.connect import Connection
from karptui.kube.errors import ApiError
from karptui.lab.ec2 import Ec2Lab
from karptui.modes.providers import Ec2Choice, ec2
from tests.cloud.ec2.cluster import Clock, claim, node_class, ready_node_class
from tests.control.faulty_aws import FaultyAws

pytestmark = pytest.mark.asyncio(loop_scope="session")

ARN = "arn:aws:eks:us-east-1:123456789012:cluster/unheard-of"
NOW = ClusterSettings("lab", "https://127.0.0.1:6443", "Y2E=", "10.96.0.10", "10.96.0.0/12", kubernetes="1.35")


def conditions(found: NodeClassStatus) -> dict[str, str]:
    return {entry.type: entry.reason for entry in found.conditions if entry.status != "True"}


async def test_images_are_those_of_the_version_that_the_cluster_has_now(lab: Ec2Lab) -> None:
    clock, answers = Clock(), iter([Failure("the API server does not answer"), NOW])
    asked: list[ClusterSettings] = []

    async def ask_again(known: ClusterSettings) -> ClusterSettings:
        asked.append(known)
        answer = next(answers)
        if isinstance(answer, Failure):
            raise answer
        return answer

    provider = Ec2Provider(lab.account(), replace(NOW, kubernetes="1.31"), now=clock, ask_again=ask_again)
    assert "AMIsReady" in conditions(await provider.node_class_status(node_class()))
    clock.at += 299
    await provider.node_class_status(node_class())
    assert not asked
    clock.at += 1
    await provider.node_class_status(node_class())
    assert asked and conditions(await provider.node_class_status(node_class())) == {}, "it is asked again at once"
    await provider.node_class_status(node_class())
    assert len(asked) == 2, "and then it is known for another five minutes"
    await provider.close()


async def test_the_range_of_services_is_asked_for_until_it_is_known_and_then_told_to_nodes(lab: Ec2Lab) -> None:
    told = {"service_cidr": "", "cidr_unknown": "EKS has no cluster lab"}

    async def ask_again(known: ClusterSettings) -> ClusterSettings:
        return replace(known, **told)

    provider = Ec2Provider(lab.account(), replace(NOW, **told), now=Clock(), ask_again=ask_again)
    found = await provider.node_class_status(node_class())
    assert conditions(found) == {"ValidationSucceeded": "ClusterCIDRResolutionFailed"}
    told = {"service_cidr": "10.44.0.0/16", "cidr_unknown": ""}
    launched = await provider.create(claim(("m5.large",)), await ready_node_class(provider))
    client = await provider.clients.get("ec2")
    answer = await client.describe_instance_attribute(InstanceId=launched.instance_id, Attribute="userData")
    assert "10.44.0.0/16" in base64.b64decode(answer["UserData"]["Value"]).decode()
    await provider.close()


class ApiServer:
    """The cluster as `connect` would have found it; `services` is its ServiceCIDR, "" for none."""

    server, cluster_name, cluster_region = "https://127.0.0.1:6443", "unheard-of", "us-east-1"

    def __init__(self) -> None:
        self.version, self.services = "v1.31.4-eks-1", ""

    async def server_version(self) -> str:
        return self.version

    async def request(self, method: str, path: str) -> bytes:
        answers: dict[str, Any] = {"servicecidrs/kubernetes": {"spec": {"cidrs": [self.services]}}}
        for end, answer in answers.items():
            if path.endswith(end) and self.services:
                return json.dumps(answer).encode()
        raise ApiError(404, "NotFound", "not found", path=path, verb="get")


@pytest.mark.parametrize(
    ("arn", "told"),
    [("", "zonal shifts are of clusters that EKS knows"), (ARN, "not registered for zonal shift: enable it in EKS")],
)
async def test_who_wants_zonal_shifts_honoured_learns_at_the_start_that_they_cannot_be(
    lab: Ec2Lab, monkeypatch: pytest.MonkeyPatch, arn: str, told: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "lab")
    async with FaultyAws(lab.endpoint).serve() as aws:
        if arn:
            aws.answer("GET /clusters/unheard-of", json.dumps({"cluster": {"name": "unheard-of", "arn": arn}}))
        aws.refuse(f"GET /managedresources/{arn}", "ResourceNotFoundException", status=404)
        choice = Ec2Choice(endpoint_url=aws.url, ask_prices=False, zonal_shift=True)
        with pytest.raises(CloudError, match=told):
            async with ec2(choice)(cast(Connection, ApiServer())):
                pytest.fail("nothing was said")


async def test_version_and_services_are_those_of_the_api_server_where_eks_does_not_know_the_cluster(
    lab: Ec2Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "lab")
    server = ApiServer()
    choice = Ec2Choice(endpoint_url=lab.endpoint, ask_prices=False)
    async with ec2(choice)(cast(Connection, server)) as provider:
        assert {"AMIsReady", "ValidationSucceeded"} <= conditions(await provider.node_class_status(node_class())).keys()
        server.version, server.services = "v1.35.1", "10.96.0.0/12"
        assert conditions(await provider.node_class_status(node_class())) == {}
