"""Pictures of the application over a moment of the recording. After a wanted change: `pytest … --snapshot-update`."""

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from karptui.tui.live import Live
from karptui.tui.screens.what_if import WhatIfScreen
from karptui.world import events
from tests.tui.moment import all_helped, shown_at, until, until_shown
from tests.tui.test_travel import told
from tests.world.recorded import STARTED

SIZES = [(120, 36), (80, 24)]
NAMES = ["120x36", "80x24"]
TO_NODES = ["tab", "tab"]
PLACES = {
    "pods": ["2"],
    "map": ["3"],
    "decisions": ["4"],
    "cost": ["6"],
    "what-if": ["7"],
    "log": ["8"],
    "relations of a pod": ["2", "j", "r"],
    "node": [*TO_NODES, "G", "enter"],
    "events of a claim": ["tab", "e"],
    "nodepool": ["shift+tab", "enter"],
    "timeline of a node": [*TO_NODES, "G", "t"],
    "yaml of a node": [*TO_NODES, "y"],
}
"""Screens and the keys that lead to them."""
WITHOUT_COLOUR = ("map", "cost")


def pressed(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Press these keys, and wait for what is worked out beside the screen."""

    async def there(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, Live)
        await until(pilot, lambda: app.opened and app.early_keys.done)
        await pilot.press(*keys)
        await all_helped(pilot)

    return there


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_the_overview(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(shown_at(11.0), terminal_size=size, run_before=pressed())


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_a_timeline(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(shown_at(11.0), terminal_size=size, run_before=pressed("2", "enter"))


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_a_decision(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(shown_at(2.4), terminal_size=size, run_before=pressed("4", "enter"))


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
@pytest.mark.parametrize("place", PLACES)
def test_a_place(snap_compare, place: str, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(shown_at(11.0, surveyed=True), terminal_size=size, run_before=pressed(*PLACES[place]))


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_the_answer_to_a_what_if(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    app = shown_at(11.0, surveyed=True)

    async def asked(pilot: Pilot[None]) -> None:
        await pilot.press(*TO_NODES, "w")
        await until_shown(pilot, "nothing was touched")
        screen = app.screen
        assert isinstance(screen, WhatIfScreen)
        screen._took = 0.0  # pyright: ignore[reportPrivateUsage]
        app.clock.dirty.mark("whatif")
        app.clock.draw_now()
        await until_shown(pilot, "Result in 0.0s")

    assert snap_compare(app, terminal_size=size, run_before=asked)


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_the_last_picture_of_a_lost_connection(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    app = shown_at(11.0, mode="OBSERVE", surveyed=True)
    words = "No connection to https://10.0.0.1:6443: connection refused; trying again in 8 s"
    for resource in ("pods", "nodes", "nodeclaims", "nodepools"):
        lost = events.StreamChanged(STARTED + 11.0, resource, events.StreamState.STALE, words)
        app.run_shown.world.apply(lost)
    assert snap_compare(app, terminal_size=size, run_before=pressed())


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_the_past_of_a_replay(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    app = told(60.0)

    async def stepped_back(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "PENDING 0" if size[0] > 100 else "0 pending")
        await pilot.press("[")
        await until_shown(pilot, "AT 12:29:13")
        if size[0] > 100:  # else the list of nodes is not there
            await until(pilot, lambda: app.surveying.latest is not None)
        app.clock.draw_now()

    assert snap_compare(app, terminal_size=size, run_before=stepped_back)


@pytest.mark.parametrize("place", WITHOUT_COLOUR)
def test_a_place_without_colour(snap_compare, monkeypatch: pytest.MonkeyPatch, place: str) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(shown_at(11.0, surveyed=True), terminal_size=(120, 36), run_before=pressed(*PLACES[place]))


def test_the_overview_without_colour(snap_compare, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(shown_at(11.0), terminal_size=(120, 36), run_before=pressed())
