"""Death at a numbered write: from then on nothing that the controller does reaches the outside any more."""

import asyncio

from msgspec import Struct

from karptui.control.gate import Act


class Point(Struct, frozen=True):
    """Before or after the write of this number, from 1."""

    moment: str
    number: int

    def __str__(self) -> str:
        return f"{self.moment} {self.number}"


class Death:
    """The hook of a gate. Without a point it only counts."""

    def __init__(self, point: Point | None) -> None:
        self.point = point
        self.acts: list[Act] = []
        self.died = asyncio.Event()

    async def __call__(self, moment: str, number: int, act: Act) -> None:
        if moment == "before" and not self.died.is_set():
            self.acts.append(act)
        if self.point == Point(moment, number):
            self.died.set()
        if self.died.is_set():
            await asyncio.Event().wait()  # as a dead process: neither this write nor a later one
