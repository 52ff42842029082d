"""Reconcilers beside each other: what goes wrong with one object is told, and ends nothing else."""

import asyncio
from typing import cast

from karptui.cloud.provider import CloudProvider
from karptui.control.hands import Hands
from karptui.control.loop import ControlLoop
from karptui.control.objects import Objects
from karptui.world import events
from karptui.world.world import World


class Faulty:
    """Has a fault of its own at one object, and works at another."""

    resource = "nodes"

    def __init__(self) -> None:
        self.tried: list[str] = []

    def due(self) -> list[str]:
        """Both, until both were tried."""
        return ["broken", *(["sound"] if "sound" not in self.tried else [])]

    async def reconcile(self, key: str) -> None:
        """Fails as a programming fault does."""
        self.tried.append(key)
        if key == "broken":
            raise ZeroDivisionError("by nothing")


async def test_a_fault_at_one_object_is_told_with_its_place_and_tried_again_later() -> None:
    told: list[events.Event] = []
    world = World()
    world.apply(events.StreamChanged(0.0, "nodes", events.StreamState.LIVE))
    hands = Hands(world, cast(Objects, None), cast(CloudProvider, None), told.append, lambda: 0.0, asyncio.sleep)
    faulty = Faulty()
    running = asyncio.ensure_future(ControlLoop(hands, [faulty]).run())
    try:
        async with asyncio.timeout(60):
            while faulty.tried.count("broken") < 2:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert faulty.tried.count("sound") == 1
    problem = told[0]
    assert isinstance(problem, events.Problem)
    assert problem.where == "faulty broken"
    assert "ZeroDivisionError: by nothing, at test_loop.py" in problem.message
    assert problem.message.endswith("(again in 1s)")
