"""The API server as a process of its own, so that it never holds up the screen: serving, and being started."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from karptui.lab.child import ended
from karptui.lab.clock import Clock, ClockState
from karptui.lab.kubeconfig import write_kubeconfig

if TYPE_CHECKING:
    import aiohttp

_READY_SECONDS = 30.0
_STOP_SECONDS = 5.0


class ApiServerFailed(RuntimeError):
    """The process ended, or said nothing, before it could serve."""


@dataclass(slots=True)
class ApiServerProcess:
    """A running API server. `url` is its address, `token` what lets a client in, `kubeconfig` a file with both."""

    port: int
    token: str
    kubeconfig: Path
    process: asyncio.subprocess.Process
    _folder: tempfile.TemporaryDirectory[str] | None = None
    _session: aiohttp.ClientSession | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self.port}"

    async def set_clock(self, state: ClockState) -> None:
        """Let the server keep the time of another clock (`Clock.state()`), at any change of speed or pause."""
        await self._order("PUT", "/_lab/clock", dict(state))

    async def inject(self, faults: Mapping[str, Any]) -> None:
        """Order faults, as `Faults.apply` names them."""
        await self._order("POST", "/_lab/faults", dict(faults))

    async def stop(self) -> None:
        """End the process and take its files away. May be called again."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self.process.stdin is not None:
            self.process.stdin.close()  # the process ends by itself when its stdin does
        if self.process.returncode is None:
            await ended(self.process, _STOP_SECONDS)
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    async def _order(self, method: str, path: str, body: dict[str, Any]) -> None:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {self.token}"})
        async with self._session.request(method, self.url + path, json=body) as response:
            if response.status != 200:
                raise ApiServerFailed(f"the lab's API server refused {method} {path}: {await response.text()}")


async def start_api_server(
    *,
    folder: Path | None = None,
    token: str | None = None,
    port: int = 0,
    clock: Clock | None = None,
    history: int | None = None,
) -> ApiServerProcess:
    """Start the API server as a child process and wait until it serves.

    `folder` gets the kubeconfig and the token file (default: a temporary folder that `stop` removes). `clock` is the
    lab time to keep (default: real time). Raises ApiServerFailed when the process does not come up.
    """
    temporary = None
    if folder is None:
        temporary = tempfile.TemporaryDirectory(prefix="karptui-lab-")
        folder = Path(temporary.name)
    token = token or secrets.token_urlsafe(24)
    token_file = folder / "token"
    _write_secret(token_file, token)
    command = [sys.executable, "-m", "karptui.lab.apiserver", "--port", str(port), "--token-file", str(token_file)]
    command += ["--clock", json.dumps((clock or Clock()).state())]
    if history is not None:
        command += ["--history", str(history)]
    with (folder / "apiserver.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # ctrl-c in the terminal is for the lab, which then stops this process in order
        )
    try:
        ready = await _ready_line(process)
    except BaseException as error:
        await ended(process, _STOP_SECONDS if isinstance(error, ApiServerFailed) else 0.0)
        if temporary is not None:
            temporary.cleanup()
        raise
    kubeconfig = write_kubeconfig(folder / "kubeconfig", url=f"http://127.0.0.1:{ready}", token=token)
    return ApiServerProcess(ready, token, kubeconfig, process, temporary)


async def _ready_line(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_READY_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError:
        raise ApiServerFailed(f"the lab's API server was not ready within {_READY_SECONDS:.0f} s") from None
    try:
        answer = json.loads(line)
    except ValueError:
        raise ApiServerFailed("the lab's API server ended before it was ready") from None
    if "port" not in answer:
        raise ApiServerFailed(f"the lab's API server could not start: {answer.get('error', 'no reason given')}")
    return int(answer["port"])


def _write_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def main(arguments: list[str] | None = None) -> int:
    """Serve until stdin closes or SIGTERM comes. Prints {"port": N} when ready, {"error": ...} when it cannot."""
    parser = argparse.ArgumentParser(prog="python -m karptui.lab.apiserver")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--token-file", type=Path, required=True, help="file with the bearer token")
    parser.add_argument("--speed", type=float, default=1.0, help="lab seconds per real second")
    parser.add_argument("--clock", default="", help="the state of the clock to keep, as JSON")
    parser.add_argument("--history", type=int, default=None, help="changes each resource remembers")
    options = parser.parse_args(arguments)
    clock = Clock(speed=options.speed)
    if options.clock:
        clock.adopt(json.loads(options.clock))
    token = options.token_file.read_text(encoding="utf-8").strip()
    return asyncio.run(_serve(token, clock, options.port, options.history))


async def _serve(token: str, clock: Clock, port: int, history: int | None) -> int:
    from karptui.lab.apiserver.server import ApiServer

    server = ApiServer(token=token, clock=clock, **({} if history is None else {"history": history}))
    try:
        port = await server.start(port=port)
    except OSError as error:
        print(json.dumps({"error": f"port {port} cannot be used: {error.strerror}"}), flush=True)
        return 1
    print(json.dumps({"port": port}), flush=True)
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    await _watch_stdin(over)
    await over.wait()
    await server.stop()
    return 0


async def _watch_stdin(ended: asyncio.Event) -> None:
    """Set `ended` when stdin closes, which it does when the parent dies, however it dies."""

    class Protocol(asyncio.Protocol):
        def connection_lost(self, exc: Exception | None) -> None:
            ended.set()

        def eof_received(self) -> None:
            ended.set()

    # A file or a null device cannot be watched; without a pipe only signals end the server.
    with contextlib.suppress(ValueError, OSError):
        await asyncio.get_running_loop().connect_read_pipe(Protocol, sys.stdin)
