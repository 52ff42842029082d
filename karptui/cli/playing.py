"""How a command shows a run: a screen where there is a terminal, plain lines anywhere else."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from karptui.cli.first_words import FirstWords
from karptui.failure import Failure

if TYPE_CHECKING:
    from karptui.modes.contexts import Contexts
    from karptui.modes.run import Run
    from karptui.settings import Settings


def play(
    make: "Callable[[], Run]",
    settings: "Settings",
    output: str | None = None,
    mode: str = "OBSERVE",
    contexts: "Callable[[], Contexts] | None" = None,
    present: bool = False,
) -> int:
    """Show a run until it ends or is left; the exit code. Raises Failure if the run failed.

    `make` is called, and what it needs imported, after the first frame: a person should see at once that `mode` begins.
    `contexts` gives the clusters that can be switched to, where that means something; `present`
    spreads the screen for a stage.
    """
    asyncio.run(_play(make, settings, output, mode, contexts, present))
    return 0


def wants_screen(output: str | None) -> bool:
    """Whether there is a person in front of a terminal who did not ask for text."""
    if os.environ.get("TEXTUAL_DRIVER"):  # a browser is the terminal (karptui serve)
        return output is None
    return output is None and sys.stdout.isatty() and sys.stdin.isatty()


async def _play(
    make: "Callable[[], Run]",
    settings: "Settings",
    output: str | None,
    mode: str,
    contexts: "Callable[[], Contexts] | None",
    present: bool,
) -> None:
    if wants_screen(output):
        await _show(make, settings, mode, contexts, present)
        return
    from karptui.report.lines import report

    end_on_terminate()
    run = make()
    await report(run, sys.stdout, json=output == "json")
    if run.failure:
        raise Failure(run.failure)


async def _show(
    make: "Callable[[], Run]",
    settings: "Settings",
    mode: str,
    contexts: "Callable[[], Contexts] | None",
    present: bool,
) -> None:
    words = FirstWords(mode, settings.ascii)
    if not os.environ.get("TEXTUAL_DRIVER"):
        words.show()
    try:
        from karptui.tui.app import show

        await show(make, settings, mode, contexts, present, words.taken_over)
    finally:
        words.take_back()


def end_on_terminate() -> None:
    """SIGTERM and a closed terminal end the run as ctrl-c does: orderly, with everything it started."""
    task = asyncio.current_task()
    if task is not None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
