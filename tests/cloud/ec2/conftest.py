"""The lab's EC2 for the provider's tests: a server of its own, spoken to over HTTP like the real one."""

import os
from collections.abc import AsyncIterator

import pytest_asyncio

from karptui.cloud.ec2.provider import Ec2Provider
from karptui.lab.ec2 import Ec2Lab, start_ec2
from tests.cloud.ec2.cluster import Clock, provider_of
from tests.control.faulty_aws import FaultyAws

# Without this a client that finds no credentials asks the instance metadata service, and waits for it.
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_lab() -> AsyncIterator[Ec2Lab]:
    lab = await start_ec2()
    yield lab
    await lab.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def lab(running_lab: Ec2Lab) -> AsyncIterator[Ec2Lab]:
    """The server with every pool full."""
    yield running_lab
    await running_lab.set_capacity(left=None)
    await running_lab.fail("CreateFleet", "", "", times=0)


@pytest_asyncio.fixture(loop_scope="session")
async def aws(lab: Ec2Lab) -> AsyncIterator[FaultyAws]:
    """The same behind a proxy that makes faults."""
    async with FaultyAws(lab.endpoint).serve() as aws:
        yield aws


@pytest_asyncio.fixture(loop_scope="session")
async def provider(lab: Ec2Lab, aws: FaultyAws) -> AsyncIterator[Ec2Provider]:
    """The provider, through that proxy."""
    provider = provider_of(lab, Clock(), endpoint=aws.url)
    yield provider
    await provider.close()
