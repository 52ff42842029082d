"""The tour behind `?` pressed twice."""

import pytest

from karptui.tui.dialogs.tour import pages, tour_lines
from karptui.tui.segments.line import plain
from tests.tui.moment import shown_at, text_of, until, until_shown


async def test_help_asked_for_twice_is_a_tour_that_esc_ends() -> None:
    app = shown_at()
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, "5 pods wait for a new")
        await pilot.press("question_mark")
        await until_shown(pilot, "Keys of Overview")
        await pilot.press("question_mark")
        await until_shown(pilot, "Why does this pod wait?")
        await pilot.press(*["question_mark"] * (pages() - 1))
        await until_shown(pilot, "And then?")
        await pilot.press("escape")
        await until_shown(pilot, "In flight")


@pytest.mark.parametrize("page", range(pages()))
def test_every_page_names_keys_that_are_there_and_follows_a_users_own(page: int) -> None:
    text = "\n".join(plain(line) for line in tour_lines(page, 70))
    assert "{" not in text
    assert all(len(line) <= 70 for line in text.splitlines())
    own = "\n".join(plain(line) for line in tour_lines(0, 70, {"show_why": ("f9",)}))
    assert "f9 says everything" in own


async def test_enter_goes_on_with_the_tour_and_closes_the_keys() -> None:
    app = shown_at(11.0)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "1Ov")
        await pilot.press("question_mark", "question_mark")
        await until_shown(pilot, "1 of 6")
        await pilot.press("enter")
        await until_shown(pilot, "2 of 6")
        await pilot.press("escape", "question_mark")
        await until_shown(pilot, "Keys of Overview")
        await pilot.press("enter")
        await until(pilot, lambda: "Keys of Overview" not in text_of(app))
