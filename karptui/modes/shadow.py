"""Shadow mode: foresee and judge, beside a running Karpenter or over a recording of one."""

from pathlib import Path

from karptui.cloud.catalogue import DEFAULT_REGION
from karptui.cloud.choose import catalogue_for
from karptui.shadow.judging import judge_recording
from karptui.shadow.observer import Observer
from karptui.world import events
from karptui.world.world import World


def judged_recording(path: Path, region: str = DEFAULT_REGION) -> Observer:
    """A recording judged to its end. Where it names no instance types, those that suit the cluster are taken."""
    named = False

    def prepare(event: events.Event, world: World) -> list[events.Event]:
        nonlocal named
        if isinstance(event, events.CatalogueSeen):
            named = True
        if named or not isinstance(event, events.ObjectSeen):
            return []
        if event.resource not in ("nodes", "nodepools") and not event.resource.endswith("nodeclasses"):
            return []
        catalogue = catalogue_for(world, region)
        if catalogue is world.catalogue:
            return []
        world.apply(events.CatalogueSeen(event.at, catalogue))
        return []

    return judge_recording(path, prepare)
