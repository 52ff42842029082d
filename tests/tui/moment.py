"""The application over a moment of the shipped recording: a World that stands still, by a clock that does."""

import asyncio
from collections.abc import Callable

from textual.pilot import Pilot

from karptui.engine.disruption import survey
from karptui.engine.provisioning import plan
from karptui.model.decision import Decision
from karptui.modes.run import Run
from karptui.tui.appearance.theme import load_themes, shipped_folder
from karptui.tui.live import Live
from karptui.world import events
from karptui.world.planning import decisions_of
from karptui.world.world import World
from tests.world.recorded import STARTED, world_until

PATIENCE = 60.0


def decided(seconds: float) -> World:
    """The recorded cluster after so many seconds, with what karptui would decide there."""
    world = world_until(seconds)
    snapshot = world.snapshot(STARTED + seconds)
    answer = plan(snapshot)
    world.apply(events.PlanPreviewed(snapshot.now, answer, snapshot.number))
    for number, decision in enumerate(decisions_of(answer, snapshot, 0.01), 1):
        named = Decision(f"D-{number:05d}", *(getattr(decision, name) for name in decision.__struct_fields__[1:]))
        world.apply(events.DecisionMade(snapshot.now, named))
    return world


def looked_through(seconds: float) -> World:
    """The same, after the disruption engine has looked at every node: no thread has to be waited for."""
    world = decided(seconds)
    snapshot = world.snapshot(STARTED + seconds)
    world.apply(events.Surveyed(snapshot.now, survey(snapshot), {}, snapshot.number))
    return world


class Moment(Run):
    """Nothing happens but what a test applies to `world`."""

    mode = "REPLAY"

    def __init__(self, world: World, at: float, mode: str = "REPLAY") -> None:
        super().__init__()
        self.world = world
        self.at = at
        self.mode = mode
        self.steps = 0
        self.started = False
        self.stopped = False

    def now(self) -> float:
        """Stands still."""
        return self.at

    def advance(self) -> None:
        """Counted."""
        self.steps += 1

    async def start(self) -> None:
        """Nothing to start."""
        self.started = True

    async def stop(self) -> None:
        """Nothing to stop."""
        self.stopped = True


def shown_at(
    seconds: float = 2.4, *, theme: str = "dark", mode: str = "REPLAY", ascii_only: bool = False, surveyed: bool = False
) -> Live:
    """The application, with the shipped themes only."""
    run = Moment((looked_through if surveyed else decided)(seconds), STARTED + seconds, mode)
    app = Live(run, load_themes([shipped_folder()]), mode=mode, theme=theme, ascii_only=ascii_only)
    app.run_shown = run  # for tests that prepare it before it is shown
    return app


def text_of(app: Live) -> str:
    """What is on the screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())  # pyright: ignore[reportPrivateUsage]


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait for something, and say what is on the screen if it does not come."""
    app = pilot.app
    assert isinstance(app, Live)
    end = asyncio.get_running_loop().time() + PATIENCE
    while not condition():
        assert asyncio.get_running_loop().time() < end, text_of(app)
        await pilot.pause()
        await asyncio.sleep(0.01)


async def until_shown(pilot: Pilot[None], words: str) -> None:
    """Wait until these words are on the screen."""
    app = pilot.app
    assert isinstance(app, Live)
    await until(pilot, lambda: words in text_of(app))


async def all_helped(pilot: Pilot[None]) -> None:
    """Wait until nothing is worked out any more about what would help the pods that are shown."""
    app = pilot.app
    assert isinstance(app, Live)
    await pilot.pause()
    app.clock.draw_now()
    while app.helping.running:
        await until(pilot, lambda: not app.helping.running)
        app.clock.draw_now()
