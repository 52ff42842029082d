"""A headless Chromium that knows no address but this machine's, driven by the Chrome DevTools protocol."""

import asyncio
import itertools
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 90.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--window-size=1300,800",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
)


def installed() -> str | None:
    """The program, if there is one on PATH."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """The one page that is open."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.asked_for: list[str] = []
        """Addresses of everything that the page loaded or tried to."""
        self.faults: list[str] = []
        """Scripts that failed, and what the page was refused."""

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol and its result."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self._socket.receive_json()
                if message.get("id") == number:
                    assert "error" not in message, message
                    return message["result"]
                self._heard(message)

    def _heard(self, message: dict[str, Any]) -> None:
        told = message.get("params", {})
        if message.get("method") == "Network.requestWillBeSent":
            self.asked_for.append(told["request"]["url"])
        elif message.get("method") == "Network.webSocketCreated":
            self.asked_for.append(told["url"])
        elif message.get("method") == "Runtime.exceptionThrown":
            self.faults.append(json.dumps(told["exceptionDetails"]))
        elif message.get("method") == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.faults.append(told["entry"]["text"])

    async def value(self, script: str) -> Any:
        """What an expression of the page is; a promise is awaited."""
        answer = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def open(self, url: str, before: str) -> None:
        """Go there; the script runs before any of the page's own."""
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=before)
        await self.call("Page.navigate", url=url)

    async def press(self, character: str) -> None:
        """Type one character."""
        for kind in ("keyDown", "keyUp"):
            text = {"text": character} if kind == "keyDown" else {}
            await self.call("Input.dispatchKeyEvent", type=kind, key=character, **text)

    async def screenshot(self) -> str:
        """What is painted, a PNG in base64."""
        return (await self.call("Page.captureScreenshot", format="png"))["data"]


@asynccontextmanager
async def chromium(program: str, profile: Path) -> AsyncIterator[Page]:
    """A page in a browser of its own, with a profile of its own in a folder that does not exist yet."""
    started = await asyncio.create_subprocess_exec(
        program,
        *FLAGS,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        port = await _port(profile)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                address = next(page["webSocketDebuggerUrl"] for page in await answer.json() if page["type"] == "page")
            assert urlsplit(address).hostname == "127.0.0.1"
            async with session.ws_connect(address, max_msg_size=0) as socket:
                yield Page(socket)
    finally:
        os.killpg(started.pid, signal.SIGKILL)  # with its helpers
        await started.wait()


async def _port(profile: Path) -> int:
    """It writes down where it listens once it does."""
    told = profile / "DevToolsActivePort"
    async with asyncio.timeout(PATIENCE):
        while not (told.exists() and (lines := told.read_text().splitlines())):
            await asyncio.sleep(0.05)
    return int(lines[0])
