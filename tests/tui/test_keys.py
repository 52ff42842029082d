"""Every key of the action table, pressed on every screen it is said to work on."""

import os
from pathlib import Path

import pytest

from karptui.tui.actions import ACTIONS, Action, bindings_of
from karptui.tui.keys_page import keys_page
from karptui.tui.live import Live
from karptui.tui.screens.frame import Frame
from karptui.tui.subject import Subject
from tests.tui.moment import shown_at, text_of, until, until_shown

_WAYS = {
    "overview": [],
    "pods": ["2"],
    "map": ["3"],
    "decisions": ["4"],
    "shadow": ["5"],
    "cost": ["6"],
    "whatif": ["7"],
    "log": ["8"],
    "timeline": ["2", "enter"],
    "decision": ["4", "enter"],
    "detail": [],
}
_PRESSED = {"⏎": "enter", "esc": "escape", "del": "delete", "space": "space"}
_NARROW = {"pods", "map", "log", "timeline", "cost"}
_LEAVES = {"leave_program"}


def _actions(screen: str) -> list[Action]:
    found = [action for action in ACTIONS if action.exists(screen, "REPLAY") and action.name not in _LEAVES]
    return sorted(found, key=lambda action: action.name in ("leave", "open_filter", "open_palette", "open_help"))


async def _reach(app: Live, pilot, screen: str) -> None:  # type: ignore[no-untyped-def]
    while len(app.screen_stack) > 1 and app.screen.is_modal:
        await pilot.press("escape")
    if getattr(app.screen, "place", "") == screen:
        return
    await pilot.press("1")
    for key in _WAYS[screen]:
        await pilot.press(key)
        await pilot.pause()
    if screen == "detail":
        app.show_why(Subject("claim", next(iter(app.picture.world.of("nodeclaims")))))
    await until(pilot, lambda: getattr(app.screen, "place", "") == screen)


@pytest.mark.parametrize("screen", sorted(_WAYS))
async def test_every_key_of_a_screen_is_answered_and_none_ends_the_program(
    screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    size = (80, 24) if screen in _NARROW else (120, 36)
    app = shown_at(11.0)
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, "In flight" if size[0] > 100 else "Decisions")
        for action in _actions(screen):
            await _reach(app, pilot, screen)
            assert isinstance(app.screen, Frame)
            assert hasattr(app.screen, f"action_{action.name}")
            for key in action.keys[:1]:
                await pilot.press(_PRESSED.get(key, key))
                await pilot.pause()
                assert app.is_running, f"{key} on {screen} ended the program"
                shown = text_of(app)
                assert all(character.isprintable() or character == "\n" for character in shown)


def test_every_action_has_a_method_on_the_screens_it_is_for() -> None:
    from karptui.tui.screens.places import details, places

    for name, screen in {**places(), **details()}.items():
        for binding in bindings_of(name):
            method = binding.action.partition("(")[0]
            assert hasattr(screen, f"action_{method}"), f"{method} on {name}"


def test_the_page_of_keys_is_the_table() -> None:
    page = Path(__file__).parents[2] / "docs" / "keys.md"
    assert page.read_text() == keys_page(), "run: python -m karptui.tui.keys_page > docs/keys.md"


async def test_a_view_is_saved_in_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import csv
    import json

    monkeypatch.chdir(tmp_path)
    app = shown_at(11.0)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "Pods ")
        for words in ("picture", "Markdown", "JSON", "CSV"):
            await pilot.press("x")
            await until_shown(pilot, "export pods")
            await pilot.press(*f"save {words}", "enter")
            await until_shown(pilot, "saved ")
    saved = {os.path.splitext(name)[1]: tmp_path / name for name in os.listdir(tmp_path)}
    assert saved[".svg"].read_text().startswith("<svg")
    assert "| POD | STATE |" in saved[".md"].read_text()
    boxes = json.loads(saved[".json"].read_text())["boxes"]
    rows = list(csv.DictReader(saved[".csv"].open()))
    assert len(rows) == len(boxes[0]["rows"]) > 0
    assert rows[0]["POD"] == boxes[0]["rows"][0]["POD"]
