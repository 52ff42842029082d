"""Looking back from every screen: decisions, seconds, times of day, the way back to live, and the axis."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from karptui.cloud.kwok.catalogue import built_in
from karptui.engine.provisioning import plan
from karptui.model.decision import Decision
from karptui.tui.appearance.theme import load_themes, shipped_folder
from karptui.tui.live import Live
from karptui.tui.segments.line import line_width, plain
from karptui.tui.segments.scrub import scrub_line
from karptui.tui.widgets.scrub_bar import ScrubBar
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.timelines.axis import Axis, axis, moment
from karptui.world import events
from karptui.world.marks import Mark
from karptui.world.outline import Outline
from karptui.world.planning import decisions_of
from karptui.world.world import World
from tests.tui.moment import Moment, text_of, until, until_shown
from tests.world.recorded import STARTED, recorded_events

SIZE = (120, 36)
NOON = 1_795_262_400.0  # 2026-11-21 12:00:00Z


def told(seconds: float = 60.0) -> Live:
    """The recording told event by event, so that its past is kept, with what karptui decides after 2.4 and 11 s."""
    run = Moment(World(), STARTED, "REPLAY")
    run.keep_history()
    run.sink(events.CatalogueSeen(STARTED, built_in()))
    due = [2.4, 11.0]
    for event in recorded_events():
        if due and event.at > STARTED + due[0]:
            for made in decisions(run.world, STARTED + due.pop(0)):
                run.sink(made)
        if event.at > STARTED + seconds:
            break
        run.sink(event)
    run.at = STARTED + seconds
    app = Live(run, load_themes([shipped_folder()]), mode="REPLAY")
    app.run_shown = run
    return app


def decisions(world: World, at: float) -> Iterator[events.DecisionMade]:
    snapshot = world.snapshot(at)
    for decision in decisions_of(plan(snapshot), snapshot, 0.01):
        fields = (getattr(decision, name) for name in decision.__struct_fields__[1:])
        yield events.DecisionMade(at, Decision(world.next_decision_id(), *fields))


async def asked_for(pilot: Pilot[None], time: str) -> None:
    await pilot.press("T", *time, "enter")


async def test_the_cluster_at_a_time_is_told_on_every_screen_and_live_is_one_key_away() -> None:
    app = told()
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "PENDING 0")
        assert "LIVE" in text_of(app)
        await asked_for(pilot, "12:29:04")
        await until_shown(pilot, "AT 12:29:04 (57s ago)")
        assert "PENDING 5" in text_of(app)
        for key, words in (("2", "Pods 5"), ("4", "Decisions 1"), ("3", "+1 coming"), ("6", "By pool"), ("8", "Log")):
            await pilot.press(key)
            await until_shown(pilot, words)
            assert "AT 12:29:04" in text_of(app)
        await pilot.press("L")
        await until_shown(pilot, "PENDING 0")
        assert "AT 12:29:04" not in text_of(app)
        await pilot.press("2")
        await until_shown(pilot, "Pods 7")


async def test_why_is_answered_as_of_then() -> None:
    app = told()
    async with app.run_test(size=SIZE) as pilot:
        await asked_for(pilot, "12:29:13")
        await until_shown(pilot, "AT 12:29:13")
        await pilot.press("2")
        await until_shown(pilot, "default/impossible")
        await pilot.press("enter")
        await until_shown(pilot, "Pending to Bound")
        await pilot.press(",")
        await until_shown(pilot, "AT 12:29:12")
        await pilot.press("L", "escape")
        await until_shown(pilot, "LIVE")


async def test_brackets_step_through_decisions_wherever_one_is() -> None:
    app = told()
    made = app.run_shown.world.decisions
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("2", "[")
        await until_shown(pilot, f"{list(made)[-1]}  ")
        assert "AT 12:29:13" in text_of(app)
        await pilot.press(*("[" for _ in range(len(made) - 1)))
        await until_shown(pilot, "D-00001  5 pods → c-8x")
        await until_shown(pilot, "AT 12:29:04")
        await pilot.press("[")
        await until_shown(pilot, "That is the first decision.")
        await pilot.press("]")
        await until_shown(pilot, "AT 12:29:13")


async def test_on_a_decision_brackets_lead_to_the_next_one() -> None:
    app = told()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("4", "g", "enter")
        await until_shown(pilot, "D-00005")
        await pilot.press("[")
        await until_shown(pilot, "D-00004 │")
        await until_shown(pilot, "AT 12:29:13")


async def test_what_comes_in_meanwhile_waits_for_live() -> None:
    app = told(30.0)
    run = app.run_shown
    assert isinstance(run, Moment)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "PENDING 1")
        await asked_for(pilot, "-20s")
        await until_shown(pilot, "AT 12:29:12")
        before = text_of(app).count("PENDING 5")
        for event in recorded_events():
            if STARTED + 30.0 < event.at <= STARTED + 60.0:
                run.sink(event)
        run.at = STARTED + 60.0
        await until_shown(pilot, "AT 12:29:12 (50s ago)")
        assert text_of(app).count("PENDING 5") == before
        await pilot.press("L")
        await until_shown(pilot, "PENDING 0")


async def test_four_digits_are_a_minute_which_is_told_at_once() -> None:
    app = told()
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "PENDING 0")
        await pilot.press("T", *"1230")
        await until_shown(pilot, "12:30: nothing is marked")
        assert "AT 12:30:00" in text_of(app)
        await pilot.press("T", *"1229")
        await until_shown(pilot, "12:29: 4 decisions, 1 refusal, 4 NodeClaims came; first 12:29:04 5 pods → c-8x")
        assert app.travel.wanted == app.run_shown.history.begins  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["noon", "25:00", "12:61", "5"])
async def test_what_is_no_time_is_said(text: str) -> None:
    app = told(12.0)
    async with app.run_test(size=SIZE) as pilot:
        await asked_for(pilot, text)
        await until_shown(pilot, "is no time: write 12:04")


@pytest.mark.parametrize("answers", [True, False])
async def test_yaml_of_the_past_says_whether_it_is_what_was_then(answers: bool) -> None:
    app = told()
    if answers:

        async def fetch(resource: str, key: str) -> dict[str, object]:
            return {"kind": "Pod", "metadata": {"name": key, "labels": {"live": "yes"}}}

        app.run_shown.fetch = fetch  # type: ignore[method-assign]
    async with app.run_test(size=SIZE) as pilot:
        await asked_for(pilot, "12:29:13")
        await until_shown(pilot, "AT 12:29:13")
        await pilot.press("2", "y")
        await until_shown(pilot, "as it is NOW, not as at 12:29:13" if answers else "karptui keeps of it at 12:29:13")
        assert ("live:" in text_of(app)) is answers
        kept = [plain(line) for line in app.screen.query_one("#why", TextPane).lines]
        assert answers or "    node.kubernetes.io/instance-type: no-such-type" in kept
        await pilot.press("L")
        await until_shown(pilot, "from the API server just now" if answers else "karptui keeps of it  ")


async def test_before_all_that_is_kept_the_beginning_is_shown() -> None:
    app = told(12.0)
    async with app.run_test(size=SIZE) as pilot:
        await asked_for(pilot, "11:00")
        await until_shown(pilot, "Nothing is kept from before 12:29:02.")


async def test_a_click_on_the_axis_goes_there() -> None:
    app = told()
    async with app.run_test(size=(80, 24)) as pilot:
        await asked_for(pilot, "-30s")
        await until_shown(pilot, "AT 12:29:32")
        bar = app.screen.query_one(ScrubBar)
        await until(pilot, lambda: bar.display and bar.size.width == 80)
        await pilot.click(bar, offset=(11, 0))
        await until_shown(pilot, "AT 12:29:02")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("11:59", -59.001),
        ("1159", -59.001),
        ("12:01", 60.999 - 86400.0),
        ("11:59:58", -1.001),
        ("-5m", -310.0),
        ("+30s", 20.0),
        ("3m ago", -190.0),
    ],
)
def test_times_are_of_the_last_day_and_steps_count_from_what_is_shown(text: str, seconds: float) -> None:
    assert moment(text, NOON - 10.0, NOON) == pytest.approx(NOON + seconds, abs=1e-3)


def test_the_axis_of_a_recording_reaches_beyond_what_is_played() -> None:
    outline = Outline(100.0, 200.0, (Mark(120.0, "decision"), Mark(180.0, "went")))
    found = axis(100.0, 150.0, 150.0, True, [Mark(120.0, "decision")], outline)
    assert (found.begins, found.ends, len(found.marks)) == (100.0, 200.0, 2)
    line = plain(scrub_line(found, 80))
    assert line.count("◆") == line.count("−") == line.count("╋") == 1
    assert line.index("◆") < line.index("╋") < line.index("·")


@given(st.integers(30, 200), st.floats(0, 1), st.lists(st.floats(0, 1), max_size=9))
def test_the_axis_is_as_wide_as_its_place(width: int, at: float, marks: list[float]) -> None:
    kinds = ("decision", "refusal", "interruption", "problem", "story", "came", "went")
    found = Axis(NOON, NOON + 60, NOON + 60 * max(at, 0.5), NOON + 60 * at, False, tuple(
        Mark(NOON + 60 * share, kinds[index % 7]) for index, share in enumerate(marks)
    ))  # fmt: skip
    assert line_width(scrub_line(found, width)) == width
