"""Who may write: a Lease of our own, held by at most one controller at a time.

Only the monotonic clock counts: a candidate waits until it has itself seen the Lease unchanged for its whole duration,
and a holder stops working before others may think it gone. The Lease's own times are for people.
"""

import asyncio
import json
import os
import random
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from karptui.kube.connect import Connection
from karptui.kube.errors import ApiError, KubeError
from karptui.world import events

LEASE_NAME = "karptui-active"
JITTER = 0.2  # of the pause between two tries: two candidates shall not ask in step for ever
RELEASE_SECONDS = 3.0

# CLOCK_BOOTTIME goes on while a laptop sleeps, CLOCK_MONOTONIC does not.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _monotonic() -> float:
    return time.clock_gettime(_CLOCK)


class Timing(Struct, frozen=True):
    """Real seconds. A holder that could not renew for `renew_deadline` stops; others wait for `duration`.

    What lies between both is the time that cancelled work has to come to rest.
    """

    duration: float = 15.0
    renew_deadline: float = 10.0
    retry: float = 2.0


class LeaseSeen(Struct, frozen=True):
    """A Lease as the API server has it; `version` "" if there is none."""

    holder: str = ""
    duration: float = 0.0
    transitions: int = 0
    acquired: str | None = None
    version: str = ""


def identity() -> str:
    """Who we are, in a Lease: the host, the process and something that no other process has."""
    return f"{socket.gethostname()}_{os.getpid()}_{random.randbytes(4).hex()}"


class Leadership:
    """Runs work only while the Lease is held. `tell` hears who holds it, whenever that changes."""

    def __init__(
        self,
        connection: Connection,
        *,
        namespace: str = "kube-system",
        name: str = LEASE_NAME,
        me: str = "",
        timing: Timing | None = None,
        tell: Callable[[events.Event], None] = lambda event: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.me = me or identity()
        self.timing = timing or Timing()
        self._connection = connection
        self._collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._name = name
        self._namespace = namespace
        self._tell = tell
        self._now = now
        self._lease = LeaseSeen()
        self._changed = _monotonic()
        self._renewed: float | None = None
        self._said: tuple[str, bool] | None = None
        self._trouble = ""

    def held(self) -> bool:
        """Whether we hold the Lease now, by our own clock: asked before each single write."""
        return self._renewed is not None and _monotonic() - self._renewed < self.timing.renew_deadline

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Wait for the Lease, work while it is held, wait again if it is lost; until cancelled or the work ends."""
        try:
            while True:
                await self._acquire()
                if await self._hold(work):
                    return
        finally:
            await self._release()

    async def _acquire(self) -> None:
        while not await self._try():
            await asyncio.sleep(self.timing.retry * (1 + random.random() * JITTER))

    async def _hold(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Whether the work ended by itself; False: the Lease is lost, and the work has been cancelled."""
        working = asyncio.ensure_future(work())
        renewing = asyncio.ensure_future(self._keep())
        try:
            await asyncio.wait((working, renewing), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                await working
                return True
            return False
        finally:
            for task in (working, renewing):
                task.cancel()
            await asyncio.gather(working, renewing, return_exceptions=True)
            if renewing.done() and not renewing.cancelled():
                self._renewed = None
                self._say()

    async def _keep(self) -> None:
        """Renew until that fails for too long or somebody else has the Lease."""
        while True:
            left = (self._renewed or 0.0) + self.timing.renew_deadline - _monotonic()
            await asyncio.sleep(max(min(self.timing.retry, left), 0.0))
            if not await self._try() and (self._lease.holder != self.me or not self.held()):
                return

    async def _try(self) -> bool:
        """Take or renew the Lease once; whether we have it now. No failure of the server escapes."""
        asked = _monotonic()
        limit = self.timing.retry if self._renewed is None else self._renewed + self.timing.renew_deadline - asked
        if limit <= 0:
            return False
        try:
            async with asyncio.timeout(max(min(limit, self.timing.renew_deadline / 2), 0.05)):
                got = await self._ask(asked)
        except TimeoutError:
            self._worry(f"no answer about the Lease {self._name}: it is asked again")
            return False
        except KubeError as error:
            self._worry(str(error))
            return False
        self._trouble = ""
        self._say()
        return got

    async def _ask(self, asked: float) -> bool:
        # The last version known is tried first: a renewal then needs one request.
        if self._lease.version and self._lease.holder == self.me and await self._put(asked):
            return True
        self._saw(await self._get(), asked)
        lease = self._lease
        free = not lease.version or not lease.holder or lease.holder == self.me
        if not free and asked - self._changed < lease.duration:
            self._renewed = None
            return False
        return await self._put(asked)

    async def _get(self) -> LeaseSeen:
        try:
            found = json.loads(await self._connection.request("GET", f"{self._collection}/{self._name}"))
        except ApiError as error:
            if error.code == 404:
                return LeaseSeen()
            raise
        return _seen(found)

    def _saw(self, lease: LeaseSeen, at: float) -> None:
        if lease != self._lease:
            self._lease, self._changed = lease, at

    async def _put(self, asked: float) -> bool:
        """Write ourselves into it; False if somebody else wrote since we read it."""
        mine = self._lease.holder == self.me
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {
            "holderIdentity": self.me,
            "leaseDurationSeconds": max(round(self.timing.duration), 1),
            "acquireTime": self._lease.acquired if mine and self._lease.acquired else stamp,
            "renewTime": stamp,
            "leaseTransitions": self._lease.transitions + (not mine and bool(self._lease.version)),
        }
        try:
            answer = await self._write(spec)
        except ApiError as error:
            if error.code in (404, 409):
                self._lease = LeaseSeen()
                return False
            raise
        self._saw(_seen(answer), asked)
        # Counted from before the request: others count from when they see it, which is later.
        self._renewed = asked
        return True

    async def _write(self, spec: dict[str, Any]) -> dict[str, Any]:
        metadata: dict[str, Any] = {"name": self._name, "namespace": self._namespace}
        body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
        if not self._lease.version:
            return json.loads(await self._connection.request("POST", self._collection, body))
        metadata["resourceVersion"] = self._lease.version
        path = f"{self._collection}/{self._name}"
        return json.loads(await self._connection.request("PUT", path, body, verb="update"))

    async def _release(self) -> None:
        """Let the next one in at once, if we still hold it and the server answers."""
        if not self.held() or self._lease.holder != self.me:
            return
        self._renewed = None
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {
            "holderIdentity": "",
            "leaseDurationSeconds": 1,
            "acquireTime": self._lease.acquired,
            "renewTime": stamp,
            "leaseTransitions": self._lease.transitions,
        }
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                # Our last renewal may have been cancelled after it took effect: then the version is another.
                self._lease = await self._get()
                if self._lease.holder == self.me:
                    await self._write(spec)
        except (KubeError, TimeoutError):
            return  # it runs out by itself

    def _say(self) -> None:
        said = (self._lease.holder, self.held())
        if said != self._said:
            self._said = said
            self._tell(events.LeaseChanged(self._now(), self._name, *said, self._lease.transitions))

    def _worry(self, text: str) -> None:
        if text != self._trouble:
            self._trouble = text
            self._tell(events.Problem(self._now(), "lease", text))


def _seen(found: dict[str, Any]) -> LeaseSeen:
    spec = found.get("spec") or {}
    return LeaseSeen(
        holder=str(spec.get("holderIdentity") or ""),
        duration=float(spec.get("leaseDurationSeconds") or 0),
        transitions=int(spec.get("leaseTransitions") or 0),
        acquired=spec.get("acquireTime"),
        version=str(found["metadata"].get("resourceVersion") or ""),
    )
