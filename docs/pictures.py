"""Makes the pictures of docs/ from the real demo: `python docs/pictures.py` (about three minutes).

With the word `themes` only that of the themes is made.

The demo is played as anybody plays it, by its own seed; each picture is taken when what it shows has come about.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from karptui.modes.demo import Demo
from karptui.tui.appearance.theme import load_themes, shipped_folder
from karptui.tui.live import Live

HERE = Path(__file__).parent
PATIENCE = 240.0
"""Seconds of waiting for one picture."""
SPEED = 3.0
"""Lab seconds a second: a little slower than on a stage, so that a busy machine keeps up."""
SETTLED = 0.6
"""Seconds that a screen gets to be drawn in full."""


class Photographer:
    """Presses keys in the demo and takes pictures of it."""

    def __init__(self, app: Live, pilot: Pilot[None]) -> None:
        self._app, self._pilot = app, pilot

    @property
    def _step(self) -> int:
        told = self._app.run_shown.world.narration
        return told.step if told is not None else 0

    async def until(self, what: Callable[[], bool], words: str) -> None:
        """Wait for something."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while not what():
            if asyncio.get_running_loop().time() > end:
                sys.exit(f"the demo did not come to the point where {words}")
            await asyncio.sleep(0.05)

    async def take(self, name: str, *keys: str) -> None:
        """A picture of what these keys lead to."""
        run = self._app.run_shown
        await run.pause(True)
        for key in keys:
            await self._pilot.press(key)
            await asyncio.sleep(SETTLED)
        await asyncio.sleep(SETTLED)
        self._app.clock.dirty.mark("frozen")
        await asyncio.sleep(SETTLED)
        (HERE / f"{name}.svg").write_text(self._app.export_screenshot(title="karptui"), encoding="utf-8")
        print(f"docs/{name}.svg")
        await run.pause(False)

    async def play(self) -> None:
        """The whole story."""
        await self.until(lambda: self._app.opened, "there is a screen")
        world = self._app.run_shown.world
        claims = world.of("nodeclaims")
        await self.until(lambda: self._step == 2 and len(claims) >= 4, "the burst brings nodes")
        await self.until(lambda: all(claim.instance_type for claim in claims.values()), "EC2 has chosen")
        await self.take("overview", "1")
        await self.take("decision", "4", "enter")
        await self.until(lambda: not world.pending, "the burst is placed")
        await self.take("timeline", "2", "/", *"checkout", "enter", "enter")
        await self.take("map", "3")
        await self.take("what-if", "w")
        await self.until(lambda: bool(world.interruptions), "EC2 reclaims a spot instance")
        await self.until(lambda: bool(world.pending), "its pods wait")
        await self.take("spot", "1")
        await self.until(lambda: any(move.real is not None for move in world.ledger.moves), "a move has been settled")
        await self.take("cost", "6")
        await self.take("log", "8")


async def main() -> None:
    """Play and take pictures."""
    run = Demo(speed=SPEED, stay=True)
    app = Live(run, load_themes([shipped_folder()]), mode="DEMO")
    try:
        async with app.run_test(size=(120, 36)) as pilot:
            await Photographer(app, pilot).play()
    finally:
        await run.stop()


if __name__ == "__main__":
    from gallery import make

    if sys.argv[1:] != ["themes"]:
        asyncio.run(main())
    asyncio.run(make())
