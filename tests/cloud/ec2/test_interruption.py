"""Messages that an instance will go: as EC2 sends them, and through the queue."""

import json
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from msgspec.structs import replace

from karptui.cloud.ec2.queue.instance_status import interruption_of
from karptui.cloud.ec2.queue.interruption import parse
from karptui.cloud.provider import CloudError, Interruption, NotFound
from karptui.lab.ec2 import Ec2Lab, messages
from tests.cloud.ec2.cluster import claim, provider_of, ready_node_class

AT = 1_767_268_800.0  # 2026-01-01T12:00:00Z
INSTANCE = "i-0123456789abcdef0"


def event(detail_type: str, detail: dict[str, Any], source: str = "aws.ec2", **more: Any) -> str:
    """As EventBridge puts it into the queue; the account may be left out."""
    told = {"version": "0", "source": source, "detail-type": detail_type, "time": "2026-01-01T12:00:00Z"}
    return json.dumps(told | {"detail": detail} | more)


def test_a_spot_interruption_ends_the_instance_two_minutes_later() -> None:
    body = event("EC2 Spot Instance Interruption Warning", {"instance-id": INSTANCE, "instance-action": "terminate"})
    assert parse(body, "r") == Interruption("spot_interrupted", (INSTANCE,), AT, AT + 120, True, "r")


def test_a_rebalance_recommendation_disrupts_nothing() -> None:
    found = parse(event("EC2 Instance Rebalance Recommendation", {"instance-id": INSTANCE}))
    assert found == Interruption("rebalance_recommendation", (INSTANCE,), AT, None, False)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("stopping", "instance_stopped"),
        ("stopped", "instance_stopped"),
        ("shutting-down", "instance_terminated"),
        ("terminated", "instance_terminated"),
    ],
)
def test_an_instance_that_stops_or_ends_is_told_by_its_state(state: str, kind: str) -> None:
    found = parse(event("EC2 Instance State-change Notification", {"instance-id": INSTANCE, "state": state}))
    assert found == Interruption(kind, (INSTANCE,), AT)


def test_a_scheduled_change_names_every_affected_instance() -> None:
    detail = {
        "service": "EC2",
        "eventTypeCategory": "scheduledChange",
        "affectedEntities": [{"entityValue": INSTANCE}, {"entityValue": "i-1"}],
    }
    assert parse(event("AWS Health Event", detail, "aws.health")) == Interruption(
        "scheduled_change", (INSTANCE, "i-1"), AT
    )


def test_a_reservation_that_is_taken_back_disrupts() -> None:
    found = parse(event("EC2 Capacity Reservation Instance Interruption Warning", {"instance-id": INSTANCE}))
    assert found is not None and found.kind == "capacity_reservation_interrupted" and found.disrupts


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "null",
        json.dumps({"version": "0"}),
        json.dumps({"version": "0", "source": "aws.ec2", "detail-type": "AWS Health Event", "detail": None}),
        event("EC2 Spot Instance Interruption Warning", {}),
        event("EC2 Spot Instance Interruption Warning", {"instance-id": 7}),
        event("EC2 Spot Instance Interruption Warning", {"instance-id": INSTANCE}, version="1"),
        event("EC2 Spot Instance Interruption Warning", {"instance-id": INSTANCE}, source="somebody.else"),
        event("EC2 Instance State-change Notification", {"instance-id": INSTANCE, "state": "running"}),
        event("AWS Health Event", {"service": "RDS", "eventTypeCategory": "scheduledChange"}, "aws.health"),
        event("AWS Health Event", {"service": "EC2", "eventTypeCategory": "issue"}, "aws.health"),
        event(
            "AWS Health Event",
            {"service": "EC2", "eventTypeCategory": "scheduledChange", "affectedEntities": ["i-1", {}]},
            "aws.health",
        ),
    ],
)
def test_anything_else_is_no_interruption(body: str) -> None:
    assert parse(body) is None


def test_a_message_without_a_readable_time_is_still_one() -> None:
    found = parse(event("EC2 Spot Instance Interruption Warning", {"instance-id": INSTANCE}, time="soon"))
    assert found == Interruption("spot_interrupted", (INSTANCE,), 0.0)


def test_what_the_lab_sends_is_what_is_read() -> None:
    sent = {
        "spot_interrupted": messages.spot_interruption("us-east-1", INSTANCE, AT),
        "rebalance_recommendation": messages.rebalance("us-east-1", INSTANCE, AT),
        "scheduled_change": messages.scheduled_change("us-east-1", INSTANCE, AT),
        "instance_stopped": messages.state_change("us-east-1", INSTANCE, "stopping", AT),
    }
    for kind, message in sent.items():
        found = parse(json.dumps(message))
        assert found is not None and (found.kind, found.instance_ids, found.at) == (kind, (INSTANCE,), AT)


