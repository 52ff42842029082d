"""The five questions of a new user, from the Overview as it opens, by fewer than six keys, each told on the screen."""

from typing import NamedTuple

import pytest

from karptui.tui.actions import textual_key
from karptui.tui.screens.frame import TIME_HINT
from tests.tui.moment import shown_at, until, until_shown
from tests.tui.test_travel import told

FEWER_THAN = 6
WIDE, SMALL = (120, 36), (80, 24)


class Step(NamedTuple):
    """A key, and the words on the screen that tell of it before it is pressed."""

    key: str
    told: str


PODS, COST, TIME, BOX, WHY = Step("2", "2Pod"), Step("6", "6Cost"), Step("T", "T time"), Step("tab", "tab box"), "⏎"
DIGITS = [Step(digit, TIME_HINT) for digit in "1229"]


async def answered(app, size: tuple[int, int], steps: list[Step], *answers: str) -> None:  # type: ignore[no-untyped-def]
    """Walk the steps and find the answer's words on the screen."""
    assert len(steps) < FEWER_THAN
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.opened and app.screen.focused is not None)
        for key, hint in steps:
            await until_shown(pilot, hint)
            await pilot.press(textual_key(key))
        for words in answers:
            await until_shown(pilot, words)


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_why_a_given_pod_waits(size: tuple[int, int]) -> None:
    await answered(
        shown_at(11.0),
        size,
        [PODS],
        "pod default/impossible",
        "pool default: no instance type has instance-type no-such-type",
        "fix  drop the selector instance-type = no-such-type: on kwok-default",
    )


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_why_this_type_was_chosen_and_not_another(size: tuple[int, int]) -> None:
    steps = [Step("4", "4Dec"), Step(WHY, "⏎ why")]
    await answered(shown_at(2.4), size, steps, "D-00001", "chosen", "7.9% dearer")


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_why_a_node_was_not_removed(size: tuple[int, int]) -> None:
    steps = [BOX, BOX, Step(WHY, "⏎ why")]
    await answered(shown_at(11.0, surveyed=True), size, steps, "stays: it was just chosen for a")


async def test_the_reason_of_a_node_stands_beside_the_list_where_there_is_room() -> None:
    await answered(shown_at(11.0, surveyed=True), WIDE, [BOX, BOX], "stays: it was just chosen for a")


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_what_could_be_saved_and_who_blocks_it(size: tuple[int, int]) -> None:
    await answered(shown_at(60.0, surveyed=True), size, [COST], "Open savings", "−0.0760", "NodePool default")


async def test_what_happened_at_a_time_of_the_day() -> None:
    words = "12:29: 4 decisions, 1 refusal, 4 NodeClaims came; first 12:29:04 5 pods → c-8x-amd64-linux"
    await answered(told(60.0), WIDE, [TIME, *DIGITS], words, "AT 12:29:0")
