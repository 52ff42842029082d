"""The recorded story as sentences."""

import io
import re

from karptui.report.lines import Reporter
from karptui.report.narration import narrated
from karptui.world.world import World
from tests.world.recorded import recorded_events


def test_the_recorded_story_is_told_in_sentences() -> None:
    out, world = io.StringIO(), World()
    reporter = Reporter(world, out, tell=narrated)
    for event in recorded_events():
        world.apply(event)
        reporter(event)
        reporter.flush(event.at)
    reporter.flush()
    lines = out.getvalue().splitlines()
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d  [A-Z0-9].*[.?!]", line) for line in lines)
    said = "\n".join(line[10:] for line in lines)
    assert "5 pods (default/inflate-84d777bc48-*) wait for a place: no nodes available to schedule pods." in said
    assert "NodeClaim default-cjbhf is ready, 3.2s after it was asked for." in said
    assert not re.search(r"[→│−]|\$[\d.]+/h", said)
