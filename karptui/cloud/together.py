"""Questions that come within a moment, asked in one call: a hundred launches would use up EC2's rate limits."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

from karptui.cloud.provider import CloudError

Answer = TypeVar("Answer")
MOMENT = 0.03  # real seconds: Karpenter's own batchers wait 35 to 100 ms
MOST = 200
"""Values in one filter of a describe call, EC2's limit."""


class Together(Generic[Answer]):
    """`ask` answers for several keys at once; a key that is not in its answer has none."""

    def __init__(self, ask: Callable[[list[str]], Awaitable[Mapping[str, Answer]]], most: int = MOST) -> None:
        """`most` keys are asked for in one call."""
        self._ask = ask
        self._most = most
        self._waiting: dict[str, asyncio.Future[Answer | None]] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def get(self, key: str) -> Answer | None:
        """The answer for one key, asked after this call began. Raises what `ask` does, or CloudError if stopped."""
        found = self._waiting.get(key)
        if found is None:
            found = self._waiting[key] = asyncio.get_running_loop().create_future()
            if len(self._waiting) == 1:
                task = asyncio.ensure_future(self._after_a_moment())
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)
        return await asyncio.shield(found)

    async def stop(self) -> None:
        """Ask nothing more; who still waits gets a CloudError."""
        for task in list(self._asking):
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _after_a_moment(self) -> None:
        waiting = self._waiting
        try:
            await asyncio.sleep(MOMENT)
            self._waiting = {}
            keys = list(waiting)
            for start in range(0, len(keys), self._most):
                asked = keys[start : start + self._most]
                answers = await self._ask(asked)
                for key in asked:
                    waiting[key].set_result(answers.get(key))
        except asyncio.CancelledError:
            _fail(waiting, CloudError("this is not asked any more: this end of the connection is closed"))
            raise
        except Exception as problem:
            _fail(waiting, problem)


def together(
    client: Callable[[], Awaitable[Any]], ask: Callable[[Any, list[str]], Awaitable[Mapping[str, Answer]]]
) -> Together[Answer]:
    """Questions that `ask` puts to the EC2 client, which `client` makes or finds."""

    async def answer(keys: list[str]) -> Mapping[str, Answer]:
        return await ask(await client(), keys)

    return Together(answer)


def _fail(waiting: Mapping[str, "asyncio.Future[Answer | None]"], problem: Exception) -> None:
    for future in waiting.values():
        if not future.done():
            future.set_exception(problem)
            future.exception()  # whoever asked may be gone, and then nobody takes it
