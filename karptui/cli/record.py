"""`karptui record`."""

import asyncio
import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from karptui.cli.flags import Cluster, observer
from karptui.failure import Failure

if TYPE_CHECKING:
    from karptui.modes.run import Run

STATUS_SECONDS = 5.0


def record(file: Path, /, *, cluster: Cluster | None = None) -> int:
    """Write what happens in a cluster to a file that `karptui replay` plays, until ctrl-c.

    Parameters
    ----------
    file
        The recording to write; it must not exist yet.
    """
    from karptui.settings import load_settings

    check_new(str(file))
    run = observer(cluster or Cluster(), load_settings(), str(file))
    try:
        asyncio.run(_record(run, file))
    except (KeyboardInterrupt, asyncio.CancelledError):
        print(f"{file}: {_size(file)}", file=sys.stderr)  # ctrl-c is how a recording ends
    if run.failure:
        raise Failure(run.failure)
    return 0


def check_new(file: str) -> None:
    """Refuse to write over anything. Raises Failure."""
    if Path(file).exists():
        raise Failure(f"{file} exists already; choose another name or remove it")


async def _record(run: "Run", file: Path) -> None:
    from karptui.cli.playing import end_on_terminate
    from karptui.views.head import figures, head

    end_on_terminate()
    try:
        await run.start()
        told = 0
        while not run.ended.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STATUS_SECONDS):
                    await run.ended.wait()
            now = head(run.world, run.mode, run.now())
            clock = time.strftime("%H:%M:%S")
            print(f"{clock}  {now.cluster}  {figures(now)}  {_size(file)}", file=sys.stderr, flush=True)
            problems = list(run.world.problems)
            for problem in problems[told:]:
                if problem.message == run.failure:
                    continue  # said when the command ends
                print(f"{clock}  {problem.where}: {problem.message}", file=sys.stderr, flush=True)
            told = len(problems)
            run.world.dirty.clear()  # nobody else looks
    finally:
        await run.stop()


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1024:,.0f} KiB recorded" if file.exists() else "nothing recorded yet"
