"""Capacity reservations of a NodeClass: which there are, and how many places are free in each."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.ec2.nodeclass.network import tag_filter

EXPIRING_SECONDS = 40 * 60.0
"""A capacity block is given up so long before its end; EC2 reclaims it half an hour before."""

DEFAULT, BLOCK = "default", "capacity-block"


class Reservation(Struct, frozen=True):
    """One reservation as the NodeClass' status has it. `end` is epoch seconds, None for without end."""

    id: str
    instance_type: str
    zone: str
    owner: str
    criteria: str
    kind: str = DEFAULT
    interruptible: bool = False
    state: str = "active"
    end: float | None = None
    free: int = 0

    def to_status(self) -> dict[str, Any]:
        """As the status has it; how many places are free changes too often to be written there."""
        entry: dict[str, Any] = {
            "availabilityZone": self.zone,
            "id": self.id,
            "instanceMatchCriteria": self.criteria,
            "instanceType": self.instance_type,
            "ownerID": self.owner,
            "reservationType": self.kind,
            "interruptible": self.interruptible,
            "state": self.state,
        }
        if self.end is not None:
            entry["endTime"] = datetime.fromtimestamp(self.end, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return entry


def from_status(entries: Iterable[Mapping[str, Any]]) -> tuple[Reservation, ...]:
    """The reservations that a NodeClass' status lists."""
    return tuple(
        Reservation(
            entry["id"],
            entry["instanceType"],
            entry["availabilityZone"],
            entry.get("ownerID", ""),
            entry.get("instanceMatchCriteria", ""),
            entry.get("reservationType") or DEFAULT,
            bool(entry.get("interruptible")),
            entry.get("state") or "active",
        )
        for entry in entries
    )


async def find_reservations(ec2: Any, terms: Iterable[Mapping[str, Any]], now: float) -> tuple[Reservation, ...]:
    """Active reservations that any term selects, by id. Raises CloudError."""
    found: dict[str, Reservation] = {}
    for asked in _calls(terms):
        with calling("ec2", "DescribeCapacityReservations"):
            async for page in ec2.get_paginator("describe_capacity_reservations").paginate(**asked):
                for entry in page["CapacityReservations"]:
                    reservation = _reservation(entry, now)
                    if reservation.end is None or reservation.end > now:
                        found[reservation.id] = reservation
    return tuple(found[key] for key in sorted(found))


def _calls(terms: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    active = {"Name": "state", "Values": ["active"]}
    ids: list[str] = []
    calls: list[dict[str, Any]] = []
    for term in terms:
        if term.get("id"):
            ids.append(term["id"])
            continue
        filters = [tag_filter(key, value) for key, value in sorted((term.get("tags") or {}).items())]
        for member, name in (("ownerID", "owner-id"), ("instanceMatchCriteria", "instance-match-criteria")):
            if term.get(member):
                filters.append({"Name": name, "Values": [term[member]]})
        calls.append({"Filters": [*filters, active]})
    if ids:
        calls.append({"Filters": [active], "CapacityReservationIds": sorted(ids)})
    return calls


def _reservation(entry: Mapping[str, Any], now: float) -> Reservation:
    end = _seconds(entry.get("EndDate"))
    kind = entry.get("ReservationType") or DEFAULT
    expiring = kind == BLOCK and end is not None and end - EXPIRING_SECONDS <= now
    return Reservation(
        entry["CapacityReservationId"],
        entry["InstanceType"],
        entry["AvailabilityZone"],
        entry.get("OwnerId", ""),
        entry.get("InstanceMatchCriteria", ""),
        kind,
        bool(entry.get("Interruptible")),
        "expiring" if expiring else "active",
        end,
        entry.get("AvailableInstanceCount", 0),
    )


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.timestamp()
    return datetime.fromisoformat(str(value).replace("Z", "+00:00")).timestamp()


class FreePlaces:
    """How many places each reservation has, by EC2's last word and our launches since. `now` gives epoch seconds.

    `version` rises with every change.
    """

    TOLD_EVERY = 60.0

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._free: dict[str, int] = {}
        self._told: dict[str, float] = {}
        self.version = 0

    def described(self, reservations: Iterable[Reservation]) -> None:
        """EC2's own counts, taken over at most once a minute: they lag behind launches."""
        now = self._now()
        for reservation in reservations:
            if now - self._told.get(reservation.id, float("-inf")) >= self.TOLD_EVERY:
                self._told[reservation.id] = now
                self._set(reservation.id, reservation.free)

    def of(self, reservation: str) -> int:
        """Free places; none where nothing is known."""
        return self._free.get(reservation, 0)

    def knows(self, reservation: str) -> bool:
        """Whether EC2 was ever asked about it."""
        return reservation in self._free

    def take(self, reservation: str) -> None:
        """An instance was launched into it."""
        self._set(reservation, max(0, self.of(reservation) - 1))

    def exhaust(self, reservation: str) -> None:
        """EC2 said that it is full."""
        self._set(reservation, 0)

    def _set(self, reservation: str, free: int) -> None:
        if self._free.get(reservation) != free:
            self._free[reservation] = free
            self.version += 1
