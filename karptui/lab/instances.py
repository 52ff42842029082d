"""The lab's EC2 as its kubelets see it: which instances exist, asked every now and then."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import aiohttp

from karptui.cloud.catalogue import shipped
from karptui.lab.cluster.instances import Instance
from karptui.model.instance_type import InstanceType
from karptui.model.resources import format_resources

POLL_SECONDS = 0.25  # real seconds: an instance is seen well before a person would


class Ec2Instances:
    """Pictures of all instances, for `InstanceFeed`; capacity and labels come from the shipped catalogue."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._types: dict[str, InstanceType] = {}

    async def pictures(self) -> AsyncIterator[Sequence[Instance]]:
        """The first one at once, another one after every change."""
        before: list[dict[str, Any]] | None = None
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            while True:
                async with session.post(f"{self._endpoint}/lab/instances", json={}) as response:
                    found = (await response.json())["instances"]
                if found != before:
                    before = found
                    yield [self._instance(entry) for entry in found]
                await asyncio.sleep(POLL_SECONDS)

    def _instance(self, entry: Mapping[str, Any]) -> Instance:
        if not self._types:
            self._types = {type_.name: type_ for type_ in shipped().types}
        type_ = self._types[entry["type"]]
        architecture = type_.requirements.get("kubernetes.io/arch")
        return Instance(
            id=entry["id"],
            zone=entry["zone"],
            instance_type=entry["type"],
            private_dns_name=entry["private_dns"],
            private_ip=entry["private_ip"],
            capacity=format_resources(type_.capacity),
            allocatable=format_resources(type_.allocatable),
            state=entry["state"],
            launched=entry["launched"],
            architecture=architecture.any_value() if architecture else "amd64",
            karpenter="karpenter.sh/nodepool" in entry["tags"],
        )
