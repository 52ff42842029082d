"""Whether an account can be worked with at all, asked once before anything is done with it (spec/aws.md 6.1)."""

from karptui.cloud.ec2.api.client import AwsClients
from karptui.cloud.ec2.api.errors import calling, code_of
from karptui.cloud.ec2.queue.interruption import queue_url
from karptui.cloud.provider import CloudError, Throttled, Unreachable

_PASSED = "DryRunOperation"
_ANY_TYPE = "m5.large"


async def check_account(clients: AwsClients, queue: str) -> None:
    """Credentials, region and network; and the queue, where one is named. Raises CloudError that says what to do."""
    try:
        await _describe(clients)
        if queue:
            await queue_url(clients, queue)
    except Throttled:
        return  # they are known there
    except Unreachable as problem:
        region = clients.account.region
        if clients.account.endpoint_url is None and region not in await clients.regions():
            raise Unreachable(f"{problem} karptui knows no AWS region {region}: see --region") from problem
        raise


async def _describe(clients: AwsClients) -> None:
    ec2 = await clients.get("ec2")
    try:
        with calling("ec2", "DescribeInstanceTypes"):
            await ec2.describe_instance_types(DryRun=True, InstanceTypes=[_ANY_TYPE])
    except CloudError as problem:
        if problem.__cause__ is None or code_of(problem.__cause__) != _PASSED:
            raise
