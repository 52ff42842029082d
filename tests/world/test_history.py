"""What is kept of the past: the World at any second is the World that was led up to it."""

from collections import deque
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from karptui.model.decision import Decision, DecisionKind
from karptui.world import events, history
from karptui.world.history import History
from karptui.world.world import World
from tests.world.recorded import recorded_events

RECORDED = list(recorded_events())


def led(source: Iterable[events.Event], at: float) -> World:
    world = World()
    for event in source:
        if event.at > at:
            break
        world.apply(event)
    return world


def kept(source: Iterable[events.Event]) -> tuple[World, History]:
    world = World()
    found = History(world)
    for event in source:
        world.apply(event)
        found.note(event)
    return world, found


def alike(one: Any, other: Any) -> bool:
    """Equal in every field, also where a Struct compares by identity."""
    if isinstance(one, Struct):
        return type(one) is type(other) and all(
            alike(getattr(one, field), getattr(other, field)) for field in one.__struct_fields__
        )
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple | deque):
        return len(one) == len(other) and all(alike(mine, theirs) for mine, theirs in zip(one, other, strict=True))
    return one == other


def same(one: World, other: World) -> bool:
    """In everything a screen reads."""
    for name in ("objects", "pending", "provisionable", "going", "log", "decisions", "pod_timelines", "claim_timelines",
                 "streams", "problems", "nominated"):  # fmt: skip
        assert alike(getattr(one, name), getattr(other, name)), name
    assert alike(one.usage.pods, other.usage.pods)
    assert asked(one) == asked(other)
    assert alike(one.ledger.nodes, other.ledger.nodes)
    assert list(one.ledger.history) == pytest.approx(list(other.ledger.history))
    return one.at == other.at and one.number == other.number


def asked(world: World) -> dict[str, dict[str, int]]:
    return {
        node: {name: value for name, value in sums.items() if value} for node, sums in world.usage.requested.items()
    }


@pytest.fixture(scope="module", params=[(history.BATCH, history.SEGMENT), (16, 3)], ids=["one", "many"])
def recorded(request: pytest.FixtureRequest) -> History:
    """The shipped recording, in one segment and in many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "BATCH", request.param[0])
        patch.setattr(history, "SEGMENT", request.param[1])
        patch.setattr("karptui.world.checkpoint.SLICE", 5)
        return kept(RECORDED)[1]


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0.0, 1.0))
def test_the_world_at_a_second_is_the_world_led_up_to_it(recorded: History, share: float) -> None:
    first, last = RECORDED[1].at, RECORDED[-1].at
    at = first + share * (last - first)
    assert same(recorded.recall(at)(), led(RECORDED, at))


def test_what_was_recalled_is_ones_own_and_changes_nothing_that_is_kept(recorded: History) -> None:
    at = RECORDED[len(RECORDED) // 2].at
    first = recorded.recall(at)()
    for event in RECORDED:
        first.apply(replace(event, at=event.at + 1000.0))
    assert same(recorded.recall(at)(), led(RECORDED, at))


def test_what_is_recalled_was_settled_before_the_world_went_on() -> None:
    half = len(RECORDED) // 2
    at = RECORDED[half].at
    world, found = kept(RECORDED[: half + 1])
    lead = found.recall(at)
    for event in RECORDED[half + 1 :]:
        world.apply(event)
        found.note(event)
    assert alike(lead().objects, led(RECORDED[: half + 1], at).objects)


def test_a_history_that_begins_late_begins_with_the_world_as_it_was_then() -> None:
    half = len(RECORDED) // 2
    world = led(RECORDED[:half], float("inf"))
    found = History(world)
    for event in RECORDED[half:]:
        world.apply(event)
        found.note(event)
    assert same(found.recall(RECORDED[half + 20].at)(), led(RECORDED, RECORDED[half + 20].at))
    assert alike(found.recall(0.0)().objects, led(RECORDED[:half], float("inf")).objects)


def test_the_oldest_goes_when_there_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "BATCH", 8)
    monkeypatch.setattr(history, "SEGMENT", 2)
    world = World()
    found = History(world, most_bytes=20_000)
    for event in RECORDED:
        world.apply(event)
        found.note(event)
    assert found.begins > RECORDED[1].at
    assert found.bytes < 60_000
    at = (found.begins + found.ends) / 2
    assert alike(found.recall(at)().objects, led(RECORDED, at).objects)


def test_decisions_are_marked_and_recalled_with_what_came_of_them() -> None:
    at = RECORDED[-1].at
    made = events.DecisionMade(at + 1.0, Decision("D-00001", at + 1.0, DecisionKind.NOMINATE, nodes=("n1",)))
    _, found = kept([*RECORDED, made])
    assert [(mark.kind, mark.key) for mark in found.marks if mark.key] == [("decision", "D-00001")]
    assert "D-00001" in found.recall(at + 1.0)().decisions
    assert "D-00001" not in found.recall(at + 0.9)().decisions


def test_an_event_that_cannot_be_packed_ends_the_history_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "BATCH", 1)
    _, found = kept(RECORDED[:50])
    found.note(events.ObjectSeen(RECORDED[50].at, "pods", events.Change.ADDED, lambda: None))
    assert found.fault.startswith("from here on nothing is kept")
    assert alike(found.recall(RECORDED[40].at)().objects, led(RECORDED, RECORDED[40].at).objects)


def test_without_a_folder_for_temporary_files_the_past_lies_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    _, found = kept(RECORDED)
    at = RECORDED[len(RECORDED) // 3].at
    assert alike(found.recall(at)().objects, led(RECORDED, at).objects)
