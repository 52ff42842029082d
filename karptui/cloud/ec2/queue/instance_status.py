"""What EC2 says of the instances' own status: failed checks and events that it has scheduled (spec/aws.md 5)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from karptui.cloud.ec2.api.client import AwsClients
from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.ec2.queue.interruption import SCHEDULED_CHANGE, UNHEALTHY
from karptui.cloud.provider import Interruption, Throttled, Unauthorized, Unreachable

EVERY_SECONDS = 60.0
IMPAIRED_SECONDS = 120.0
"""How long a check must have failed: many failures mend themselves."""

EVENT_CODES = ("instance-reboot", "system-reboot", "system-maintenance", "instance-retirement", "instance-stop")
_FILTERS = (
    ("instance-status.status", ("impaired",)),
    ("system-status.status", ("impaired",)),
    ("event.code", EVENT_CODES),
)
_OVER = ("[Completed]", "[Canceled]")
"""How EC2 begins the description of an event that lies behind."""


class InstanceStatus:
    """Looks once a minute for as long as its messages are read; each finding is told again until it is gone.

    Without the right to look it says so once and looks no more. `now` gives epoch seconds.
    """

    def __init__(self, clients: AwsClients, now: Callable[[], float]) -> None:
        self._clients = clients
        self._now = now
        self._refused = False

    async def messages(self) -> AsyncIterator[Interruption]:
        """Instances that fail their checks or have an event scheduled, until cancelled. Raises CloudError."""
        while True:
            found: list[Interruption] = []
            try:
                if not self._refused:
                    found = await self.look()
            except (Throttled, Unreachable):
                pass  # what is so now will be so in a minute
            except Unauthorized:
                self._refused = True
                raise
            for message in found:
                yield message
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> list[Interruption]:
        """One look. Raises CloudError."""
        ec2 = await self._clients.get("ec2")
        statuses: dict[str, dict[str, Any]] = {}
        for name, values in _FILTERS:
            asked = [{"Name": name, "Values": list(values)}]
            with calling("ec2", "DescribeInstanceStatus"):
                async for page in ec2.get_paginator("describe_instance_status").paginate(Filters=asked):
                    statuses |= {entry["InstanceId"]: entry for entry in page["InstanceStatuses"]}
        # Not every simulator heeds the filters, so each answer is looked at.
        return [message for entry in statuses.values() if (message := interruption_of(entry, self._now()))]


def interruption_of(status: dict[str, Any], now: float) -> Interruption | None:
    """What one entry of DescribeInstanceStatus means for its instance; None: nothing. EBS checks do not count."""
    instance = (str(status["InstanceId"]),)
    since = [
        _seconds(detail.get("ImpairedSince"), now)
        for check in ("InstanceStatus", "SystemStatus")
        if (found := status.get(check) or {}).get("Status") == "impaired"
        for detail in found.get("Details") or ()
        if detail.get("Status") == "failed"
    ]
    if since and now - min(since) >= IMPAIRED_SECONDS:
        return Interruption(UNHEALTHY, instance, now, forceful=True)
    ahead = [
        event
        for event in status.get("Events") or ()
        if event.get("Code") in EVENT_CODES and not str(event.get("Description", "")).startswith(_OVER)
    ]
    if not ahead:
        return None
    starts = [_seconds(event["NotBefore"], now) for event in ahead if event.get("NotBefore")]
    return Interruption(SCHEDULED_CHANGE, instance, now, min(starts, default=None))


def _seconds(at: Any, otherwise: float) -> float:
    return at.timestamp() if isinstance(at, datetime) else otherwise
