"""Time: decisions, seconds, minutes, a time that is asked for, standing still and live."""

import pytest

from karptui.views.wording import clock
from tests.tui.trying import ALL, Tried, expects
from tests.world.recorded import STARTED

BACK = STARTED + 20.0


async def at(t: Tried, second: float) -> None:
    """The picture shows that second."""
    await t.until(lambda: t.app.picture.past == pytest.approx(second, abs=0.01))


async def looked_back(t: Tried, second: float = BACK) -> None:
    t.app.travel.to(second)
    await at(t, second)


@expects("earlier_decision", *ALL)
async def one_decision_back(t: Tried) -> None:
    here = t.screen.stepped_from or "D-00006"
    await t.press()
    before = f"D-{int(here[2:]) - 1:05d}"
    await t.until(lambda: t.app.picture.past is not None and t.app.travel.decision == before)
    assert t.screen.stepped_from in ("", before)


@expects("later_decision", *ALL)
async def one_decision_on(t: Tried) -> None:
    for _ in range(3):
        await t.press("[")
    here = t.app.travel.decision
    await t.press()
    after = f"D-{int(here[2:]) + 1:05d}"
    await t.until(lambda: t.app.travel.decision == after)
    assert t.screen.stepped_from in ("", after)


@expects("open_time", *ALL)
async def asks_for_a_time(t: Tried) -> None:
    await t.press()
    await t.press(*"12:29:13", "⏎")
    await t.until(lambda: t.app.picture.past is not None and clock(t.app.picture.past) == "12:29:13")


@expects("earlier_second", *ALL)
async def a_second_back(t: Tried) -> None:
    await t.press()
    await at(t, t.app.run_shown.now() - 1.0)


@expects("later_second", *ALL)
async def a_second_on(t: Tried) -> None:
    await looked_back(t)
    await t.press()
    await at(t, BACK + 1.0)


@expects("earlier_minute", *ALL)
async def a_minute_back(t: Tried) -> None:
    await t.press()
    await at(t, t.app.run_shown.now() - 60.0)


@expects("later_minute", *ALL)
async def a_minute_on(t: Tried) -> None:
    await looked_back(t, STARTED)
    await t.press()
    await t.until(lambda: t.app.picture.past is None)


@expects("go_live", *ALL)
async def back_to_live(t: Tried) -> None:
    await looked_back(t)
    await t.press()
    await t.until(lambda: t.app.picture.past is None and not t.app.picture.frozen)


@expects("freeze_picture", *ALL)
async def the_picture_stands_still_and_goes_on(t: Tried) -> None:
    await t.press()
    assert t.app.picture.frozen
    await t.press()
    assert not t.app.picture.frozen


@expects("freeze_picture", *ALL, scene="DEMO")
async def the_cluster_stands_still_and_goes_on(t: Tried) -> None:
    for paused in (True, False):
        await t.press()
        await t.until(lambda paused=paused: t.app.run_shown.paused is paused)
        assert not t.app.picture.frozen


@expects("advance_story", *ALL, scene="DEMO")
async def the_story_takes_a_step(t: Tried) -> None:
    before = t.app.run_shown.steps  # type: ignore[attr-defined]
    await t.press()
    assert t.app.run_shown.steps == before + 1  # type: ignore[attr-defined]
