"""The one door to the outside: every write to Kubernetes or to the cloud passes here, or does not pass."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from msgspec import Struct

from karptui.failure import Failure
from karptui.world import events

Answer = TypeVar("Answer")


class Act(Struct, frozen=True):
    """One write: `verb` and `resource` as RBAC or the cloud has them, the object's name, and what it says."""

    verb: str
    resource: str
    name: str
    detail: str = ""


class Withheld(Failure):
    """The act was not carried out and will not be soon; that has been told already."""


Hook = Callable[[str, int, Act], Awaitable[None]]
"""Called with "before" or "after", the number of the act (from 1) and the act."""


class Gate:
    """`held` says whether we may write now (the Lease); with `dry_run` nothing passes and everything is listed.

    Each act is journalled as an event before it is carried out. `hook` sees each act before and after; it may not
    return, which is how tests let a controller die at any of them.
    """

    def __init__(
        self,
        sink: Callable[[events.Event], None],
        now: Callable[[], float],
        *,
        dry_run: bool = False,
        held: Callable[[], bool] = lambda: True,
        hook: Hook | None = None,
    ) -> None:
        self.dry_run = dry_run
        self.held = held
        self.would: dict[Act, float] = {}
        """What a dry run did not write, with the time at which it would have been written first."""
        self._sink = sink
        self._now = now
        self._hook = hook
        self._passed = 0

    async def act(self, act: Act, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Carry one act out. Raises Withheld, and whatever `call` raises."""
        if self.dry_run:
            if act not in self.would:
                self.would[act] = self._now()
                self._sink(self._intended(act, carried_out=False))
            raise Withheld(f"dry run: {act.verb} {act.resource} {act.name} was not carried out")
        if not self.held():
            raise Withheld(f"the Lease is not held: {act.verb} {act.resource} {act.name} was not carried out")
        self._passed += 1
        number = self._passed
        self._sink(self._intended(act, carried_out=True))
        if self._hook is None:
            return await call()
        await self._hook("before", number, act)
        answer = await call()
        await self._hook("after", number, act)
        return answer

    def _intended(self, act: Act, carried_out: bool) -> events.Intended:
        return events.Intended(self._now(), act.verb, act.resource, act.name, act.detail, carried_out)


def told(body: dict[str, Any]) -> str:
    """What a patch or an object changes, by its leaves' paths: `metadata.labels, spec.taints`."""
    paths = [
        f"{part}.{field}"
        for part, fields in body.items()
        if isinstance(fields, dict)
        for field in fields
        if field not in ("resourceVersion", "generateName")
    ]
    return ", ".join(paths)
