"""Map, Cost and What-if over a moment of the recording, at both sizes."""

import pytest

from karptui.tui.screens.what_if import WhatIfScreen
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.packing_map import PackingMap
from karptui.world import events
from karptui.world.bill_series import pack
from tests.tui.moment import shown_at, text_of, until, until_shown

SIZES = [(120, 36), (80, 24)]


@pytest.mark.parametrize("size", SIZES)
async def test_the_map_shows_nodes_and_why_they_stay(size: tuple[int, int]) -> None:
    app = shown_at(60.0)
    async with app.run_test(size=size) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "Packing map by zone")
        await until(pilot, lambda: app.surveying.latest is not None)
        first = app.screen.query_one("#map", PackingMap).cursor_cell
        await pilot.press("right")
        await until(pilot, lambda: app.screen.query_one("#map", PackingMap).cursor_cell != first)
        await pilot.press("v", "h")
        await until_shown(pilot, "Packing map by pool, bar: memory")
        await pilot.press("enter")
        await until_shown(pilot, "esc back")


@pytest.mark.parametrize("size", SIZES)
async def test_cost_shows_bill_ledger_and_open_savings(size: tuple[int, int]) -> None:
    app = shown_at(60.0)
    async with app.run_test(size=size) as pilot:
        await pilot.press("6")
        await until_shown(pilot, "Ledger: said and earned")
        await until_shown(pilot, "looked ")
        assert "Open savings, by who holds them" in text_of(app)
        await pilot.press("v")
        await until_shown(pilot, "By namespace")


@pytest.mark.parametrize("size", SIZES)
async def test_a_marked_node_is_tried_without(size: tuple[int, int]) -> None:
    app = shown_at(60.0)
    async with app.run_test(size=size) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: app.screen.query_one("#map", PackingMap).cursor_cell is not None)
        await pilot.press("space")
        await until(pilot, lambda: len(app.marked) == 1)
        (name,) = app.marked
        await pilot.press("w")
        await until_shown(pilot, "DIFFERENCE")
        assert isinstance(app.screen, WhatIfScreen)
        assert app.screen.changes == (f"remove {name}",)
        await pilot.press("R")
        await until_shown(pilot, "What can be asked here")


async def test_a_change_can_be_written_edited_and_taken_back() -> None:
    app = shown_at(60.0)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("7", "a", *"price spot x2", "enter")
        await until_shown(pilot, "DIFFERENCE")
        await pilot.press("enter", "backspace", "3", "enter")
        screen = app.screen
        assert isinstance(screen, WhatIfScreen)
        await until(pilot, lambda: screen.changes == ("price spot x3",))
        await pilot.press("a", *"explode", "enter")
        await until_shown(pilot, "there is no change 'explode'")
        await pilot.press("a", "escape", "G", "delete")
        await until(pilot, lambda: screen.changes == ("price spot x3",))
        assert app.is_running


async def test_labels_asked_for_have_a_column_and_every_label_can_be_filtered_by() -> None:
    app = shown_at(60.0)
    app.extra_labels = ("topology.kubernetes.io/zone",)
    world = app.run_shown.world
    zones = {node.zone for node in world.of("nodes").values() if node.zone}
    async with app.run_test(size=(200, 60)) as pilot:
        await until_shown(pilot, "ZONE")
        zone = sorted(zones)[0]
        nodes = app.screen.query_one("#nodes", Listing)
        nodes.focus()
        await pilot.press("/", *f"topology.kubernetes.io/zone={zone}", "enter")
        wanted = sum(node.zone == zone for node in world.of("nodes").values())
        await until(pilot, lambda: nodes.counts[0] == wanted)


async def test_another_side_of_an_object_is_one_key_away_and_esc_leads_back() -> None:
    app = shown_at(11.0)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "Pods ")
        for key, words in (("e", "Events of pod"), ("y", "YAML of pod"), ("r", "Relations of pod")):
            await pilot.press(key)
            await until_shown(pilot, words)
            await pilot.press("escape", "escape")
            await until_shown(pilot, "Pods ")


async def test_what_was_looked_for_is_found_again_with_n_after_the_filter_is_dropped() -> None:
    app = shown_at(11.0)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("2", "n")
        await until_shown(pilot, "Nothing has been looked for yet")
        await pilot.press("/", *"impossible", "enter", "escape", "g")
        pods = app.screen.query_one("#pods", Listing)
        await until(pilot, lambda: pods.counts[0] > 1)
        await pilot.press("n")
        await until(pilot, lambda: "impossible" in (pods.cursor_key or ""))
        first = pods.cursor_key
        await pilot.press("N")
        await until(pilot, lambda: "impossible" in (pods.cursor_key or ""))
        assert first is not None


@pytest.mark.parametrize(("size", "words"), [((120, 36), "7 d, all runs: $2.00/h to $4.00/h"), ((80, 24), "Last 7 d")])
async def test_cost_reaches_over_earlier_runs_with_the_gaps_between_them(size: tuple[int, int], words: str) -> None:
    app = shown_at(60.0)
    world, now = app.run_shown.world, app.run_shown.now()
    spans = ((2 * 86400.0, 4.0), (0.0, 2.0))
    points = [(now - since - 60.0 * minute, price) for since, price in spans for minute in range(600)]
    async with app.run_test(size=size) as pilot:
        await pilot.press("6")
        await until_shown(pilot, "Last 5m00s")
        assert "all runs" not in text_of(app)
        world.apply(events.BillKnown(now, pack(points)))
        await until_shown(pilot, words)
        await until_shown(pilot, "····")


async def test_the_map_is_dimmed_and_marked_while_a_stream_is_lost_as_every_list_is() -> None:
    app = shown_at(60.0)
    run = app.run_shown

    def told(state: events.StreamState) -> None:
        run.world.apply(events.StreamChanged(run.now(), "nodes", state, "no answer", run.now()))

    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "Packing map by zone")
        shown = app.screen.query_one("#map", PackingMap)
        await until(pilot, lambda: shown.cursor_cell is not None)
        fresh = [shown.render_line(line) for line in range(6)]
        told(events.StreamState.STALE)
        await until_shown(pilot, "packed ")
        await until(pilot, lambda: "STALE" in shown.render_line(0).text)
        for line, before in enumerate(fresh):
            now = shown.render_line(line)
            assert now.text.replace("   STALE", "").rstrip() == before.text.rstrip()
            if any(letter.isalnum() for letter in before.text):  # an empty bar is as dim as it can be
                assert {segment.style for segment in now} != {segment.style for segment in before}
        told(events.StreamState.LIVE)
        await until(pilot, lambda: [shown.render_line(line) for line in range(6)] == fresh)
