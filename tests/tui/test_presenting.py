"""A demo on a stage: the story on top of every screen, and steps that wait for their key."""

from textual.geometry import Region

from karptui.tui.live import Live
from karptui.tui.theme import load_themes, shipped_folder
from karptui.tui.widgets.sentence import Sentence
from karptui.tui.widgets.story_line import story_line
from karptui.views.story import StoryView
from karptui.world import events
from tests.tui.moment import Moment, decided, until, until_shown
from tests.world.recorded import STARTED

TOLD = "Act 1: somebody scales inflate from 0 to 5"


async def test_on_a_stage_the_story_stands_on_top_of_every_screen_and_space_goes_on() -> None:
    world = decided(2.4)
    world.apply(events.Narrated(STARTED - 600, 1, TOLD, acts=3, title="up", step=1, steps=4, following="a burst"))
    run = Moment(world, STARTED + 2.4, "DEMO")
    app = Live(run, load_themes([shipped_folder()]), mode="DEMO", present=True)
    async with app.run_test(size=(120, 36)) as pilot:
        for place in ("1", "4", "6"):
            await pilot.press(place)
            await until_shown(pilot, TOLD)
            region: Region = app.screen.query_one(Sentence).region
            assert (region.y, region.height) == (2, 3)
        await pilot.press("space")
        await until(pilot, lambda: run.steps == 1)


def test_a_step_that_waits_for_a_hand_counts_no_time() -> None:
    view = StoryView(1, 3, "up", 1, 4, "a burst", 86_000.0, "", "")
    text = "".join(words for words, _ in story_line(view, 120))
    assert "next: a burst" in text
    assert " in " not in text
