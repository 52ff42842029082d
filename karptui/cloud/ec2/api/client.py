"""AWS clients: one a service for the life of the provider, made when first needed."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.api.errors import translate
from karptui.cloud.ec2.api.form import Forms
from karptui.cloud.ec2.api.newer_model import complete
from karptui.cloud.provider import CloudError

CONNECT_SECONDS, READ_SECONDS, RETRIES = 3, 20, 3
"""Defaults of botocore are 60 s each and would hold a controller up for minutes."""

AT_ONCE = 200
"""Calls in flight to a service: the launches of a large batch shall not wait for each other's answers."""

LONG_POLL_SECONDS = 20
"""How long SQS holds an empty ReceiveMessage, its maximum."""


class Account(Struct, frozen=True):
    """Where and as whom to call AWS. Without keys the usual chain is asked (environment, profile, pod identity)."""

    region: str
    endpoint_url: str | None = None
    profile: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None


class AwsClients:
    """The clients of one account and region. Raises CloudError where a client cannot be made."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._stack = AsyncExitStack()
        self._lock = asyncio.Lock()
        self._session: Any = None
        self._clients: dict[str, Any] = {}
        self._closed = False

    async def get(self, service: str) -> Any:
        """The client of a service: ec2, sqs, ssm, iam, eks, pricing."""
        if service in self._clients:
            return self._clients[service]
        async with self._lock:
            if self._closed:
                raise CloudError(f"{service} is not asked any more: this end of the connection is closed")
            if service not in self._clients:
                try:
                    client = await self._stack.enter_async_context(await self._make(service))
                except Exception as problem:
                    raise translate(problem, service, "client") from problem
                if service == "ec2":
                    Forms().register(client.meta.events)
                self._clients[service] = client
            return self._clients[service]

    async def regions(self) -> set[str]:
        """Regions in which the SDK knows EC2, in every partition of AWS."""
        return await asyncio.get_running_loop().run_in_executor(None, _regions)

    async def close(self) -> None:
        """Close every client for good: whoever still wants one gets a CloudError instead of a connection left open."""
        async with self._lock:
            self._closed = True
            self._clients.clear()
            await self._stack.aclose()

    async def _make(self, service: str) -> Any:
        # Half a second of imports and JSON models: not on the loop that draws the screen.
        return await asyncio.get_running_loop().run_in_executor(None, self._client, service)

    def _client(self, service: str) -> Any:
        import aioboto3
        from aiobotocore.config import AioConfig

        if service == "ec2":
            complete(_models().load_service_model("ec2", "service-2"))
        if self._session is None:
            self._session = aioboto3.Session(
                botocore_session=_core_session(),
                region_name=self.account.region,
                profile_name=self.account.profile,
                aws_access_key_id=self.account.access_key_id,
                aws_secret_access_key=self.account.secret_access_key,
            )
        # A long poll answers only after its wait.
        read = READ_SECONDS + (LONG_POLL_SECONDS if service == "sqs" else 0)
        config = AioConfig(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=read,
            max_pool_connections=AT_ONCE,
            # A third of what a CreateFleet of 60 types costs; EC2 itself says what is wrong with a request.
            parameter_validation=service != "ec2",
            retries={"mode": "standard", "max_attempts": RETRIES},
            user_agent_extra="karptui",
        )
        # These answer for every region from one of their own.
        region = pricing_region(self.account.region) if service == "pricing" else None
        if service == "savingsplans":
            region = "cn-northwest-1" if self.account.region.startswith("cn-") else "us-east-1"
        url = self.account.endpoint_url
        # Without TLS there is nothing to verify, and reading the certificates holds the loop up for 0.1 s a client.
        verify = False if url is not None and url.startswith("http://") else None
        return self._session.client(service, region_name=region, endpoint_url=url, verify=verify, config=config)


def _regions() -> set[str]:
    from botocore.session import Session

    session = Session()
    session.register_component("data_loader", _models())
    found = (session.get_available_regions("ec2", partition) for partition in session.get_available_partitions())
    return {region for regions in found for region in regions}


def _core_session() -> Any:
    """A session that shares what it reads of the services' models with all others: EC2's takes 0.3 s to read."""
    from aiobotocore.session import AioSession

    session = AioSession()
    session.register_component("data_loader", _models())
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_time)
    return session


def _time(value: Any) -> Any:
    """Read ISO times, which EC2 answers with, without guessing their form: a third of what a long answer costs."""
    from botocore.utils import parse_timestamp

    if isinstance(value, str) and value[4:5] == "-":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    return parse_timestamp(value)


@cache
def _models() -> Any:
    from botocore.loaders import create_loader
    from botocore.session import Session

    return create_loader(Session().get_config_variable("data_path"))


def prepare(services: Iterable[str]) -> None:
    """Import the SDK and read the models of services ahead of the first client. Call in a thread: half a second."""
    import_module("aioboto3")
    for service in services:
        for kind in ("service-2", "endpoint-rule-set-1"):
            _models().load_service_model(service, kind)


def pricing_region(region: str) -> str:
    """Where the Pricing API answers for a region; "" where there is none (GovCloud)."""
    if region.startswith("us-gov-"):
        return ""
    for prefix, found in (("ap-", "ap-south-1"), ("cn-", "cn-northwest-1"), ("eu-", "eu-central-1")):
        if region.startswith(prefix):
            return found
    return "us-east-1"
