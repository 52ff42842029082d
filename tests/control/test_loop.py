"""Reconcilers beside each other: what goes wrong with one object is told, and ends nothing else."""

import asyncio
import json
from typing import ClassVar, cast

import pytest

from karptui.cloud.provider import CloudProvider
from karptui.control.hands import Hands
from karptui.control.loop import ControlLoop
from karptui.control.objects import Objects
from karptui.control.safety.gate import Gate
from karptui.kube.connect import Connection
from karptui.kube.errors import ApiError
from karptui.model.metadata import Metadata
from karptui.model.node import Node
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
    hands = Hands(
        world,
        Objects(cast(Connection, None), Gate(told.append, lambda: 0.0)),
        cast(CloudProvider, None),
        told.append,
        lambda: 0.0,
        asyncio.sleep,
    )
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


class Stored(Connection):
    """Answers every patch with the next version, as an API server whose watch says nothing yet."""

    def __init__(self) -> None:
        self.version = 4
        self.asked = 0

    async def request(self, *_: object, **__: object) -> bytes:
        self.asked += 1
        self.version += 1
        return json.dumps({"metadata": {"name": "n", "resourceVersion": str(self.version)}}).encode()


async def test_what_was_worked_out_from_before_our_own_write_is_not_written_again() -> None:
    connection = Stored()
    objects = Objects(connection, Gate(lambda event: None, lambda: 0.0))
    guarded = {"metadata": {"resourceVersion": "4"}, "spec": {"unschedulable": True}}
    await objects.patch("nodes", "n", guarded)
    assert objects.behind("nodes", "n", "4")
    assert not objects.behind("nodes", "n", "5")
    assert not objects.behind("nodes", "other", "4")
    with pytest.raises(ApiError) as refused:
        await objects.patch("nodes", "n", guarded)
    assert refused.value.code == 409
    assert connection.asked == 1
    await objects.patch("nodes", "n", {"spec": {"unschedulable": False}})
    await objects.patch("nodes", "n", {"metadata": {"resourceVersion": "6"}, "spec": {"unschedulable": True}})
    assert connection.asked == 3


async def test_an_object_is_left_alone_until_the_watch_shows_what_was_written_to_it() -> None:
    world = World()
    world.apply(events.StreamChanged(0.0, "nodes", events.StreamState.LIVE))
    objects = Objects(Stored(), Gate(lambda event: None, lambda: 0.0))

    def show(version: str) -> None:
        node = Node(Metadata("n", resource_version=version))
        world.apply(events.ObjectSeen(0.0, "nodes", events.Change.MODIFIED, node))

    class Cordons:
        resource = "nodes"
        seen: ClassVar[list[str]] = []
        looks = 0

        def due(self) -> list[str]:
            Cordons.looks += 1
            return ["n"]

        async def reconcile(self, key: str) -> None:
            version = world.of("nodes")[key].metadata.resource_version
            self.seen.append(version)
            await objects.patch("nodes", key, {"metadata": {"resourceVersion": version}})

    show("4")
    hands = Hands(world, objects, cast(CloudProvider, None), world.apply, lambda: 0.0, asyncio.sleep)
    running = asyncio.ensure_future(ControlLoop(hands, [Cordons()]).run())
    try:
        async with asyncio.timeout(60):
            while not objects.behind("nodes", "n", "4"):
                await asyncio.sleep(0.01)
            looks = Cordons.looks
            while Cordons.looks < looks + 8:  # longer than an object is left alone in any case
                await asyncio.sleep(0.01)
            assert Cordons.seen == ["4"]
            show("5")
            while len(Cordons.seen) < 2:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert Cordons.seen == ["4", "5"]
