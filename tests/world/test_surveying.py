"""Why every node is still there: asked when the World changes, said once, and read by the why pane and `status`."""

import asyncio
import time

import pytest

from karptui.engine.disruption.kept import Kept
from karptui.model.disruption import Command, Held, Hold, Survey
from karptui.model.snapshot import Snapshot
from karptui.report.status import status_text
from karptui.views.answers.staying import staying
from karptui.views.answers.why import why
from karptui.views.line import plain
from karptui.world import events
from karptui.world.surveying import Surveyor
from karptui.world.world import World
from tests.world.recorded import STARTED, world_until

UNDER_A_BUDGET = 60.0
"""Seconds into the recording by which a PodDisruptionBudget and several nodes are there."""


def surveyor_of(world: World, told: list[events.Event], now: float) -> Surveyor:
    def sink(event: events.Event) -> None:
        told.append(event)
        world.apply(event)

    return Surveyor(world, sink, lambda: now)


async def test_every_node_gets_an_answer_and_why_and_status_tell_it() -> None:
    world, told = world_until(UNDER_A_BUDGET), []
    now = STARTED + UNDER_A_BUDGET
    await surveyor_of(world, told, now).ask()
    (said,) = told
    assert isinstance(said, events.Surveyed)
    assert said.survey.nodes.keys() == world.of("nodes").keys()
    for name in world.of("nodes"):
        words, _ = staying(world, name, now)
        assert words.startswith(("stays: ", "goes: ", "could go: "))
        assert words in [plain(line) for line in why(world, "node", name, now).lines]
        assert words in status_text(world, now)


async def test_an_unchanged_world_is_not_asked_again_and_a_changed_one_tells_which_nodes_changed() -> None:
    world, told = world_until(UNDER_A_BUDGET), []
    surveyor = surveyor_of(world, told, STARTED + UNDER_A_BUDGET)
    assert await surveyor.step()
    assert not await surveyor.step()
    assert len(told) == 1
    (first,) = told
    assert isinstance(first, events.Surveyed)
    gone = next(iter(world.of("nodes")))
    world.dirty.clear()
    left = {name: entry for name, entry in first.survey.nodes.items() if name != gone}
    world.apply(events.Surveyed(first.at + 1, type(first.survey)(left), {}, 0))
    named = {key for resource, key in world.dirty if resource == "nodes"}
    assert gone in named
    assert not any(isinstance(left.get(name), Held) for name in named)


async def test_on_a_busy_machine_the_next_survey_waits_for_what_the_last_one_cost_not_for_how_long_it_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def held_up(self: Kept, snapshot: Snapshot) -> Survey:
        time.sleep(0.5)  # others have the processor
        return Survey({})

    monkeypatch.setattr(Kept, "survey", held_up)
    monkeypatch.setattr("karptui.world.surveying.LEAST_INTERVAL", 0.0)
    world, told = world_until(UNDER_A_BUDGET), []
    surveyor = surveyor_of(world, told, STARTED + UNDER_A_BUDGET)
    async with asyncio.timeout(10):
        for _ in range(2):
            world.number += 1
            while not await surveyor.step():
                await asyncio.sleep(0.05)


async def test_a_fault_of_the_engine_is_said_once_and_the_notes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    world, told = world_until(UNDER_A_BUDGET), []
    surveyor = surveyor_of(world, told, STARTED + UNDER_A_BUDGET)
    await surveyor.ask()
    before = world.surveyed
    monkeypatch.setattr(type(surveyor), "_survey", lambda self, snapshot: 1 / 0)
    await surveyor.ask()
    await surveyor.ask()
    assert world.surveyed is before
    assert [event.where for event in told[1:] if isinstance(event, events.Problem)] == ["engine"]


def test_what_could_go_says_where_its_pods_fit_and_what_it_saves() -> None:
    world, now = World(), STARTED
    nodes: dict[str, Command | Held] = {
        "a": Command("single-node", "Underutilized", ("a",), ("x/p", "x/q"), (), 0.5, 0.0, {"b": ("x/p", "x/q")}),
        "b": Held("b", Hold.PDB, ("x/api",), detail="x/api-7", saves=0.25),
        "c": Held("c", Hold.BUDGET, ("default",), "Empty", until=now + 90),
        "e": Held("e", Hold.DELETING),
    }
    world.apply(events.Surveyed(now, Survey(nodes), {"PodDisruptionBudget x/api": 0.25}, 1))
    assert staying(world, "a", now) == ("could go: its 2 pods fit on b, $0.500/h less", "ok")
    assert staying(world, "b", now)[0].endswith("it would save $0.250/h")
    assert staying(world, "c", now)[0].endswith("for 1m30s more")
    assert staying(world, "d", now) == ("", "text")
    assert staying(world, "e", now)[0] == "goes: it is being deleted already"
