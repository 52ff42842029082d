"""What a test does to etcd itself, through its JSON gateway behind the Unix socket."""

import base64
from pathlib import Path
from typing import Any

import aiohttp

KEY = base64.b64encode(b"/karptui-tests/revision").decode()


async def compact(socket: Path) -> int:
    """Forget all history before now, and return the revision it was compacted at.

    Two writes of a key of our own come first, so that the revision of the last real write lies before it too.
    """
    connector = aiohttp.UnixConnector(path=str(socket))
    async with aiohttp.ClientSession("http://etcd", connector=connector) as session:
        write = {"key": KEY, "value": KEY}
        await _post(session, "/v3/kv/put", write)
        answer = await _post(session, "/v3/kv/put", write)
        revision = int(answer["header"]["revision"])
        await _post(session, "/v3/kv/compaction", {"revision": str(revision), "physical": True})
    return revision


async def _post(session: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> dict[str, Any]:
    async with session.post(path, json=body) as answer:
        answer.raise_for_status()
        return await answer.json()
