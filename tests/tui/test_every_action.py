"""Every action of the table does what its text says, on every screen it is for, by every key it has."""

from pathlib import Path

import pytest

from karptui.tui.actions import PLACES, bindings_of
from karptui.tui.keys_page import keys_page
from karptui.tui.screens.places import screens
from tests.tui import expected
from tests.tui.trying import ALL, EXPECTED, Tried, application, cases

CASES = cases()
WALKS = sorted({(scene, screen) for _, screen, scene in CASES})
"""One application for each; all actions of a scene on a screen are tried in it, one after the other."""


def test_every_action_of_the_table_has_an_expectation_on_each_of_its_screens() -> None:
    assert expected.__all__
    assert sorted(set(CASES) - set(EXPECTED)) == [], "say in tests/tui/expected what the action does there"
    assert sorted(set(EXPECTED) - set(CASES)) == [], "there is no such action any more"


@pytest.mark.parametrize(("scene", "screen"), WALKS)
async def test_each_key_does_what_its_text_says(
    scene: str, screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = application(scene)
    async with app.run_test(size=(120, 36)) as pilot:
        tried = Tried(app, pilot, screen)
        await tried.until(lambda: app.opened and tried.place == "overview" and app.early_keys.done)
        for (name, place, where), action in CASES.items():
            if (place, where) != (screen, scene):
                continue
            tried.group = action.group
            for tried.key in action.keys:
                await tried.begin()
                try:
                    await EXPECTED[name, place, where](tried)
                except BaseException as error:
                    error.add_note(f"{action.name} by {tried.key} on {screen}, {scene}: {action.text}")
                    raise
                assert app.is_running


@pytest.mark.parametrize("screen", ALL)
async def test_a_number_leads_to_its_place_from_everywhere(screen: str) -> None:
    app = application("REPLAY")
    async with app.run_test(size=(80, 24)) as pilot:
        tried = Tried(app, pilot, screen)
        await tried.until(lambda: app.opened and tried.place == "overview" and app.early_keys.done)
        for place in PLACES:
            await tried.begin()
            tried.key = place.key
            await tried.opens(place.screen)


def test_every_action_has_a_method_on_the_screens_it_is_for() -> None:
    for name, make in screens().items():
        screen = make()
        for binding in bindings_of(name):
            method = binding.action.partition("(")[0]
            assert hasattr(screen, f"action_{method}"), f"{method} on {name}"


def test_the_page_of_keys_is_the_table() -> None:
    page = Path(__file__).parents[2] / "docs" / "keys.md"
    assert page.read_text() == keys_page(), "run: python -m karptui.tui.keys_page > docs/keys.md"
