"""The end of a child process."""

import asyncio
import contextlib

PATIENCE = 5.0
"""Seconds that a child gets to end by itself."""


async def ended(process: asyncio.subprocess.Process, patience: float = PATIENCE) -> None:
    """Return once the child has ended, which it does by itself or is made to after `patience` seconds.

    A child that is ending is waited for first: Python's `kill` takes its exit status, and asyncio then complains on
    stderr of a child it does not know.
    """
    try:
        async with asyncio.timeout(patience):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
