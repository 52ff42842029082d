"""Work beside the event loop: reading thousands of descriptions takes seconds, in which nothing else would move."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def aside(work: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
    """The answer of `work`, run in a thread with a loop of its own, which ends with it or when this is cancelled.

    `work` must make for itself whatever belongs to a loop.
    """
    here = asyncio.get_running_loop()
    done: asyncio.Future[Answer] = here.create_future()
    there: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Answer]]] = []

    async def begun() -> Answer:
        task = asyncio.ensure_future(work())
        there.append((asyncio.get_running_loop(), task))
        return await task

    def settle(answer: Answer | None, problem: BaseException | None) -> None:
        if done.done():
            return
        if problem is not None:
            done.set_exception(problem)
        else:
            done.set_result(answer)  # pyright: ignore[reportArgumentType]

    def run() -> None:
        answer, problem = None, None
        try:
            answer = asyncio.run(begun())
        except BaseException as found:
            problem = found
        with suppress(RuntimeError):  # nobody is there any more
            here.call_soon_threadsafe(settle, answer, problem)

    # A daemon: who leaves does not wait for an answer.
    threading.Thread(target=run, name="aside", daemon=True).start()
    try:
        return await done
    except asyncio.CancelledError:
        for loop, task in there:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(task.cancel)
        raise