@pytest.mark.asyncio(loop_scope="session")
async def test_an_interruption_comes_through_the_queue_until_it_is_acknowledged(lab: Ec2Lab) -> None:
    provider = provider_of(lab, queue=lab.queue_name)
    resolved = await ready_node_class(provider)
    launched = await provider.create(claim(("m5.large",), ("spot",)), resolved)
    sqs = await provider.clients.get("sqs")
    await sqs.purge_queue(QueueUrl=lab.queue_url)
    await sqs.send_message(QueueUrl=lab.queue_url, MessageBody="somebody else's")
    await lab.interrupt(launched.instance_id)
    interruptions = provider.interruptions()
    message = await anext(interruptions)
    assert (message.kind, message.instance_ids) == ("spot_interrupted", (launched.instance_id,))
    assert message.deadline is not None and message.disrupts
    assert message.claims == {launched.instance_id: launched.claim}, "also before that is written anywhere"
    await provider.acknowledge(message)
    attributes = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = await sqs.get_queue_attributes(QueueUrl=lab.queue_url, AttributeNames=attributes)
    assert set(left["Attributes"].values()) == {"0"}, "what was read is deleted, what nobody knows as well"
    with pytest.raises(CloudError, match="did not delete a message"):
        await provider.acknowledge(replace(message, receipt="no receipt at all"))
    # Where spot was interrupted, spot is short.
    catalogue = await provider.instance_types(resolved)
    offerings = next(entry for entry in catalogue.types if entry.name == "m5.large").offerings
    assert [(o.zone, o.capacity_type) for o in offerings if not o.available] == [(launched.zone, "spot")]
    await provider.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_new_process_knows_for_which_claim_an_interrupted_instance_was_launched(lab: Ec2Lab) -> None:
    before = provider_of(lab, queue=lab.queue_name)
    launched = await before.create(claim(("m5.large",), ("spot",)), await ready_node_class(before))
    await before.close()
    provider = provider_of(lab, queue=lab.queue_name)
    await lab.interrupt(launched.instance_id)
    known: dict[str, str] = {}
    async for message in provider.interruptions():
        await provider.acknowledge(message)
        known |= message.claims
        if launched.instance_id in message.instance_ids:  # not another test's
            break
    assert known.get(launched.instance_id) == launched.claim
    await provider.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_queue_that_is_not_there_is_named(lab: Ec2Lab) -> None:
    provider = provider_of(lab, queue="nobody")
    with pytest.raises(NotFound, match="there is no SQS queue"):
        await anext(provider.interruptions())
    await provider.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_an_event_that_ec2_has_scheduled_comes_without_a_queue(lab: Ec2Lab) -> None:
    provider = provider_of(lab)
    ec2 = await provider.clients.get("ec2")
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    planned = {"Code": "instance-retirement", "Description": "scheduled for retirement", "NotBefore": at}

    def answer(**_: Any) -> tuple[Any, dict[str, Any]]:  # moto has no scheduled events: what comes back is replaced
        body = {"InstanceStatuses": [{"InstanceId": INSTANCE, "Events": [planned]}]}
        return AWSResponse("", 200, {}, b""), body

    ec2.meta.events.register("before-call.ec2.DescribeInstanceStatus", answer)
    async with aclosing(provider.interruptions()) as interruptions:
        message = await anext(interruptions)
    assert (message.kind, message.instance_ids, message.deadline) == ("scheduled_change", (INSTANCE,), at.timestamp())
    assert message.disrupts and not message.forceful
    await provider.close()


def _impaired(check: str, since: float, name: str = "reachability") -> dict[str, Any]:
    detail = {"Name": name, "Status": "failed", "ImpairedSince": datetime.fromtimestamp(AT - since, UTC)}
    return {"InstanceId": INSTANCE, check: {"Status": "impaired", "Details": [detail]}}


@pytest.mark.parametrize("check", ["InstanceStatus", "SystemStatus"])
def test_an_instance_whose_checks_fail_for_two_minutes_goes_without_a_drain(check: str) -> None:
    assert interruption_of(_impaired(check, 119.0), AT) is None
    found = interruption_of(_impaired(check, 120.0), AT)
    assert found is not None and (found.kind, found.instance_ids) == ("instance_unhealthy", (INSTANCE,))
    assert found.disrupts and found.forceful


@pytest.mark.parametrize(
    "status",
    [
        {"InstanceId": INSTANCE, "InstanceStatus": {"Status": "ok"}, "SystemStatus": {"Status": "ok"}},
        _impaired("AttachedEbsStatus", 3600.0),
        {"InstanceId": INSTANCE, "Events": [{"Code": "system-reboot", "Description": "[Completed] scheduled reboot"}]},
        {"InstanceId": INSTANCE, "Events": [{"Code": "instance-stop", "Description": "[Canceled] is to be stopped"}]},
    ],
)
def test_what_is_healthy_or_lies_behind_disrupts_nothing(status: dict[str, Any]) -> None:
    assert interruption_of(status, AT) is None
