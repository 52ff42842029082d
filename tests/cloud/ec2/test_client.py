"""Requests as the SDK writes them."""

from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.serialize import create_serializer

from karptui.cloud.ec2.api.client import Account, AwsClients
from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.provider import Unreachable


async def test_what_the_sdk_does_not_know_yet_is_sent_all_the_same() -> None:
    clients = AwsClients(Account("us-east-1", "http://127.0.0.1:9", access_key_id="lab", secret_access_key="lab"))
    model = (await clients.get("ec2")).meta.service_model
    await clients.close()

    def written(action: str, **asked: Any) -> dict[str, str]:
        # Validates like a client does, and refuses what the model does not have.
        serializer = create_serializer(model.metadata["protocol"], include_validation=True)
        return serializer.serialize_to_request(asked, model.operation_model(action))["body"]

    fleet = written(
        "CreateFleet",
        LaunchTemplateConfigs=[],
        TargetCapacitySpecification={"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "reserved-capacity"},
        ReservedCapacityOptions={"ReservationTypes": ["interruptible-capacity-reservation"]},
    )
    assert fleet["ReservedCapacityOptions.ReservationType.1"] == "interruptible-capacity-reservation"
    template = written(
        "CreateLaunchTemplate",
        LaunchTemplateName="nested",
        LaunchTemplateData={"CpuOptions": {"NestedVirtualization": "enabled"}},
    )
    assert template["LaunchTemplateData.CpuOptions.NestedVirtualization"] == "enabled"


async def test_what_the_fleets_of_a_batch_share_is_in_each_of_their_requests() -> None:
    clients = AwsClients(Account("us-east-1", "http://127.0.0.1:9", access_key_id="lab", secret_access_key="lab"))
    ec2 = await clients.get("ec2")
    sent: list[dict[str, list[str]]] = []
    ec2.meta.events.register(
        "before-send.ec2", lambda request, **_: sent.append(parse_qs(request.body.decode(), strict_parsing=True))
    )
    batches = [[{"Overrides": [{"InstanceType": name, "Priority": 0.25}]}] for name in ("m5.large", "c5.large")]
    wanted = [(batches[number % 2], f"token-{number}") for number in range(6)]
    for configs, token in wanted:
        with pytest.raises(Unreachable), calling("ec2", "CreateFleet"):
            await ec2.create_fleet(
                ClientToken=token, LaunchTemplateConfigs=configs, TargetCapacitySpecification={"TotalTargetCapacity": 1}
            )
    await clients.close()
    said = {fields["ClientToken"][0]: fields for fields in sent}
    assert list(said) == [token for _, token in wanted]
    for configs, token in wanted:
        (override,) = configs[0]["Overrides"]
        assert said[token]["LaunchTemplateConfigs.1.Overrides.1.InstanceType"] == [override["InstanceType"]]
        assert said[token]["LaunchTemplateConfigs.1.Overrides.1.Priority"] == ["0.25"]
        assert said[token]["TargetCapacitySpecification.TotalTargetCapacity"] == ["1"]
        assert len(said[token]) == len(said["token-0"])


async def test_a_value_reaches_ec2_letter_by_letter() -> None:
    clients = AwsClients(Account("us-east-1", "http://127.0.0.1:9", access_key_id="lab", secret_access_key="lab"))
    ec2 = await clients.get("ec2")
    odd = "a b+c&d=e/é%" + "x" * 100
    sent: list[bytes] = []
    ec2.meta.events.register("before-send.ec2", lambda request, **_: sent.append(request.body))
    with pytest.raises(Unreachable), calling("ec2", "CreateTags"):
        await ec2.create_tags(Resources=["i-1"], Tags=[{"Key": "odd ones", "Value": odd}])
    await clients.close()
    fields = parse_qs(sent[0].decode(), strict_parsing=True)
    assert (fields["Tag.1.Key"], fields["Tag.1.Value"]) == (["odd ones"], [odd])
    assert fields["Action"] == ["CreateTags"]
