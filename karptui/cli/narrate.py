"""`karptui narrate`."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from karptui.cli.flags import Cluster, observer, options_of
from karptui.failure import Failure

if TYPE_CHECKING:
    from karptui.modes.run import Run


def narrate(
    *,
    cluster: Cluster | None = None,
    recording: Path | None = None,
    demo: Annotated[bool, Parameter(negative="")] = False,
    speed: float | None = None,
    from_: Annotated[str, Parameter(name="--from")] = "0s",
) -> int:
    """Tell what happens as sentences, one a line: for screen readers, for logs, and to listen to.

    Parameters
    ----------
    recording
        Tell a recording instead of a cluster: a file, or the name of one that comes with karptui.
    demo
        Tell the demo.
    speed
        How many times faster a recording is told than it happened, or how many seconds pass in the demo in a second.
    from_
        Where in the recording to begin: 90, 90s, 1m30s.
    """
    if demo and recording is not None:
        raise Failure("--demo and --recording are two stories: leave one out")
    if speed is not None and not speed > 0:
        raise Failure(f"--speed {speed:g}: the speed must be more than 0")
    if speed is not None and not demo and recording is None:
        raise Failure("--speed is for a recording or the demo: a cluster goes its own pace")
    asyncio.run(_tell(_run(cluster or Cluster(), recording, demo, speed, from_)))
    return 0


def _run(cluster: Cluster, recording: Path | None, demo: bool, speed: float | None, begin: str) -> "Run":
    from karptui.settings import load_settings

    settings = load_settings()
    if demo:
        from karptui.modes.demo import SPEED, Demo

        return Demo(speed=speed or SPEED)
    if recording is None:
        return observer(cluster, settings)
    from karptui.cli.replay import recording_at, seconds_of
    from karptui.modes.replay import Replay

    where = recording_at(recording)
    return Replay(where, speed or 1.0, seconds_of(begin), options_of(settings), settings.region)


async def _tell(run: "Run") -> None:
    from karptui.cli.playing import end_on_terminate
    from karptui.report.lines import report
    from karptui.report.narration import narrated

    end_on_terminate()
    await report(run, sys.stdout, tell=narrated)
    if run.failure:
        raise Failure(run.failure)
