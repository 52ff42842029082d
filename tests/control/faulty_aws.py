"""A proxy in front of AWS that fails as AWS does: throttled, broken, without capacity, with answers that get lost after
the effect, and with instances that DescribeInstances does not know yet."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs
from xml.etree import ElementTree

import aiohttp
from aiohttp import web

QUIET = ("ReceiveMessage",)  # a long poll: nothing happens in it for as long as it lasts
HOP_BY_HOP = {"transfer-encoding", "content-length", "connection", "content-encoding", "host"}
Hook = Callable[[str, int, str], Awaitable[None]]
"""Called with "before" or "after", the call's number and the action; may never return, as for a dead process."""


@dataclass
class Fault:
    """What becomes of the next `times` calls of an action ("" for any): see the methods of FaultyAws."""

    kind: str
    action: str
    times: int
    code: str = ""
    status: int = 503
    answer: str = ""


class FaultyAws:
    """Forwards everything to `target`; `url` is where it listens. `calls` counts what arrived, by action."""

    def __init__(self, target: str) -> None:
        self.url = ""
        self.calls: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self.hidden_seconds = 0.0
        self.hook: Hook | None = None
        self._target = target
        self._first_seen: dict[str, float] = {}

    def throttle(self, action: str = "", times: int = 1) -> None:
        """Refuse with RequestLimitExceeded."""
        self.faults.append(Fault("refuse", action, times, "RequestLimitExceeded"))

    def refuse(self, action: str, code: str, *, status: int = 400, times: int = 1) -> None:
        """Refuse with an error code."""
        self.faults.append(Fault("refuse", action, times, code, status))

    def drop(self, action: str = "", times: int = 1) -> None:
        """Break the connection before anything happens."""
        self.faults.append(Fault("drop", action, times))

    def lose_answer(self, action: str, times: int = 1) -> None:
        """Do what was asked, and break the connection instead of answering."""
        self.faults.append(Fault("lose", action, times))

    def answer(self, action: str, text: str, times: int = 1_000_000) -> None:
        """Answer in place of moto, which does not know every action: JSON where the text begins so, else XML."""
        self.faults.insert(0, Fault("answer", action, times, answer=text))

    def hide_new_instances(self, seconds: float) -> None:
        """DescribeInstances does not know an instance until so long (real seconds) after its launch."""
        self.hidden_seconds = seconds

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        action = action_of(request, body)
        self.calls[action] += 1
        number, hook = self.calls.total(), self.hook if action not in QUIET else None
        if hook is not None:
            await hook("before", number, action)
        fault = self._next(action)
        if fault is not None and fault.kind == "refuse":
            return _refusal(request, fault)
        if fault is not None and fault.kind == "answer":
            kind = "application/json" if fault.answer.startswith("{") else "text/xml"
            return web.Response(text=fault.answer, content_type=kind)
        if fault is not None and fault.kind == "drop":
            return _broken(request)
        response = await self._forward(request, body, action)
        if hook is not None:
            await hook("after", number, action)
        return _broken(request) if fault is not None else response

    def _next(self, action: str) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.action in ("", action):
                fault.times -= 1
                return fault
        return None

    async def _forward(self, request: web.Request, body: bytes, action: str) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        async with self._session.request(
            request.method, self._target + request.path_qs, headers=headers, data=body
        ) as answer:
            content = await answer.read()
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
        if action == "CreateFleet":
            for found in re.findall(rb"i-[0-9a-f]{17}", content):
                self._first_seen.setdefault(found.decode(), time.monotonic())
        if action == "DescribeInstances" and self.hidden_seconds:
            return self._without_new(request, content, answer.status, kept)
        return web.Response(status=answer.status, body=content, headers=kept)

    def _without_new(self, request: web.Request, content: bytes, status: int, headers: dict[str, str]) -> web.Response:
        now = time.monotonic()
        new = {found for found, at in self._first_seen.items() if now - at < self.hidden_seconds}
        root = ElementTree.fromstring(content)
        space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
        for reservations in root.iter(f"{space}reservationSet"):
            for reservation in list(reservations):
                ids = {entry.text for entry in reservation.iter(f"{space}instanceId")}
                if ids & new:
                    reservations.remove(reservation)
        return web.Response(status=status, body=ElementTree.tostring(root), headers=headers)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["FaultyAws"]:
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(timeout=timeout) as self._session:
            app = web.Application(client_max_size=64 * 2**20)
            app.router.add_route("*", "/{path:.*}", self._handle)
            runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            try:
                yield self
            finally:
                await asyncio.wait_for(runner.cleanup(), 10)


def action_of(request: web.Request, body: bytes) -> str:
    """The API action that is called."""
    target = request.headers.get("X-Amz-Target", "")
    if target:
        return target.rpartition(".")[2]
    return parse_qs(body.decode(errors="replace")).get("Action", [f"{request.method} {request.path}"])[0]


def _refusal(request: web.Request, fault: Fault) -> web.Response:
    message = "made to fail"
    if request.headers.get("X-Amz-Target"):
        text = json.dumps({"__type": fault.code, "message": message})
        return web.Response(status=fault.status, text=text, content_type="application/x-amz-json-1.1")
    if request.content_type == "application/json" or request.method == "GET":
        headers = {"x-amzn-errortype": fault.code}
        return web.Response(status=fault.status, text=json.dumps({"message": message}), headers=headers)
    error = f"<Error><Code>{fault.code}</Code><Message>{message}</Message></Error>"
    text = f"<Response><Errors>{error}</Errors><RequestID>0</RequestID></Response>"
    return web.Response(status=fault.status, text=text, content_type="text/xml")


def _broken(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
