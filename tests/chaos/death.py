"""Death at a numbered call: SIGKILL to this process, as it is about to call or as soon as the answer is there.

Every write to Kubernetes counts, and every call of AWS, reads included: these are the awaits after which the world may
be another one.
"""

import os
import signal
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.api.client import AwsClients
from karptui.control.safety.gate import Act

SERVICES = ("ec2", "sqs", "iam", "ssm", "eks")
QUIET = ("ReceiveMessage",)  # a long poll: nothing happens in it for as long as it lasts
NUMBER = "tests.chaos"


class Point(Struct, frozen=True):
    """Before or after the call of this number, from 1, in the act of this name."""

    act: str
    moment: str
    number: int

    def __str__(self) -> str:
        return f"{self.act}:{self.moment}:{self.number}"


class Death:
    """`write` is a gate's hook, `watch` takes a provider's clients. Unarmed it only counts.

    `tell` hears where it dies, and how many calls there were, before the signal is sent.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.calls = 0
        self._tell = tell
        self._point: Point | None = None
        self._writes: dict[int, int] = {}

    def arm(self, point: Point | None) -> None:
        """Count from one again, and die at this point."""
        self.calls, self._point = 0, point
        self._writes.clear()

    async def write(self, moment: str, number: int, act: Act) -> None:
        """A write to Kubernetes, or what a controller asks of the cloud as a whole."""
        if moment == "before":
            self._writes[number] = self.calls + 1
            self._begin(f"{act.verb} {act.resource} {act.name}")
        elif number in self._writes:
            self._end(self._writes.pop(number), f"{act.verb} {act.resource} {act.name}")

    async def watch(self, clients: AwsClients) -> None:
        """Count the calls of these clients."""
        for service in SERVICES:
            events = (await clients.get(service)).meta.events
            events.register(f"request-created.{service}", self._sent)
            events.register(f"response-received.{service}", self._answered)

    def _sent(self, request: Any, operation_name: str, **_: object) -> None:
        if operation_name not in QUIET:
            request.context[NUMBER] = (self.calls + 1, operation_name)
            self._begin(operation_name)

    def _answered(self, context: dict[str, Any], **_: object) -> None:
        if NUMBER in context:
            self._end(*context[NUMBER])

    def _begin(self, what: str) -> None:
        self.calls += 1
        self._at("before", self.calls, what)

    def _end(self, number: int, what: str) -> None:
        # A call that began before the arming has a number of the time before.
        self._at("after", number, what)

    def _at(self, moment: str, number: int, what: str) -> None:
        point = self._point
        if point is not None and (point.moment, point.number) == (moment, number):
            self._tell(what)
            os.kill(os.getpid(), signal.SIGKILL)
