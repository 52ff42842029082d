"""Which capacity pool a fleet takes its instance from, and which pools are empty.

A pool is (capacity type, instance type, zone), as in EC2. moto takes the first override and never refuses.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from karptui.cloud.ec2.pricing.prices import chance

DEPTH_WEIGHT = 0.3
"""How much the shallowest pool's price is raised before price-capacity-optimized compares prices (our own figure:
EC2 does not publish its own)."""

Price = Callable[[str, str, str], float | None]
"""(capacity type, instance type, zone) → USD an hour, None where there is no price."""


@dataclass
class Shortage:
    """Pools that refuse: those that match every member that is not None, once `left` more instances were taken."""

    instance_type: str | None
    zone: str | None
    capacity_type: str | None
    left: int
    code: str
    message: str

    def covers(self, capacity_type: str, instance_type: str, zone: str) -> bool:
        """Whether the pool is one of these."""
        return (
            self.instance_type in (None, instance_type)
            and self.zone in (None, zone)
            and self.capacity_type in (None, capacity_type)
        )


class Pools:
    """The lab's capacity pools. Every pool is full until a shortage is set."""

    def __init__(self, price: Price, seed: str) -> None:
        self._price = price
        self._seed = seed
        self._shortages: list[Shortage] = []

    def set(self, shortage: Shortage) -> None:
        """Add a shortage; it replaces one for the same pools."""
        self.clear(shortage.instance_type, shortage.zone, shortage.capacity_type)
        self._shortages.append(shortage)

    def clear(self, instance_type: str | None, zone: str | None, capacity_type: str | None) -> None:
        """End the shortages of exactly these pools; with three times None all of them."""
        wanted = (instance_type, zone, capacity_type)
        self._shortages = [
            shortage
            for shortage in self._shortages
            if wanted not in ((None, None, None), (shortage.instance_type, shortage.zone, shortage.capacity_type))
        ]

    def choose(
        self, overrides: Iterable[dict[str, Any]], capacity_type: str, strategy: str
    ) -> tuple[dict[str, Any] | None, list[tuple[dict[str, Any], Shortage]]]:
        """The override whose pool gives the instance, and those that were tried before it, each with its refusal."""
        refused: list[tuple[dict[str, Any], Shortage]] = []
        for override in sorted(overrides, key=lambda override: self._rank(override, capacity_type, strategy)):
            shortage = self._shortage(capacity_type, override["InstanceType"], override["AvailabilityZone"])
            if shortage is None:
                return override, refused
            if shortage.left > 0:
                shortage.left -= 1
                return override, refused
            refused.append((override, shortage))
        return None, refused

    def _shortage(self, capacity_type: str, instance_type: str, zone: str) -> Shortage | None:
        matching = [shortage for shortage in self._shortages if shortage.covers(capacity_type, instance_type, zone)]
        return min(matching, key=lambda shortage: shortage.left, default=None)

    def _rank(self, override: dict[str, Any], capacity_type: str, strategy: str) -> tuple[float, str, str]:
        instance_type, zone = override["InstanceType"], override["AvailabilityZone"]
        if strategy in ("prioritized", "capacity-optimized-prioritized"):
            return float(override.get("Priority", float("inf"))), instance_type, zone
        price = self._price(capacity_type, instance_type, zone)
        if price is None:
            price = float("inf")
        if strategy == "price-capacity-optimized":
            price *= 1 + DEPTH_WEIGHT * chance(self._seed, "depth", instance_type, zone)
        return price, instance_type, zone
