"""What EC2 and AWS Health tell a queue through EventBridge, in their own shape."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

ACCOUNT = "123456789012"

SPOT_INTERRUPTION = "EC2 Spot Instance Interruption Warning"
REBALANCE = "EC2 Instance Rebalance Recommendation"
STATE_CHANGE = "EC2 Instance State-change Notification"
HEALTH = "AWS Health Event"


def spot_interruption(region: str, instance_id: str, at: float) -> dict[str, Any]:
    """Two minutes' notice. `at` is epoch seconds in all of these."""
    detail = {"instance-id": instance_id, "instance-action": "terminate"}
    return _event(region, "aws.ec2", SPOT_INTERRUPTION, at, detail, [_arn(region, instance_id)])


def rebalance(region: str, instance_id: str, at: float) -> dict[str, Any]:
    """The instance may be interrupted soon."""
    return _event(region, "aws.ec2", REBALANCE, at, {"instance-id": instance_id}, [_arn(region, instance_id)])


def state_change(region: str, instance_id: str, state: str, at: float) -> dict[str, Any]:
    """The instance entered a state."""
    detail = {"instance-id": instance_id, "state": state}
    return _event(region, "aws.ec2", STATE_CHANGE, at, detail, [_arn(region, instance_id)])


def scheduled_change(region: str, instance_id: str, at: float) -> dict[str, Any]:
    """AWS will retire the machine under the instance."""
    detail = {
        "service": "EC2",
        "eventTypeCategory": "scheduledChange",
        "eventTypeCode": "AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED",
        "affectedEntities": [{"entityValue": instance_id}],
    }
    return _event(region, "aws.health", HEALTH, at, detail, [_arn(region, instance_id)])


def _arn(region: str, instance_id: str) -> str:
    return f"arn:aws:ec2:{region}:{ACCOUNT}:instance/{instance_id}"


def _event(
    region: str, source: str, detail_type: str, at: float, detail: dict[str, Any], resources: list[str]
) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": resources,
        "detail": detail,
    }
