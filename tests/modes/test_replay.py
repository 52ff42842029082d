"""A recording is played: in its own order, at the speed asked for, with decisions as if it were then."""

import asyncio
from pathlib import Path

from karptui.kube.decode_recorded import decode_recorded
from karptui.model.decision import DecisionKind
from karptui.modes.replay import Replay
from karptui.world import events
from karptui.world.recording import Recording
from tests.world.recorded import RECORDING, STARTED, recorded_events


async def played(run: Replay) -> list[events.Event]:
    heard: list[events.Event] = []
    run.on_event = heard.append
    await run.start()
    try:
        await asyncio.wait_for(run.ended.wait(), 60)
    finally:
        await run.stop()
    assert run.failure == ""
    return heard


async def test_every_recorded_event_is_played_in_order() -> None:
    heard = await played(Replay(RECORDING, speed=1e6))
    recorded = [event for event in recorded_events() if isinstance(event, events.ObjectSeen)]
    seen = [event for event in heard if isinstance(event, events.ObjectSeen)]
    assert [(event.at, event.object.key) for event in seen] == [(event.at, event.object.key) for event in recorded]


async def test_prices_follow_what_the_recording_shows() -> None:
    run = Replay(RECORDING, speed=1e6)
    await played(run)
    assert run.world.catalogue.source == "KWOK's own"
    assert run.world.ledger.spent > 0


async def test_at_its_own_pace_the_first_decision_is_karpenters_own() -> None:
    # Karpenter acted a second after the pods were seen: much faster, and a busy machine would miss that second.
    run = Replay(RECORDING, speed=1)
    await run.start()
    try:
        async with asyncio.timeout(30):
            while not run.world.decisions:
                await asyncio.sleep(0.01)
    finally:
        await run.stop()
    first = next(iter(run.world.decisions.values()))
    assert first.kind is DecisionKind.LAUNCH
    assert len(first.pods) == 5
    assert first.claim is not None
    assert first.claim.instance_types[0] == "c-8x-amd64-linux"  # what default-cjbhf was launched as


async def test_what_lies_before_the_start_is_taken_in_at_once() -> None:
    run = Replay(RECORDING, speed=1.0, start=30.0)
    caught_up = asyncio.Event()
    run.on_event = lambda event: None if run.catching_up else caught_up.set()
    await run.start()
    try:
        await asyncio.wait_for(caught_up.wait(), 20)
        assert len(run.world.of("nodes")) == 4
        assert 30.0 <= run.now() - STARTED < 60.0
    finally:
        await run.stop()


async def test_a_start_beyond_the_end_shows_the_end() -> None:
    run = Replay(RECORDING, speed=1.0, start=1e6)
    await played(run)
    assert not run.world.of("nodes")
    assert run.now() == run.world.at


async def test_a_cut_off_recording_plays_to_the_cut_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cut.zst"
    path.write_bytes(RECORDING.read_bytes()[:-2000])
    run = Replay(path, speed=1e6)
    await played(run)
    assert any("cut off" in problem.message for problem in run.world.problems)
    assert Recording(RECORDING, lambda resource, raw: None).problem == ""


async def begun_at(start: float, path: Path = RECORDING) -> Replay:
    """A replay that plays from there on, with what is kept to look back."""
    run = Replay(path, speed=0.001, start=start)
    run.keep_history()
    reached = asyncio.Event()
    run.on_event = lambda event: None if run.catching_up else reached.set()
    await run.start()
    async with asyncio.timeout(120):
        while run.catching_up:
            await asyncio.sleep(0.01)
    return run


async def test_what_was_due_before_the_start_is_decided_as_it_would_have_been_then() -> None:
    run = await begun_at(30.0)
    try:
        first = next(iter(run.world.decisions.values()))
        assert first.kind is DecisionKind.LAUNCH
        assert len(first.pods) == 5
        assert first.claim is not None
        assert first.claim.instance_types[0] == "c-8x-amd64-linux"
        assert STARTED < first.at < STARTED + 10
        assert run.history is not None
        marks = {mark.key: mark.at for mark in run.history.marks if mark.kind == "decision"}
        assert marks[first.id] == first.at
        then = run.history.recall(first.at)()
        assert list(then.decisions) == [first.id]
        assert len(then.pending) == 5
    finally:
        await run.stop()


async def test_what_karptui_had_decided_before_the_start_is_there_and_not_decided_again() -> None:
    path = RECORDING.with_name("karpenter-scripted-day.jsonl.zst")
    recording = Recording(path, decode_recorded)
    begun = recording.header.started
    made = [event for event in recording.read() if isinstance(event, events.DecisionMade)]
    start = made[len(made) // 2].at + 1.0 - begun
    run = await begun_at(start, path)
    try:
        earlier = [event.decision.id for event in made if event.at < run.now() - 0.5]
        assert list(run.world.decisions)[: len(earlier)] == earlier
        assert len(run.world.decisions) <= len(earlier) + 1
    finally:
        await run.stop()
