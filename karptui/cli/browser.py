"""The web server of `karptui serve`: textual-serve, for pages of our own alone. Needs the extra `serve`."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

from karptui.failure import Failure

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class OwnPages(Server):
    """Refuses the pages of other sites: a browser would let them open our websocket and read what is on it."""

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(_only_own)
        return app


@web.middleware
async def _only_own(request: web.Request, handler: Handler) -> web.StreamResponse:
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text=f"{origin} may not use this karptui")
    return await handler(request)


def serve_in_browser(command: str, host: str, port: int) -> None:
    """Serve until ctrl-c. Raises Failure if the port cannot be used."""
    try:
        OwnPages(command, host=host, port=port, title="karptui").serve()
    except OSError as error:
        raise Failure(
            f"port {port} of {host} cannot be used: {error.strerror or error}; choose one with --port"
        ) from None
