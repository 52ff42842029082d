"""What lately had no capacity: remembered for three minutes, so that the next launch goes elsewhere."""

from collections.abc import Callable

TTL = 180.0
"""Seconds; Karpenter's own figure."""

_ANY = "*"

Pool = tuple[str, str, str, str, str]
"""Capacity type, type, zone; and where it was asked for in a placement group: its id, and the partition if one was."""


class UnavailableOfferings:
    """Empty pools (capacity type, type, zone), exhausted subnets and a capacity type that cannot be bought at all.

    What a placement group has no room for is empty in that group alone; where a partition was asked for, in that one.
    `version` changes whenever something was marked or ran out; `now` gives epoch seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until: dict[Pool, float] = {}
        self._subnets: dict[str, float] = {}
        self._version = 0

    @property
    def version(self) -> int:
        """Rises with every change; asking forgets what has run out."""
        now = self._now()
        before = len(self._until) + len(self._subnets)
        self._until = {pool: until for pool, until in self._until.items() if until > now}
        self._subnets = {subnet: until for subnet, until in self._subnets.items() if until > now}
        self._version += before - len(self._until) - len(self._subnets)
        return self._version

    def mark(
        self, capacity_type: str, instance_type: str, zone: str, group: str = "", partition: int | None = None
    ) -> None:
        """A pool had no capacity; the three minutes start again."""
        place = "" if partition is None else str(partition)
        self._until[(capacity_type, instance_type, zone, group, place)] = self._now() + TTL
        self._version += 1

    def mark_capacity_type(self, capacity_type: str) -> None:
        """A capacity type cannot be bought at all."""
        self.mark(capacity_type, _ANY, _ANY)

    def mark_subnet(self, subnet: str) -> None:
        """A subnet has no free addresses."""
        self._subnets[subnet] = self._now() + TTL
        self._version += 1

    def has_pool(self, capacity_type: str, instance_type: str, zone: str, group: str = "") -> bool:
        """Whether a pool is marked, itself, in the placement group, or by its capacity type."""
        now = self._now()
        pool = (capacity_type, instance_type, zone)
        keys: tuple[Pool, ...] = ((*pool, "", ""), (*pool, group, ""), (capacity_type, _ANY, _ANY, "", ""))
        return any(self._until.get(key, 0.0) > now for key in keys)

    def has_partition(self, capacity_type: str, instance_type: str, zone: str, group: str, partition: str) -> bool:
        """Whether a pool is marked in one partition of a placement group."""
        return self._until.get((capacity_type, instance_type, zone, group, partition), 0.0) > self._now()

    def has_subnet(self, subnet: str) -> bool:
        """Whether a subnet is marked."""
        return self._subnets.get(subnet, 0.0) > self._now()

    def short_types(self) -> frozenset[str]:
        """Instance types with a marked pool; "*" stands for all of them."""
        return frozenset(instance_type for _, instance_type, *_ in self._until)
