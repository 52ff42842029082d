"""Wait for a condition instead of for a time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

Result = TypeVar("Result")
LIMIT = 60.0  # seconds; generous, because a test's machine may be overloaded
INTERVAL = 0.05


async def until(
    condition: Callable[[], Result | Awaitable[Result | None] | None], what: str = "the condition", limit: float = LIMIT
) -> Result:
    """The first truthy result of `condition`, sync or async. Fails the test, naming `what`, after `limit` seconds."""
    deadline = time.monotonic() + limit
    while True:
        outcome = condition()
        result = cast("Result", await outcome if inspect.isawaitable(outcome) else outcome)
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {limit:.0f} s; it was {result!r} at last")
        await asyncio.sleep(INTERVAL)
