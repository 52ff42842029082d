"""Ending instances."""

from typing import Any

from karptui.cloud.ec2.describe import describe, instance_id_of
from karptui.cloud.ec2.errors import calling
from karptui.cloud.provider import NotFound


async def terminate(ec2: Any, provider_id: str) -> None:
    """Ask for an instance's end, once: one that is shutting down is left alone. Raises NotFound when it has ended."""
    instance_id = instance_id_of(provider_id)
    found = await describe(ec2, [], [instance_id])
    if not found:
        raise NotFound(f"instance {instance_id} has ended")
    if found[0]["State"]["Name"] == "shutting-down":
        return
    with calling("ec2", "TerminateInstances"):
        await ec2.terminate_instances(InstanceIds=[instance_id])
