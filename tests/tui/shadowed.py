"""The shipped recording in the shadow, judged once for all tests: to its end, or as it stood at a moment."""

from functools import cache

from karptui.modes.shadow import Chosen
from karptui.shadow.recorded import Scraped, recorded_events
from karptui.shadow.watch import Watch
from karptui.tui.appearance.theme import load_themes, shipped_folder
from karptui.tui.live import Live
from karptui.world import events
from karptui.world.world import World
from tests.tui.moment import Moment
from tests.world.recorded import RECORDING, STARTED


@cache
def judged_until(seconds: float) -> tuple[World, Watch]:
    """The World of then, and its Watch."""
    world = World()
    watch = Watch(world, world.apply, at_once=True)
    chosen = Chosen()
    for event in recorded_events(RECORDING):
        if isinstance(event, Scraped):
            continue
        if event.at > STARTED + seconds:
            break
        watch.observer.before(event)
        world.apply(event)
        watch.observer.after(event)
        chosen.prepare(event, world)
        watch.catch_up()
        if isinstance(event, events.Connected):
            watch.inputs.tell("version", "1.14.1", "its Deployment karpenter/karpenter", STARTED)
    watch.observer.advance(STARTED + seconds)
    watch.catch_up()
    return world, watch


def shadow_at(seconds: float, *, ascii_only: bool = False) -> Live:
    """The application in shadow mode, at a moment of the recording."""
    world, watch = judged_until(seconds)
    run = Moment(world, STARTED + seconds, "SHADOW")
    run.watch = watch
    app = Live(run, load_themes([shipped_folder()]), mode="SHADOW", ascii_only=ascii_only)
    app.run_shown = run
    return app
