"""A story that a presenter steps through: one key, one step."""

import asyncio
from typing import Any

from karptui.lab.story import Step, Story
from karptui.world import events
from karptui.world.world import World


class Stepped(Story):
    """Three steps, of which the second comes about when it is told to."""

    def __init__(self, told: list[events.Event]) -> None:
        async def nap(_: float) -> None:
            await asyncio.sleep(0.001)

        nothing: Any = None
        super().__init__(nothing, World(), told.append, lambda: 0.0, nap, nothing, by_hand=True)
        self.ready = False

    def _steps(self) -> Any:
        async def act() -> None:
            return None

        for number, done in ((1, lambda: True), (2, lambda: self.ready), (3, lambda: True)):
            yield Step(number, f"step {number}", f"text {number}", act, done, pause=0.0)


async def test_one_key_is_one_step_and_a_key_too_early_is_none() -> None:
    told: list[events.Event] = []
    story = Stepped(told)
    playing = asyncio.ensure_future(story.run())

    def step() -> tuple[int, bool]:
        latest = told[-1]
        assert isinstance(latest, events.Narrated)
        return latest.step, latest.goes_on is not None

    async with asyncio.timeout(60):
        while not told or step() != (1, True):
            await asyncio.sleep(0.001)
        story.advance()
        while step() != (2, False):
            await asyncio.sleep(0.001)
        story.advance()  # it has not come about yet
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert step() == (2, False)
        story.ready = True
        while step() != (2, True):
            await asyncio.sleep(0.001)
        story.advance()
        await playing
    assert step()[0] == 3
