"""Going about for a long time leaves nothing behind: no widget, no object, no memory."""

import gc
import os
from collections import Counter
from pathlib import Path

import pytest
from textual.dom import DOMNode
from textual.pilot import Pilot

from karptui.tui.actions import PLACES
from karptui.tui.live import Live
from tests.tui.moment import shown_at, until, until_shown

TIMES = 200
WARM = 152
"""Of those: what is made once is made by then, and what is remembered of each list and screen is."""

GROWN_MIB = 8.0
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> float:
    """MiB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


def alive() -> Counter[str]:
    """Objects by type, and DOM nodes under a name of their own."""
    gc.collect()
    found = gc.get_objects()
    counted = Counter(type(thing).__name__ for thing in found)
    counted["DOM nodes"] = sum(isinstance(thing, DOMNode) for thing in found)
    return counted


async def switch(app: Live, pilot: Pilot[None], times: int) -> None:
    """Round through the places, `times` of them."""
    for _ in range(times // len(PLACES)):
        await pilot.press(*(place.key for place in PLACES))
        await until(pilot, lambda: getattr(app.screen, "place", "") == PLACES[-1].screen)


async def move_focus(app: Live, pilot: Pilot[None], times: int) -> None:
    """From list to list of the Overview."""
    await pilot.press("1")
    await until(pilot, lambda: getattr(app.screen, "place", "") == "overview")
    seen = set()
    for _ in range(times):
        await pilot.press("tab")
        seen.add(app.focused)
    assert len(seen) > 3


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc, which is not here")
async def test_200_screen_switches_and_200_focus_moves_leave_nothing_behind() -> None:
    app = shown_at(11.0, surveyed=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "Decisions")
        for work in (switch, move_focus):
            await work(app, pilot, WARM)
            before, memory = alive(), resident()
            await work(app, pilot, TIMES - WARM)
            after, grown = alive(), resident() - memory
            assert after["DOM nodes"] == before["DOM nodes"]
            # One object a time would be a leak; a timer may be under way or not.
            more = {name: number for name, number in (after - before).items() if number > TIMES - WARM + 2}
            assert more == {}
            assert grown < GROWN_MIB
