"""The Shadow screen over the shipped recording, at both sizes."""

import json
from pathlib import Path

import pytest
from textual.pilot import Pilot

from karptui.report.bundle import BundleFolder, disagreements
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.sentence import Sentence
from tests.tui.moment import shown_at, text_of, until, until_shown
from tests.tui.shadowed import shadow_at

SIZES = [(120, 36), (80, 24)]
END = 175.0


@pytest.mark.parametrize("size", SIZES)
async def test_every_decision_stands_with_its_verdict_and_both_answers(size: tuple[int, int]) -> None:
    app = shadow_at(END)
    async with app.run_test(size=size) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "11 decisions")
        await until_shown(pilot, "unexplained 0")
        assert app.screen.query_one("#cases", Listing).counts == (11, 11)
        await until_shown(pilot, "OURS")
        await pilot.press("enter")
        await until_shown(pilot, "esc back")
        assert "verdict" in text_of(app)
        await pilot.press("escape")
        await until_shown(pilot, "Predictions and what really happened")


async def test_the_box_below_turns_over_from_causes_to_inputs() -> None:
    app = shadow_at(END)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("5")
        for words in ("CAUSE", "NODEPOOL", "FEATURE", "its Deployment"):
            await until_shown(pilot, words)
            await pilot.press("v")


async def test_only_what_disagrees_is_shown_on_asking() -> None:
    app = shadow_at(END)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "11 decisions")
        await pilot.press("f")
        listing = app.screen.query_one("#cases", Listing)
        await until(pilot, lambda: listing.counts[0] == 0)
        assert "only what disagrees" in text_of(app)


async def test_the_evidence_of_a_case_becomes_a_file_that_asks_again(tmp_path: Path) -> None:
    app = shadow_at(END)
    app.run_shown.bundles = BundleFolder(tmp_path / "evidence", none=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "11 decisions")
        await pilot.press("b")
        await until_shown(pilot, "kept ")
    (file,) = (tmp_path / "evidence").glob("S-*.json")
    assert json.loads(file.read_text())["shadow"]["verdict"] == "same"
    assert disagreements(file) == []


async def test_without_a_place_for_evidence_that_is_said() -> None:
    app = shadow_at(END)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "11 decisions")
        await pilot.press("b")
        await until_shown(pilot, "is kept no longer")


async def test_what_comes_next_stands_with_its_time() -> None:
    app = shadow_at(10.5)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("5")
        await until(pilot, lambda: bool(app.screen.query_one("#acts", Listing).counts[0]))


async def test_decisions_and_nodes_bear_the_verdict() -> None:
    app = shadow_at(60.0)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: any(row.mark == "✓" for row in app.picture.nodes()))
        await pilot.press("4")
        await until_shown(pilot, "Karpenter did the same")
        assert any(row.mark == "✓" for row in app.picture.decisions(20))


@pytest.mark.parametrize("size", SIZES)
async def test_in_another_mode_the_screen_says_what_to_do(size: tuple[int, int]) -> None:
    app = shown_at(11.0)
    async with app.run_test(size=size) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "karptui shadow")


async def test_what_may_not_be_read_is_the_sentence_of_the_screen() -> None:
    app = shadow_at(20.0)
    watch = app.run_shown.watch
    assert watch is not None
    watch.inputs.blind["metrics"] = "prices are not Karpenter's own: forbidden"
    try:
        async with app.run_test(size=(120, 36)) as pilot:
            await pilot.press("5")
            await until_shown(pilot, "▸ prices are not Karpenter's own")
    finally:
        watch.inputs.blind.clear()


async def test_a_frozen_picture_keeps_its_verdicts() -> None:
    app = shadow_at(60.0)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "decisions")
        await pilot.press("p")
        await until(pilot, lambda: app.picture.frozen)
        kept = app.picture.shadow()
        app.clock.dirty.mark("second")
        await pilot.pause()
        assert app.picture.shadow() is kept


async def _drawn(pilot: Pilot[None]) -> None:
    """A narrow screen is laid out once more after it has come: the score under its head says that it is done."""
    await pilot.press("5")
    await until_shown(pilot, "100% of 4")


@pytest.mark.parametrize("size", SIZES, ids=["120x36", "80x24"])
def test_a_picture_of_it(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(shadow_at(60.0), terminal_size=size, run_before=_drawn)


def test_a_picture_of_it_in_ascii_without_colour(snap_compare, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(shadow_at(60.0, ascii_only=True), terminal_size=(120, 36), run_before=_drawn)


async def test_the_sentence_says_that_nothing_disagrees_where_only_that_is_shown() -> None:
    app = shadow_at(END)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "11 decisions")
        assert "as it was foreseen" in app.screen.query_one(Sentence).text
        await pilot.press("f")
        await until(pilot, lambda: app.screen.query_one("#cases", Listing).counts[0] == 0)
        assert "None of 11 verdicts disagrees" in app.screen.query_one(Sentence).text
        assert "No verdict is under the cursor" in text_of(app)


@pytest.mark.parametrize("size", SIZES)
async def test_where_there_is_no_shadow_it_is_said_how_to_begin(size: tuple[int, int]) -> None:
    app = shown_at(11.0)
    async with app.run_test(size=size) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "Nothing is foreseen here")
        await until_shown(pilot, "karptui shadow --recording FILE")
