"""An API server that costs next to nothing: prepared lists, and a watch of pods that change at a chosen rate."""

import asyncio
import json
import time
from collections.abc import Iterator
from itertools import cycle, repeat
from urllib.parse import parse_qs, urlsplit

from tests.bench.fleet import compact, waiting_pod

_STEP = 0.01
LEAVES = 20
"""Every so many changes a pod is replaced by one that waits for the kube-scheduler, which binds it two changes on."""


class Server:
    """Serves `objects` (resource to JSON) on a loopback port. Every second change touches one of the same 2,000 pods'
    status only; `rate` is changes a second."""

    def __init__(self, objects: dict[str, list[bytes]]) -> None:
        self._objects = objects
        self.rate = 0
        self.sent = 0
        self.port = 0
        self._version = 1_000_000
        self._watchers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._feeding: asyncio.Task[None] | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._feeding = asyncio.create_task(self._feed())

    async def stop(self) -> None:
        """End."""
        for task in [*self._serving, *([self._feeding] if self._feeding is not None else [])]:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        if self._server is not None:
            self._server.close()

    def kubeconfig(self) -> str:
        """To reach it."""
        return json.dumps(
            {
                "apiVersion": "v1", "kind": "Config", "current-context": "bench",
                "clusters": [{"name": "bench", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
                "users": [{"name": "bench", "user": {"token": "bench"}}],
                "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
            }
        )  # fmt: skip

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                _, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
                url = urlsplit(target)
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                resource = url.path.rpartition("/")[2]
                if query.get("watch") in ("true", "True", "1"):
                    await self._watch(writer, resource)
                    return
                body = self._answer(url.path, resource, query)
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, path: str, resource: str, query: dict[str, str]) -> bytes:
        if path == "/version":
            return b'{"gitVersion":"v1.35.4"}'
        held = self._objects.get(resource, []) if "labelSelector" not in query else []
        start, size = int(query.get("continue", 0)), int(query.get("limit", 1_000_000))
        token = str(start + size) if start + size < len(held) else ""
        items = b",".join(held[start : start + size])
        kind = "PodList" if resource == "pods" else "List"
        metadata = f'{{"resourceVersion":"999999","continue":"{token}"}}'
        return f'{{"kind":"{kind}","apiVersion":"v1","metadata":{metadata},"items":['.encode() + items + b"]}"

    async def _watch(self, writer: asyncio.StreamWriter, resource: str) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        await writer.drain()
        if resource != "pods":
            await asyncio.Event().wait()
        self._watchers.append(writer)
        await asyncio.Event().wait()

    def _changes(self) -> Iterator[bytes]:
        """Watch lines without end: mostly a status that changed, now and then a pod that goes and comes back."""
        numbers = [number for number in range(len(self._objects["pods"]) - 100) if number % 50]
        for turn, number in zip(repeat_from(0), cycle(numbers), strict=False):
            self._version += 1
            version = str(self._version).encode()
            if turn % LEAVES == 0:
                yield self._line(compact(waiting_pod(number)), version)
                yield self._line(self._objects["pods"][number], version + b"0")
                continue
            yield self._line(self._objects["pods"][number], version)

    @staticmethod
    def _line(raw: bytes, version: bytes) -> bytes:
        start = raw.index(b'"resourceVersion":"') + 19
        end = raw.index(b'"', start)
        return b'{"type":"MODIFIED","object":' + raw[:start] + version + raw[end:] + b"}\n"

    async def _feed(self) -> None:
        changes, owed, last = self._changes(), 0.0, time.perf_counter()
        while True:
            await asyncio.sleep(_STEP)
            now = time.perf_counter()
            owed, last = min(owed + (now - last) * self.rate, 200.0), now
            if owed < 1.0 or not self._watchers:
                continue
            lines = b"".join(next(changes) for _ in range(int(owed)))
            self.sent += int(owed)
            owed -= int(owed)
            self._watchers = [writer for writer in self._watchers if not writer.is_closing()]
            for writer in self._watchers:
                writer.write(b"%x\r\n%s\r\n" % (len(lines), lines))


def repeat_from(start: int) -> Iterator[int]:
    """Numbers without end."""
    return (start + index for index, _ in enumerate(repeat(None)))
