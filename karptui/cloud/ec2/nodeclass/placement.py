"""The placement group of a NodeClass."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.provider import CloudError


class PlacementGroup(Struct, frozen=True):
    """A group; `partitions` is 0 unless its strategy is partition."""

    id: str
    strategy: str
    partitions: int = 0


async def find_placement_group(ec2: Any, selector: Mapping[str, Any]) -> PlacementGroup | None:
    """The available group that the selector names, None if there is none. Raises CloudError."""
    asked: dict[str, Any] = {"GroupIds": [selector["id"]]} if selector.get("id") else {"GroupNames": [selector["name"]]}
    try:
        with calling("ec2", "DescribePlacementGroups"):
            groups = (await ec2.describe_placement_groups(**asked))["PlacementGroups"]
    except CloudError as problem:
        if "InvalidPlacementGroup" in str(problem):
            return None
        raise
    usable = [group for group in groups if group.get("State", "available") == "available"]
    if not usable:
        return None
    group = usable[0]
    partitions = group.get("PartitionCount", 0) if group["Strategy"] == "partition" else 0
    return PlacementGroup(group["GroupId"], group["Strategy"], partitions)
