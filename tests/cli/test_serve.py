"""The screens in a browser: the page is served, and the first frame comes over its websocket."""

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest

from tests.cli.commands import RECORDING, karptui, started

PATIENCE = 90.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


async def test_a_page_is_served_and_the_first_frame_comes(tmp_path: Path) -> None:
    pytest.importorskip("textual_serve", reason="the extra karptui[serve] is not installed")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    arguments = ("serve", "--host", "127.0.0.1", "--port", str(port), "--", "replay", str(RECORDING), "--from", "5s")
    with started(tmp_path, *arguments) as program:
        async with aiohttp.ClientSession() as session:
            page = await first_answer(session, base)
            assert "karptui" in page
            async with session.get(base, headers={"Origin": "https://elsewhere.example"}) as refused:
                assert refused.status == 403
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(f"{base}/ws", headers={"Origin": "https://elsewhere.example"})
            async with session.ws_connect(f"{base}/ws?width=120&height=36", origin=base) as socket_:
                seen = b""
                async with asyncio.timeout(PATIENCE):
                    while b"REPLAY" not in seen or b"Pools" not in seen:
                        message = await socket_.receive()
                        assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), seen[-500:]
                        seen += message.data if isinstance(message.data, bytes) else message.data.encode()
        program.terminate()
        program.wait(60)


async def first_answer(session: aiohttp.ClientSession, url: str) -> str:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with session.get(url) as answer:
                    return await answer.text()
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)


def test_what_cannot_be_served_is_one_sentence(tmp_path: Path) -> None:
    done = karptui(tmp_path, "serve", "active")
    assert done.returncode == 1
    assert "active is not for a browser: observe, demo, replay, shadow are" in done.stderr
    assert done.stderr.count("\n") == 1
