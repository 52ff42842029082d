"""A user's own keys: they work, they are shown, and what cannot be is one sentence."""

import pytest

from karptui.tui.actions import Keymap, usable_keymap
from karptui.tui.appearance.theme import load_themes, shipped_folder
from karptui.tui.live import Live
from tests.tui.moment import Moment, decided, text_of, until_shown
from tests.world.recorded import STARTED

SIZE = (120, 36)


def with_keys(**keys: tuple[str, ...]) -> Live:
    run = Moment(decided(2.4), STARTED + 2.4)
    return Live(run, load_themes([shipped_folder()]), mode="REPLAY", keymap=keys)


async def test_an_own_key_takes_the_place_of_the_built_in_one_in_the_bar_and_in_help() -> None:
    app = with_keys(open_filter=("f3", "z"), open_help=("f1",))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "5 pods wait for a new")
        assert "f3 filter" in text_of(app)
        await pilot.press("slash", "f3", *"web", "enter")
        await until_shown(pilot, "'web'")
        await pilot.press("escape", "f1")
        await until_shown(pilot, "Keys of Overview")
        assert "f3 z" in text_of(app)


async def test_a_conflict_is_said_and_the_built_in_keys_stay() -> None:
    app = with_keys(open_filter=("t",))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "Key map: t is both show_timeline and open_filter on overview; change one.")
        await pilot.press("slash", *"web", "enter")
        await until_shown(pilot, "'web'")


@pytest.mark.parametrize(
    ("keymap", "sentence"),
    [
        ({"shw_why": ("i",)}, "there is no action 'shw_why'; did you mean show_why?"),
        ({"show_why": ("banana",)}, "'banana' is no key"),
        ({"show_why": ("ctrl+banana",)}, "'ctrl+banana' is no key"),
        ({"show_why": ()}, "show_why has no key"),
        ({"go_live": ("j",)}, "j is both moving about and go_live"),
        ({"go_live": ("2",)}, "2 is both go to Pods and go_live"),
        ({"go_live": ("slash",)}, "slash is both open_filter and go_live"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_key_that_cannot_be_is_one_sentence(keymap: Keymap, sentence: str) -> None:
    good, faults = usable_keymap(keymap)
    assert not good
    (fault,) = faults
    assert sentence in fault
    assert "\n" not in fault


def test_two_actions_may_swap_their_keys() -> None:
    good, faults = usable_keymap({"show_events": ("E",), "show_yaml": ("e",)})
    assert not faults
    assert set(good) == {"show_events", "show_yaml"}
