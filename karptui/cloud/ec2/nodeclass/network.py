"""Subnets and security groups of a NodeClass, found by id, tag or name."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.ec2.unavailable import UnavailableOfferings


class Subnet(Struct, frozen=True):
    """A subnet; `free` is how many addresses EC2 last said it has."""

    id: str
    zone: str
    zone_id: str
    free: int


class SecurityGroup(Struct, frozen=True):
    """A security group."""

    id: str
    name: str


def filters_of(terms: Iterable[Mapping[str, Any]], id_filter: str) -> list[list[dict[str, Any]]]:
    """The describe calls for selector terms: all ids in one, all names in one, one for each set of tags."""
    ids: list[str] = []
    names: list[str] = []
    calls: list[list[dict[str, Any]]] = []
    for term in terms:
        if term.get("id"):
            ids.append(term["id"])
        elif term.get("name"):
            names.append(term["name"])
        elif term.get("tags"):
            calls.append([tag_filter(key, value) for key, value in sorted(term["tags"].items())])
    if ids:
        calls.append([{"Name": id_filter, "Values": ids}])
    if names:
        calls.append([{"Name": "group-name", "Values": names}])
    return calls


def tag_filter(key: str, value: str) -> dict[str, Any]:
    """The filter for a tag of a selector term; "*" stands for any value."""
    if value in ("", "*"):
        return {"Name": "tag-key", "Values": [key]}
    return {"Name": f"tag:{key}", "Values": [value]}


async def find_subnets(ec2: Any, terms: Iterable[Mapping[str, Any]]) -> tuple[Subnet, ...]:
    """Subnets that any term selects, those with most free addresses first, then by id."""
    found: dict[str, Subnet] = {}
    for filters in filters_of(terms, "subnet-id"):
        with calling("ec2", "DescribeSubnets"):
            async for page in ec2.get_paginator("describe_subnets").paginate(Filters=filters):
                for entry in page["Subnets"]:
                    found[entry["SubnetId"]] = Subnet(
                        entry["SubnetId"],
                        entry["AvailabilityZone"],
                        entry.get("AvailabilityZoneId", ""),
                        entry.get("AvailableIpAddressCount", 0),
                    )
    return tuple(sorted(found.values(), key=lambda subnet: (-subnet.free, subnet.id)))


async def find_security_groups(ec2: Any, terms: Iterable[Mapping[str, Any]]) -> tuple[SecurityGroup, ...]:
    """Security groups that any term selects, by id."""
    found: dict[str, SecurityGroup] = {}
    for filters in filters_of(terms, "group-id"):
        with calling("ec2", "DescribeSecurityGroups"):
            async for page in ec2.get_paginator("describe_security_groups").paginate(Filters=filters):
                for entry in page["SecurityGroups"]:
                    found[entry["GroupId"]] = SecurityGroup(entry["GroupId"], entry.get("GroupName", ""))
    return tuple(sorted(found.values(), key=lambda group: group.id))


class FreeAddresses:
    """Free addresses of subnets: what EC2 last said, less what launches since then will take."""

    def __init__(self) -> None:
        self._free: dict[str, int] = {}

    def described(self, subnets: Iterable[Subnet]) -> None:
        """EC2's own count replaces the estimate."""
        self._free.update({subnet.id: subnet.free for subnet in subnets})

    def choose(
        self, subnets: Iterable[Mapping[str, Any]], unavailable: UnavailableOfferings
    ) -> dict[str, Mapping[str, Any]]:
        """Zone → the subnet of the status with most free addresses; exhausted ones are passed over."""
        chosen: dict[str, Mapping[str, Any]] = {}
        for subnet in subnets:
            if unavailable.has_subnet(subnet["id"]):
                continue
            best = chosen.get(subnet["zone"])
            if best is None or self._free.get(subnet["id"], 0) > self._free.get(best["id"], 0):
                chosen[subnet["zone"]] = subnet
        return chosen

    def take(self, subnet: str, addresses: int) -> None:
        """An instance with so many pods may come to the subnet."""
        if subnet in self._free:
            self._free[subnet] -= addresses

    def give_back(self, subnet: str, addresses: int) -> None:
        """It went elsewhere."""
        if subnet in self._free:
            self._free[subnet] += addresses
