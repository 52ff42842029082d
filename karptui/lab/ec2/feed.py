"""The lab's EC2 instances for the lab's cluster: machines that boot, run kubelets and go."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from karptui.cloud.catalogue import region_of, shipped_price
from karptui.cloud.ec2.instance_type.facts import EFA, shipped_facts
from karptui.cloud.ec2.instance_type.instance_types import NodeClassShape, resolve
from karptui.lab.cluster.instances import Instance
from karptui.lab.ec2.node_config import KubeletTold, kubelet_told
from karptui.lab.ec2.process import Ec2LabError
from karptui.model.instance_type import InstanceType
from karptui.model.resources import format_resources

HELD_SECONDS = 30.0
"""Longer than the server holds a question for a new picture."""


class Ec2Instances:
    """Pictures of all instances of the EC2 server at `endpoint`; an `InstanceFeed` of the lab's cluster."""

    def __init__(self, endpoint: str, region: str) -> None:
        self._endpoint = endpoint
        self._facts = {entry.name: entry for entry in shipped_facts()}
        self._region = region_of(region)
        self._read: dict[str, KubeletTold] = {}
        self._types: dict[tuple[str, str], InstanceType] = {}

    async def pictures(self) -> AsyncGenerator[Sequence[Instance], None]:
        """One at once, another after every change. Raises Ec2LabError when the server does not answer."""
        import aiohttp

        seen = -1
        timeout = aiohttp.ClientTimeout(total=HELD_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                try:
                    async with session.post(f"{self._endpoint}/lab/instances", json={"after": seen}) as response:
                        answer: dict[str, Any] = await response.json()
                except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
                    raise Ec2LabError(f"the lab's EC2 does not answer on {self._endpoint}: {problem}") from problem
                if answer["picture"] != seen:
                    seen = answer["picture"]
                    yield [self._instance(entry) for entry in answer["instances"]]

    def _instance(self, entry: dict[str, Any]) -> Instance:
        told = self._told(entry["id"], entry["user_data"])
        instance_type = self._type(entry["instance_type"], told)
        capacity = format_resources(instance_type.capacity) if instance_type else {}
        allocatable = format_resources(instance_type.allocatable) if instance_type else {}
        # The device plugin for EFA is not part of a cluster by itself.
        for amounts in (capacity, allocatable):
            amounts.pop(EFA, None)
        return Instance(
            id=entry["id"],
            zone=entry["zone"],
            instance_type=entry["instance_type"],
            private_dns_name=entry["private_dns_name"],
            capacity=capacity,
            allocatable=allocatable,
            state=entry["state"],
            launched=entry["launched"],
            private_ip=entry["private_ip"] or "",
            zone_id=self._region.zone_ids.get(entry["zone"], ""),
            architecture="arm64" if entry["architecture"] == "arm64" else "amd64",
            labels=told.labels,
            taints=told.taints,
            karpenter=told.karpenter,
        )

    def _told(self, instance_id: str, user_data: str) -> KubeletTold:
        told = self._read.get(instance_id)
        if told is None:
            told = self._read[instance_id] = kubelet_told(user_data)
        return told

    def _type(self, name: str, told: KubeletTold) -> InstanceType | None:
        """The type as the kubelet's configuration makes it: maxPods and reservations."""
        facts = self._facts.get(name)
        if facts is None:
            return None
        key = (name, repr(sorted(told.config.items(), key=lambda item: item[0])))
        if key not in self._types:
            shape = NodeClassShape("AL2023", {"kubelet": dict(told.config)})
            self._types[key] = resolve([facts], self._region, shipped_price(), shape)[0]
        return self._types[key]
