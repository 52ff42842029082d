"""Ending instances."""

from typing import Any

from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.ec2.instance.describe import describe_by_id
from karptui.cloud.provider import CloudError


async def terminate(ec2: Any, instance_ids: list[str]) -> dict[str, str | CloudError]:
    """Ask for the end of instances, once: one that is shutting down is left alone. The answer has the
    state in which each was, or the error that concerns it alone; those that have ended are not in it."""
    found = await describe_by_id(ec2, instance_ids)
    answer: dict[str, str | CloudError] = {name: entry["State"]["Name"] for name, entry in found.items()}
    alive = [name for name, state in answer.items() if state != "shutting-down"]
    try:
        await _terminate(ec2, alive)
    except CloudError:
        # EC2 refuses all for one that is protected or has just gone.
        for name in alive:
            try:
                await _terminate(ec2, [name])
            except CloudError as problem:
                answer[name] = problem
    return answer


async def _terminate(ec2: Any, instance_ids: list[str]) -> None:
    if instance_ids:
        with calling("ec2", "TerminateInstances"):
            await ec2.terminate_instances(InstanceIds=instance_ids)
