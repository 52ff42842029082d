"""A whole recording judged as it would have been live."""

from collections.abc import Callable
from pathlib import Path

from karptui.shadow.metrics import told_by, with_told
from karptui.shadow.observer import Observer
from karptui.shadow.recorded import Scraped, recorded_events
from karptui.world import events
from karptui.world.world import World


def judge_recording(
    path: Path,
    prepare: Callable[[events.Event, World], list[events.Event]] | None = None,
    judged: Callable[[Observer], None] | None = None,
) -> Observer:
    """Every event in order, each foreseen before it is taken in. Raises Failure where the file cannot be read.

    `prepare` may add events that follow from one: the catalogue of a cluster that does not name its own. `judged` is
    called whenever there are new verdicts, and may let the Observer forget.
    """
    world = World()
    observer = Observer(world)
    known = 0
    for entry in recorded_events(path):
        if isinstance(entry, Scraped):
            observer.karpenters = with_told(world.catalogue, told_by(entry.text), entry.at)
            continue
        more = [entry]
        while more:
            event = more.pop(0)
            observer.before(event)
            world.apply(event)
            observer.after(event)
            if prepare is not None:
                more += prepare(event, world)
        world.dirty.clear()  # no eyes look at it
        if judged is not None and len(observer.pairs) + len(observer.moves) > known:
            known = len(observer.pairs) + len(observer.moves)
            judged(observer)
    observer.finish()
    if judged is not None:
        judged(observer)
    return observer
