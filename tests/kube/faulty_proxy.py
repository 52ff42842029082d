"""A proxy in front of a real API server that fails the way proxies and busy servers do."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import yaml
from aiohttp import web

from tests.control_plane.plane import ControlPlane


class FaultyProxy:
    """Forwards everything; `faults` may answer in the server's place, each as often as it was added."""

    def __init__(self, plane: ControlPlane) -> None:
        self.requests: list[str] = []
        self._plane = plane
        self._once: list[tuple[Callable[[web.Request], bool], web.StreamResponse | bytes]] = []
        self.url = ""

    def answer_once(self, matches: Callable[[web.Request], bool], answer: web.Response) -> None:
        """Give the next request that matches this answer."""
        self._once.append((matches, answer))

    def stream_once(self, matches: Callable[[web.Request], bool], text: bytes) -> None:
        """Stream this text to the next request that matches, and end the stream."""
        self._once.append((matches, text))

    def kubeconfig(self, folder: Path) -> str:
        """A kubeconfig that leads through the proxy, as admin."""
        config = yaml.safe_load(self._plane.kubeconfig().read_text())
        for cluster in config["clusters"]:
            cluster["cluster"] = {"server": self.url}
        path = folder / "through-proxy.yaml"
        path.write_text(yaml.safe_dump(config))
        return str(path)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request.path_qs)
        for entry in self._once:
            matches, answer = entry
            if matches(request):
                self._once.remove(entry)
                return await self._streamed(request, answer) if isinstance(answer, bytes) else answer
        return await self._forward(request)

    async def _streamed(self, request: web.Request, text: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(text)
        await response.write_eof()
        return response

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        headers = {name: request.headers[name] for name in ("Authorization", "Accept") if name in request.headers}
        body = await request.read()
        async with self._session.request(
            request.method, self._plane.url + request.path_qs, headers=headers, data=body or None
        ) as answer:
            response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["FaultyProxy"]:
        tls = ssl.create_default_context(cafile=str(self._plane.ca_file))
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls), timeout=timeout) as self._session:
            app = web.Application()
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
