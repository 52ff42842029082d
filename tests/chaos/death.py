"""Death at a numbered call: from then on nothing that the controller does reaches the outside any more.

Every write to Kubernetes counts, and every call of AWS, reads included: these are the awaits after which the world may
be another one.
"""

import asyncio

from msgspec import Struct

from karptui.control.gate import Act


class Point(Struct, frozen=True):
    """Before or after the call of this number, from 1."""

    moment: str
    number: int

    def __str__(self) -> str:
        return f"{self.moment} {self.number}"


class Death:
    """`write` is a gate's hook and `call` that of the proxy in front of AWS. Without a point it only counts."""

    def __init__(self, point: Point | None) -> None:
        self.point = point
        self.calls: list[str] = []
        self.died = asyncio.Event()
        self._numbers: dict[tuple[str, int], int] = {}

    async def write(self, moment: str, number: int, act: Act) -> None:
        """A write of the controller; never returns once it is dead."""
        await self._at(moment, ("write", number), f"{act.verb} {act.resource} {act.name}")

    async def call(self, moment: str, number: int, action: str) -> None:
        """A call of AWS; the same."""
        await self._at(moment, ("aws", number), action)

    @property
    def where(self) -> str:
        """What was being called."""
        number = self.point.number if self.point is not None else 0
        return self.calls[number - 1] if 0 < number <= len(self.calls) else ""

    async def _at(self, moment: str, key: tuple[str, int], what: str) -> None:
        if moment == "before" and not self.died.is_set():
            self.calls.append(what)
            self._numbers[key] = len(self.calls)
        if self.point is not None and self.point == Point(moment, self._numbers.get(key, 0)):
            self.died.set()
        if self.died.is_set():
            await asyncio.Event().wait()  # as a dead process: neither this call nor a later one
