"""The application over a real moment: places, ways in and back, freezing, filters, problems, and nothing that grows."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from karptui.failure import Failure
from karptui.model.decision import Decision, DecisionKind
from karptui.tui.actions import PLACES
from karptui.tui.clusters import Clusters
from karptui.tui.live import Live
from karptui.tui.segments.line import plain
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.text_pane import TextPane
from karptui.world import events
from karptui.world.world import World
from tests.tui.moment import Moment, shown_at, text_of, until, until_shown

SIZE = (120, 36)
SMALL = (80, 24)


async def test_the_first_frame_says_connecting_and_the_run_starts_after_it() -> None:
    run = Moment(World(), 1_000_000.0)
    app = Live(lambda: run)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "connecting…")
        await until(pilot, lambda: run.started)
        await until_shown(pilot, "Nothing yet: karptui is still listing the cluster.")
        assert "No NodePool" not in text_of(app)


@pytest.mark.parametrize("size", [SIZE, SMALL, (200, 60)])
async def test_the_overview_tells_pools_pending_and_decisions_at_every_size(size: tuple[int, int]) -> None:
    app = shown_at()
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, "5 pods → c-8x-amd64-linux")
        shown = text_of(app)
        assert "a new c-8x-amd64-linux" in shown
        assert "5 pods wait for a new" in shown
        assert "REPLAY" in shown


async def test_too_small_a_terminal_is_told_so_and_still_gets_the_sentence() -> None:
    app = shown_at()
    async with app.run_test(size=(59, 12)) as pilot:
        await until_shown(pilot, "karptui needs 60 columns and 20 lines")
        assert "5 pods wait for a new" in text_of(app)


async def test_at_sixty_columns_every_place_works_and_a_notice_says_what_is_missing() -> None:
    app = shown_at()
    async with app.run_test(size=(60, 24)) as pilot:
        await until_shown(pilot, "60 columns, 24 lines: some are left out")
        for place in PLACES:
            await pilot.press(place.key)
            await until(pilot, lambda here=place.screen: getattr(app.screen, "place", "") == here)
        await pilot.press("2")
        await until_shown(pilot, "inflate")


async def test_every_place_has_its_key_and_esc_never_quits() -> None:
    app = shown_at()
    async with app.run_test(size=SIZE) as pilot:
        for key, words in (("2", "Pods 5"), ("4", "Decisions 1"), ("8", "Log"), ("1", "In flight")):
            await pilot.press(key)
            await until_shown(pilot, words)
        await pilot.press("2", "escape", "escape", "escape")
        await until_shown(pilot, "In flight")
        assert app.is_running
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)


async def test_a_pod_leads_to_its_timeline_its_decision_and_back() -> None:
    app = shown_at()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "Pods 5")
        await pilot.press("enter")
        await until_shown(pilot, "Pending to Bound")
        assert "unschedulable seen" in text_of(app)
        await pilot.press("enter")
        await until_shown(pilot, "Requirement funnel")
        assert "chosen" in text_of(app)
        await pilot.press("escape")
        await until_shown(pilot, "Pending to Bound")
        await pilot.press("escape")
        await until_shown(pilot, "Pods 5")


@pytest.mark.parametrize("size", [SIZE, SMALL])
async def test_a_decision_groups_its_types_by_reason_and_opens_one(size: tuple[int, int]) -> None:
    app = shown_at()
    async with app.run_test(size=size) as pilot:
        await pilot.press("4", "enter")
        await until_shown(pilot, "Candidates, cheapest first")
        every = app.screen.query_one("#types", Listing).counts[0]
        await pilot.press("v")
        await until_shown(pilot, "Reasons of")
        groups = app.screen.query_one("#groups", Listing)
        assert sum(row[1] for row in groups._items) == every  # pyright: ignore[reportPrivateUsage]
        await pilot.press("enter")
        await until_shown(pilot, "only: ")
        assert 0 < app.screen.query_one("#types", Listing).counts[0] < every
        await pilot.press("escape", "v", "/", *"c-2x", "enter")
        await until(pilot, lambda: app.screen.query_one("#types", Listing).counts[0] < every)
        assert "c-2x" in text_of(app)


async def test_stepping_past_the_first_and_the_latest_decision_is_answered() -> None:
    app = shown_at()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("4", "enter", "[")
        await until_shown(pilot, "That is the first decision.")
        await pilot.press("]")
        await until_shown(pilot, "That is the latest decision.")


@pytest.mark.parametrize("size", [SIZE, SMALL])
async def test_tab_reaches_every_list_of_the_overview(size: tuple[int, int]) -> None:
    app = shown_at(11.0)
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, "Decisions")
        reached = []
        for _step in range(5):
            reached.append(app.focused.id if app.focused is not None else None)
            assert app.focused is not None
            assert app.focused.display
            await pilot.press("tab")
            await pilot.pause()
        assert set(reached) == {"waiting", "flight", "nodes", "decisions", "pools"}


async def test_why_follows_the_cursor_of_the_list_with_the_focus() -> None:
    app = shown_at(11.0)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "NODECLAIM")
        await pilot.press("tab")
        why = app.screen.query_one("#why", TextPane)
        await until(pilot, lambda: plain(why.lines[0]).startswith("NodeClaim default-"))
        await pilot.press("tab")
        await until(pilot, lambda: plain(why.lines[0]).startswith("node"))


async def test_a_filter_keeps_matching_rows_and_esc_drops_it() -> None:
    app = shown_at()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("2", "/", *"nosuch", "enter")
        await until_shown(pilot, "Nothing matches 'nosuch'")
        await pilot.press("escape")
        await until_shown(pilot, "Pods 5")


async def test_a_frozen_picture_stays_while_the_world_goes_on() -> None:
    app = shown_at()
    world = app.run_shown.world
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "PENDING 5")
        await pilot.press("p")
        await until_shown(pilot, "FROZEN")
        for pod in list(world.pending.values()):
            bound = replace(pod, node_name="n1", phase="Running")
            world.apply(events.ObjectSeen(app.run_shown.now(), "pods", events.Change.MODIFIED, bound))
        assert not world.pending
        await pilot.press("2", "1")
        await until_shown(pilot, "PENDING 5")
        await pilot.press("L")
        await until_shown(pilot, "PENDING 0")
        assert "FROZEN" not in text_of(app)


async def test_a_lost_stream_dims_the_lists_and_names_the_cause() -> None:
    app = shown_at()
    world = app.run_shown.world
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "PENDING 5")
        words = "pods: connection refused; trying again"
        world.apply(events.StreamChanged(app.run_shown.now(), "pods", events.StreamState.STALE, words, 1.0))
        await until_shown(pilot, "STALE")
        await until_shown(pilot, words)
        assert "pods lost" in text_of(app)


async def test_a_problem_stands_in_the_sentence_line() -> None:
    app = shown_at()
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "PENDING 5")
        app.run_shown.world.apply(events.Problem(app.run_shown.now(), "ec2", "CreateFleet is throttled"))
        await until_shown(pilot, "ec2: CreateFleet is throttled")


async def test_a_run_that_failed_says_so_and_the_screen_stays() -> None:
    app = shown_at()
    async with app.run_test(size=SIZE) as pilot:
        app.run_shown.failure = "no kubeconfig at /nowhere; pass --kubeconfig"
        app.clock.dirty.mark("problems")
        await until_shown(pilot, "no kubeconfig at /nowhere; pass --kubeconfig")
        assert app.is_running


async def test_narration_is_the_sentence_of_the_demo_and_space_goes_on() -> None:
    app = shown_at(mode="DEMO")
    run = app.run_shown
    assert isinstance(run, Moment)
    async with app.run_test(size=SIZE) as pilot:
        run.world.apply(events.Narrated(run.now(), 1, "Act 1: somebody scales inflate"))
        await until_shown(pilot, "▸ Act 1: somebody scales inflate")
        await pilot.press("space")
        await until(pilot, lambda: run.steps == 1)


async def test_space_does_nothing_where_there_is_no_story() -> None:
    app = shown_at()
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "PENDING 5")
        assert "next step" not in text_of(app)


async def test_the_palette_goes_to_an_object_by_name() -> None:
    app = shown_at(11.0)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "NODECLAIM")
        await pilot.press(":", *"impossible")
        await until_shown(pilot, "pod default/impossible")
        await pilot.press("enter")
        await until_shown(pilot, "instance-type = no-such-type")


async def test_the_screen_is_saved_as_svg_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = shown_at()
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "PENDING 5")
        await pilot.press("x")
        await until_shown(pilot, "export overview")
        await pilot.press(*"picture", "enter")
        await until_shown(pilot, "saved ")
    (saved,) = os.listdir(tmp_path)
    assert saved.startswith("karptui-overview-")
    assert saved.endswith(".svg")


async def test_the_unit_of_money_changes_everywhere() -> None:
    app = shown_at(11.0)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "$/h")
        await pilot.press("u")
        await until_shown(pilot, "$/d")
        await pilot.press("u")
        await until_shown(pilot, "$/mo")


async def test_hostile_names_are_shown_as_text_on_every_screen() -> None:
    app = shown_at()
    world, now = app.run_shown.world, app.run_shown.now()
    hostile = "[@click=app.quit]x[/]\x1b]0;owned\x07\u202eevil"
    for pod in list(world.of("pods").values())[:3]:
        named = replace(pod, metadata=replace(pod.metadata, name=hostile + pod.metadata.name))
        world.apply(events.ObjectSeen(now, "pods", events.Change.ADDED, named))
    world.apply(events.Problem(now, hostile, hostile))
    world.apply(
        events.DecisionMade(now, Decision("D-00009", now, DecisionKind.NOMINATE, pods=(hostile,), nodes=(hostile,)))
    )
    async with app.run_test(size=SIZE) as pilot:
        for keys in (
            ["1"],
            ["enter"],
            ["escape", "2"],
            ["enter"],
            ["4"],
            ["enter"],
            ["8"],
            [":", *"click"],
            ["escape", "?"],
        ):
            await pilot.press(*keys)
            await pilot.pause()
            shown = text_of(app)
            assert all(character.isprintable() or character == "\n" for character in shown)
            assert "\u202e" not in shown
        assert app.is_running


async def test_two_hundred_switches_leave_nothing_behind() -> None:
    app = shown_at()
    async with app.run_test(size=SIZE) as pilot:

        async def round_trip(times: int) -> int:
            for _time in range(times):
                await pilot.press("2", "enter", "enter", "escape", "escape", "8", "4", "1")
            gc.collect()
            return len(gc.get_objects())

        await round_trip(4)
        before = await round_trip(2)
        after = await round_trip(25)
        assert after - before < 500


async def test_a_fault_of_the_screen_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from karptui.settings import Settings
    from karptui.tui import app as application

    run = Moment(shown_at().run_shown.world, 1_000_000.0)

    async def broken(self: Live) -> None:
        self.run_shown, self.opened, self.clusters = run, True, Clusters(self, None)
        self.fault = ValueError("boom")

    monkeypatch.setattr(Live, "run_async", broken)
    with pytest.raises(Failure, match="the screen failed"):
        await application.show(lambda: run, Settings())
    assert run.stopped


async def test_a_run_that_cannot_be_made_ends_the_screen_with_its_own_sentence() -> None:
    def make() -> Moment:
        raise Failure("there is no recording at /nowhere")

    app = Live(make)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: not app.is_running)
    assert str(app.fault) == "there is no recording at /nowhere"
    assert not app.opened


def test_nothing_of_a_run_is_imported_before_the_first_frame() -> None:
    code = "import sys, karptui.cli.playing, karptui.cli.demo, karptui.tui.live; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("karptui.")}
    assert "tui" in rooms
    assert not rooms & {"world", "kube", "engine", "cloud", "control", "lab", "modes"}
