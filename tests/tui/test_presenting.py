"""A demo on a stage: the story on top of every screen, and steps that wait for their key."""

import pytest
from msgspec.structs import replace
from textual.geometry import Region

from karptui.engine.explain import failure_sentence
from karptui.engine.provisioning import plan
from karptui.model.decision import Decision, DecisionKind
from karptui.model.taints import Taint
from karptui.tui.appearance.theme import load_themes, shipped_folder
from karptui.tui.live import Live
from karptui.tui.segments.line import plain
from karptui.tui.widgets.sentence import Sentence
from karptui.tui.widgets.story_line import StoryLine, story_line
from karptui.views.timelines.story import StoryView
from karptui.world import events
from tests.tui.moment import Moment, decided, text_of, until, until_shown
from tests.world.recorded import STARTED, decode, pod_json, world_until

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


async def test_once_the_story_is_over_no_next_step_is_offered() -> None:
    world = decided(2.4)
    world.apply(events.Narrated(STARTED - 600, 1, TOLD, acts=3, title="up", step=1, steps=4, following="a burst"))
    app = Live(Moment(world, STARTED + 2.4, "DEMO"), load_themes([shipped_folder()]), mode="DEMO")
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, "space next step")
        world.apply(events.Narrated(STARTED, 3, "The story is over and the cluster lives on"))
        await until(pilot, lambda: "next step" not in text_of(app))


def test_a_step_that_waits_for_a_hand_counts_no_time() -> None:
    view = StoryView(1, 3, "up", 1, 4, "a burst", 86_000.0, "", "")
    text = "".join(words for words, _ in story_line(view, 120))
    assert "next: a burst" in text
    assert " in " not in text


LONGEST = "Act 3: the evening: most of it is scaled away; what is left is moved together, and the rest given back"


def on_stage(seconds: float = 11.0) -> Live:
    """A moment with all there is to tell: an interruption, a move that saves, the longest of the story's texts."""
    world, now = decided(seconds), STARTED + seconds
    told = events.Narrated(now, 3, LONGEST, 3, "The evening", 2, 4, "spot is reclaimed", now + 86_000)
    node = next(iter(world.of("nodes").values()))
    gone = Decision("D-00090", now, DecisionKind.DELETE, nodes=(node.key,), cause="Empty", price_change=-0.04)
    instance = node.provider_id.rpartition("/")[2]
    taken = events.InterruptionSeen(now, instance, "spot_interrupted", now + 100)
    for event in (told, taken, events.DecisionMade(now, gone), events.DecisionCarriedOut(now, gone.id)):
        world.apply(event)
    return Live(Moment(world, now, "DEMO"), load_themes([shipped_folder()]), mode="DEMO", present=True)


@pytest.mark.parametrize("size", [(120, 36), (100, 30)])
async def test_nothing_of_the_story_is_cut_on_a_stage(size: tuple[int, int]) -> None:
    app = on_stage()
    async with app.run_test(size=size) as pilot:
        for place in ("1", "3", "4", "6"):
            await pilot.press(place)
            await until_shown(pilot, "Act 3/3 The evening")
            said = "\n".join(plain(line) for line in app.screen.query_one(Sentence).lines_for(size[0]))
            assert " ".join(said.replace("▸", "").split()) == LONGEST
            told = "\n".join(plain(line) for line in app.screen.query_one(StoryLine).lines_for(size[0]))
            for words in ("EC2 takes ", "next: spot is reclaimed", "1 move saves $0.0400/h, $0.000 so far"):
                assert words in told


@pytest.mark.parametrize("size", [(120, 36), (100, 30)])
async def test_what_pods_wait_for_and_where_they_go_is_whole_on_a_stage(size: tuple[int, int]) -> None:
    app = on_stage()
    async with app.run_test(size=size) as pilot:
        for words in ("default-66rwv initializes, ~0.5s left", "1 pod → kwok-default-66rwv, which has room"):
            await until_shown(pilot, words)


@pytest.mark.parametrize("size", [(120, 36), (100, 30), (80, 24)])
async def test_a_refusal_of_any_length_is_whole_on_a_stage_without_a_key(size: tuple[int, int]) -> None:
    world, now = world_until(11.0), STARTED + 11.0
    pool = world.of("nodepools")["default"]
    taints = [
        replace(pool.template, taints=(Taint(f"team-{n}.example.com/only", "true", "NoSchedule"),)) for n in range(4)
    ]
    for number, template in enumerate(taints):
        other = replace(
            pool, metadata=replace(pool.metadata, name=f"team-{number}", uid=f"t{number}"), template=template
        )
        world.apply(events.ObjectSeen(now, "nodepools", events.Change.ADDED, other))
    big = pod_json("too-big-for-everything", uid="big", cpu="900", unschedulable=True)
    world.apply(events.ObjectSeen(now, "pods", events.Change.ADDED, decode("pods", big)))
    snapshot = world.snapshot(now)
    answer = plan(snapshot)
    world.apply(events.PlanPreviewed(now, answer, snapshot.number))
    told = failure_sentence(answer.errors["default/too-big-for-everything"])
    assert len(told) > 250
    app = Live(Moment(world, now, "DEMO"), load_themes([shipped_folder()]), mode="DEMO", present=True)
    async with app.run_test(size=size) as pilot:

        def whole() -> bool:
            box = app.screen.query_one("#waiting-box").region
            lines = [line[box.x + 1 : box.right - 1].strip() for line in text_of(app).split("\n")[box.y : box.bottom]]
            return told in " ".join(lines)

        await until(pilot, whole)
        await pilot.press("shift+tab", "shift+tab")  # in one column the box below is still there to be reached
        await until(pilot, lambda: app.screen.query_one("#decisions").region.height > 0)
