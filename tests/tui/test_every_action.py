"""Every action of the table does what its text says, on every screen it is for, by every key it has."""

from pathlib import Path
from typing import Any

import pytest
from textual._compositor import Compositor

from karptui.tui.actions import PLACES, bindings_of
from karptui.tui.keys_page import keys_page
from karptui.tui.screens.places import screens
from tests.tui import expected
from tests.tui.trying import ALL, EXPECTED, Tried, application, cases

CASES = cases()
SHARED = ("DEMO", "OBSERVE")
"""Scenes with a few actions on every screen, which leave nothing behind: one application for all screens."""
WALKS = sorted({(scene, "all" if scene in SHARED else screen) for _, screen, scene in CASES})
"""One application for each; all actions of a scene on a screen are tried in it, one after the other."""


@pytest.fixture
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes to no terminal is not made, a fifth of the work. Who looks at a screen still has all of it painted."""
    whole = Compositor.render_update

    def update(self: Compositor, full: bool = False, *args: Any, **kwargs: Any) -> Any:
        if full:
            return whole(self, full, *args, **kwargs)
        self._dirty_regions.clear()
        return None

    monkeypatch.setattr(Compositor, "render_update", update)


def test_every_action_of_the_table_has_an_expectation_on_each_of_its_screens() -> None:
    assert expected.__all__
    assert sorted(set(CASES) - set(EXPECTED)) == [], "say in tests/tui/expected what the action does there"
    assert sorted(set(EXPECTED) - set(CASES)) == [], "there is no such action any more"


@pytest.mark.parametrize(("scene", "screen"), WALKS)
@pytest.mark.usefixtures("unpainted")
async def test_each_key_does_what_its_text_says(
    scene: str, screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = application(scene)
    async with app.run_test(size=(120, 36)) as pilot:
        for place in ALL if screen == "all" else (screen,):
            tried = Tried(app, pilot, place)
            await tried.until(lambda: app.opened and app.early_keys.done)
            here = {name: action for (name, on, where), action in CASES.items() if (on, where) == (place, scene)}
            for name, action in here.items():
                tried.group = action.group
                for tried.key in action.keys:
                    await tried.begin()
                    try:
                        await EXPECTED[name, place, scene](tried)
                        assert tried.text.strip()
                    except BaseException as error:
                        error.add_note(f"{action.name} by {tried.key} on {place}, {scene}: {action.text}")
                        raise
                    assert app.is_running


@pytest.mark.usefixtures("unpainted")
async def test_a_number_leads_to_its_place_from_everywhere() -> None:
    app = application("REPLAY")
    async with app.run_test(size=(80, 24)) as pilot:
        for screen in ALL:
            tried = Tried(app, pilot, screen)
            await tried.until(lambda: app.opened and app.early_keys.done)
            for place in PLACES:
                await tried.begin()
                tried.key = place.key
                await tried.opens(place.screen)
                assert tried.text.strip()


def test_every_action_has_a_method_on_the_screens_it_is_for() -> None:
    for name, make in screens().items():
        screen = make()
        for binding in bindings_of(name):
            method = binding.action.partition("(")[0]
            assert hasattr(screen, f"action_{method}"), f"{method} on {name}"


def test_the_page_of_keys_is_the_table() -> None:
    page = Path(__file__).parents[2] / "docs" / "keys.md"
    assert page.read_text() == keys_page(), "run: python -m karptui.tui.keys_page > docs/keys.md"
