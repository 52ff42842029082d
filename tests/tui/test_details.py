"""The details: what their sentence says, and where their lists begin."""

import pytest

from karptui.tui.subject import Subject
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.sentence import Sentence
from tests.tui.moment import shown_at, text_of, until, until_shown


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_the_sentence_of_a_detail_is_of_what_it_shows_and_answers_stay_where_they_were_given(
    size: tuple[int, int],
) -> None:
    app = shown_at(60.0)
    world = app.run_shown.world
    pool, node = next(iter(world.of("nodepools"))), next(iter(world.of("nodes")))
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, "1Ov")
        for kind, key, words in (("pool", pool, f"NodePool {pool}:"), ("node", node, f"node {node}:")):
            app.show("detail", Subject(kind, key))
            await pilot.pause()
            sentence = app.screen.query_one(Sentence)
            assert sentence.text.startswith(words)
            await pilot.press("y")
            await until_shown(pilot, "# What karptui keeps of it")
            assert "karptui keeps of it" in sentence.text
            await pilot.press("r")
            assert sentence.text.startswith("what hangs together with")
        app.show("detail", Subject("pool", pool))
        await pilot.pause()
        await pilot.press("t")
        await until_shown(pilot, "No timeline of that")
        await pilot.press("e")
        assert "No timeline of that" not in text_of(app)


async def test_the_decision_behind_something_is_its_own_and_only_offered_where_there_is_one() -> None:
    app = shown_at(11.0)
    world = app.run_shown.world
    first, second = list(world.of("nodeclaims"))[:2]
    world.decision_of_claim[first] = next(iter(world.decisions))
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, "1Ov")
        app.show("detail", Subject("claim", first))
        await until_shown(pilot, "⏎ decision")
        app.show_facet(Subject("claim", second), "events")
        await pilot.pause()
        await pilot.press("enter")
        await until_shown(pilot, "No decision of karptui stands behind this")
        await pilot.press("e")
        await until(pilot, lambda: "⏎ decision" not in text_of(app))
        await pilot.press("escape")
        app.show_facet(Subject("claim", first), "events")
        await pilot.pause()
        await pilot.press("enter")
        await until_shown(pilot, "D-00001 │")


async def test_relations_begin_at_their_top_whatever_was_looked_at_before() -> None:
    app = shown_at(60.0)
    first, second = list(app.run_shown.world.of("nodes"))[:2]
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, "1Ov")
        app.show("detail", Subject("node", first))
        await pilot.pause()
        await pilot.press("r")
        listing = app.screen.query_one("#relations", Listing)
        await until(pilot, lambda: listing.counts[0] > 1)
        await pilot.press("j")
        shared = listing.cursor_key
        app.show("detail", Subject("node", second))
        await pilot.press("r")
        await pilot.pause()
        assert shared in {item.key for item in listing._items}  # pyright: ignore[reportPrivateUsage]
        assert listing.cursor_text.startswith("made by")


async def test_without_unicode_notes_and_sentences_name_the_key() -> None:
    app = shown_at(11.0, ascii_only=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "enter in full")
        await pilot.press("7")
        await until_shown(pilot, "enter asks what is under the cursor")
        await until_shown(pilot, "enter asks it")
        assert "<" not in text_of(app)


async def test_a_prompt_leaves_both_lines_of_the_sentence_in_sight() -> None:
    app = shown_at(11.0)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "Pods 12")
        for key, begins in (("slash", " / "), ("T", " time: ")):
            await pilot.press(key)
            await pilot.pause()
            *_, prompt, first, second, keys = text_of(app).splitlines()
            assert (
                prompt.startswith(begins) and first.startswith(" ▸ ") and "no-such-type" in second and "? keys" in keys
            )
            await pilot.press("escape")


async def test_the_palette_counts_what_can_be_chosen_and_says_what_it_is_for() -> None:
    app = shown_at(11.0)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "x")
        await until_shown(pilot, "7 of 7")
        assert "a question" not in text_of(app)
        await pilot.press("escape", ":")
        await until_shown(pilot, "a question, a name or a command")
