"""The first second: what is typed before the Overview is there is not lost."""

from karptui.tui.appearance.theme import load_themes, shipped_folder
from karptui.tui.live import Live
from karptui.tui.screens.frame import Frame
from tests.tui.moment import Moment, decided, until, until_shown
from tests.world.recorded import STARTED


def _opened(typed: list[str]) -> Live:
    """An application whose run takes long enough to make that `typed` is typed meanwhile."""

    def make() -> Moment:
        for key in typed:
            app.simulate_key(key)
        return run

    run = Moment(decided(2.4), STARTED + 2.4)
    app = Live(make, load_themes([shipped_folder()]))
    return app


async def test_keys_typed_while_it_connects_are_taken_by_the_overview() -> None:
    app = _opened(["4", "enter"])
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, "Requirement funnel")


async def test_keys_typed_while_earlier_ones_are_being_taken_come_after_them() -> None:
    app = _opened(["T", "1", "2", ":"])
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Frame))
        for key in ("6", "1", "enter"):
            app.simulate_key(key)
        await until_shown(pilot, "'12:61' is no time")


async def test_leaving_works_before_there_is_a_screen() -> None:
    app = _opened(["q"])
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: not app.is_running)
