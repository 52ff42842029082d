"""How the commands look that answer and end: on a cluster or on a recording, once or again and again."""

import asyncio
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from karptui.cli.flags import Cluster, observer, options_of
from karptui.failure import Failure

if TYPE_CHECKING:
    from karptui.modes.observe import Observe
    from karptui.modes.replay import Replay
    from karptui.report.twins.twin import Form, Twin
    from karptui.settings import Settings
    from karptui.world.world import World

Written = Annotated[Literal["text", "json", "md", "csv"], Parameter(name=["--output", "-o"])]
"""text, json, md (Markdown) or csv."""
WATCH_SECONDS = 2.0
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_CLEAR = "\x1b[H\x1b[2J\x1b[3J"


@Parameter(name="*")
@dataclass(frozen=True)
class Looked(Cluster):
    """What is looked at, and whether once."""

    recording: Path | None = None
    """Look at a recording instead of a cluster: a file, or the name of one that comes with karptui."""
    at: str | None = None
    """Which moment of the recording: 90s or 1m30s after its start, or a time such as 12:04:31 (UTC); else its end."""
    watch: Annotated[bool, Parameter(name=["--watch", "-w"], negative="")] = False
    """Go on and say it again when it has changed, until ctrl-c or the recording's end."""


def answer(looked: "Looked | None", form: "Form", make: "Callable[[World, float], Twin]") -> int:
    """Look, print the view that `make` gives in this form; the exit code. Raises Failure."""
    from karptui.settings import load_settings

    which = looked or Looked()
    settings = load_settings()
    if which.at is not None and which.recording is None:
        raise Failure("--at is a moment of a recording: name one with --recording FILE")
    if which.watch:
        asyncio.run(_watch(_watched(which, settings), form, make))
        return 0
    run = asyncio.run(_look(which, settings))
    _say(run.world, run.now(), form, make)
    return 0


def moment_in(text: str, started: float) -> float:
    """A time after a recording's start, or a clock time (UTC) on or after it, as epoch seconds. Raises Failure."""
    from karptui.cli.replay import seconds_of

    match = _CLOCK.fullmatch(text.strip().removesuffix("Z"))
    if match is None:
        return started + seconds_of(text, "--at")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    if hours > 23 or minutes > 59 or seconds > 59:
        raise Failure(f"--at {text}: there is no such time of day")
    begun = datetime.fromtimestamp(started, UTC)
    found = begun.replace(hour=hours, minute=minutes, second=seconds, microsecond=0)
    if found < begun - timedelta(seconds=1):
        found += timedelta(days=1)
    return found.timestamp()


async def _look(which: Looked, settings: "Settings") -> "Observe | Replay":
    if which.recording is None:
        run = observer(which, settings)
        await run.look()
        return run
    replay = _replay(which, settings)
    await replay.look(None if which.at is None else moment_in(which.at, replay.started))
    return replay


def _replay(which: Looked, settings: "Settings", from_start: float = 0.0) -> "Replay":
    from karptui.cli.replay import recording_at
    from karptui.modes.replay import Replay

    if which.context or which.kubeconfig or which.namespace:
        raise Failure("a recording is looked at as a whole: leave out --context, --kubeconfig and --namespace")
    assert which.recording is not None
    return Replay(recording_at(which.recording), 1.0, from_start, options_of(settings), settings.region)


def _watched(which: Looked, settings: "Settings") -> "Observe | Replay":
    if which.recording is None:
        return observer(which, settings)
    replay = _replay(which, settings)
    if which.at is None:
        return replay
    return _replay(which, settings, max(moment_in(which.at, replay.started) - replay.started, 0.0))


async def _watch(run: "Observe | Replay", form: "Form", make: "Callable[[World, float], Twin]") -> None:
    """Until it ends: what the view is, whenever that is another than before."""
    from karptui.cli.playing import end_on_terminate

    end_on_terminate()
    said, first = "", True
    await run.start()
    try:
        while not run.ended.is_set():
            if run.world.synced() and not run.catching_up:
                said, first = _say_again(run, form, make, said, first), False
            try:
                async with asyncio.timeout(0.1 if first else WATCH_SECONDS):
                    await run.ended.wait()
            except TimeoutError:
                pass
            run.world.dirty.clear()  # nobody else looks
        if not run.failure:
            _say_again(run, form, make, said, first)
    finally:
        await run.stop()
    if run.failure:
        raise Failure(run.failure)


def _say_again(
    run: "Observe | Replay", form: "Form", make: "Callable[[World, float], Twin]", said: str, first: bool
) -> str:
    from karptui.report.twins.twin import written

    try:
        words = written(make(run.world, run.now()), form, run.world, run.now(), line=True)
    except Failure as failure:
        if first:  # a name that was never there; one that has gone since may come again
            raise
        words = str(failure)
    if words != said:
        if form == "text" and sys.stdout.isatty():
            words_out = _CLEAR + words
        else:
            words_out = words if first or form == "json" else f"\n{words}"
        print(words_out, flush=True)
    return words


def _say(world: "World", now: float, form: "Form", make: "Callable[[World, float], Twin]") -> None:
    from karptui.report.twins.twin import written

    print(written(make(world, now), form, world, now))
    for problem in world.problems:
        print(f"karptui: {problem.message}", file=sys.stderr)
