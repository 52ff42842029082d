"""The web server of `karptui serve`: textual-serve, for pages of our own alone. Needs the extra `serve`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

from karptui.failure import Failure

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGE = Path(__file__).with_name("page.html")
OWN_ALONE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'"
)
"""A page that needs nothing from elsewhere also works where there is no way out."""


class OwnPages(Server):
    """textual-serve with a page of ours: its own takes a font from the network and holds where it is asked for to be
    the address it listens on. Refuses the pages of other sites: a browser would let them open our websocket and read
    what is on it."""

    def __init__(self, command: str, host: str, port: int) -> None:
        super().__init__(command, host=host, port=port, title="karptui")
        self._shown: set[asyncio.Task[object]] = set()

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(_only_own)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Say where it is."""
        print(f"karptui is at {self.public_url} until ctrl-c", file=sys.stderr, flush=True)

    async def on_shutdown(self, app: web.Application) -> None:
        """End what the open pages show; they would be waited for otherwise."""
        for shown in self._shown:
            shown.cancel()

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One karptui for one page."""
        shown = asyncio.current_task()
        assert shown is not None
        self._shown.add(shown)
        try:
            return await super().handle_websocket(request)
        finally:
            self._shown.discard(shown)

    async def handle_index(self, request: web.Request) -> web.Response:  # type: ignore[override]
        """The page, whose addresses are all relative to where it was asked for."""
        return web.Response(
            text=PAGE.read_text(), content_type="text/html", headers={"Content-Security-Policy": OWN_ALONE}
        )


@web.middleware
async def _only_own(request: web.Request, handler: Handler) -> web.StreamResponse:
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text=f"{origin} may not use this karptui")
    return await handler(request)


def serve_in_browser(command: str, host: str, port: int) -> None:
    """Serve until ctrl-c. Raises Failure if the port cannot be used."""
    try:
        OwnPages(command, host, port).serve()
    except OSError as error:
        raise Failure(
            f"port {port} of {host} cannot be used: {error.strerror or error}; choose one with --port"
        ) from None
