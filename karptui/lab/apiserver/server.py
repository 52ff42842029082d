"""The API server of the lab: an aiohttp application that speaks Kubernetes' protocol."""

from __future__ import annotations

import asyncio
import hmac
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from karptui.lab.apiserver import discovery
from karptui.lab.apiserver.endpoints import Endpoints, answer
from karptui.lab.apiserver.errors import ApiError, bad_request, no_such_path, unauthorized
from karptui.lab.apiserver.faults import Faults
from karptui.lab.apiserver.listing import Listing
from karptui.lab.apiserver.registry import Registry
from karptui.lab.apiserver.request import read_body, read_call, read_path
from karptui.lab.apiserver.reviews import KINDS as REVIEWS
from karptui.lab.apiserver.reviews import review
from karptui.lab.apiserver.seed import seed
from karptui.lab.apiserver.store import Store
from karptui.lab.apiserver.writes import Writes
from karptui.lab.clock import Clock
from karptui.lab.kubeconfig import ACCESS_PREFIX

DEFAULT_HISTORY = 5_000
"""Changes that each resource remembers at least; older resourceVersions get 410 Expired."""
MAX_BODY_BYTES = 3 * 1024 * 1024  # the real server's limit for a request body
_OPEN_PATHS = ("/healthz", "/livez", "/readyz", "/version")
_SHUTDOWN_SECONDS = 1.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ApiServer:
    """A Kubernetes API server in memory.

    `token` is the bearer token that every request must carry, `clock` gives creation and deletion times, `history` is
    how many changes each resource remembers for watches. Controllers reach it over HTTP, as in a real cluster.
    """

    def __init__(self, *, token: str, clock: Clock, history: int = DEFAULT_HISTORY) -> None:
        self._token = token
        self._authorization = f"Bearer {token}".encode()
        self.clock = clock
        self._registry = Registry()
        self._store = Store(history)
        writes = Writes(self._store, self._registry, clock)
        seed(writes, self._registry)
        self._listing = Listing(self._store)
        self.faults = Faults(self._drop_watches, self._expire_history)
        self._endpoints = Endpoints(self._store, self._registry, writes, self.faults, self._listing)
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Serve on `host`; 0 takes a free port. Returns the port. Raises OSError when it is taken."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_route("*", "/{path:.*}", self._handle)
        # Watches end when their client hangs up; writes never await between reading and changing the store.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_SECONDS
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=512)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """End every watch and close the port."""
        self._drop_watches()
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    def _drop_watches(self) -> None:
        self._endpoints.end_watches()

    def _expire_history(self) -> None:
        self._store.expire_history()
        self._listing.expire()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            path = request.path
            if path not in _OPEN_PATHS:
                path = self._authenticate(request)
                self.faults.check()
            if self.faults.latency:
                await asyncio.sleep(self.faults.latency)
            return await self._route(request, path)
        except ApiError as error:
            return _refusal(error)
        except web.HTTPRequestEntityTooLarge:
            message = f"Request entity too large: limit is {MAX_BODY_BYTES}"
            return _refusal(ApiError(413, "RequestEntityTooLarge", message))
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # the server must answer whatever a body contains, and say where it failed
            traceback.print_exc()
            message = f"Internal error occurred: {type(error).__name__}: {error}"
            return _refusal(ApiError(500, "InternalError", message))

    def _authenticate(self, request: web.Request) -> str:
        """The path without a token in front. Raises 401 for a request with neither a right header nor a right path."""
        if request.path.startswith(ACCESS_PREFIX):
            token, _, path = request.path.removeprefix(ACCESS_PREFIX).partition("/")
            if hmac.compare_digest(token.encode(), self._token.encode()):
                return f"/{path}"
        given = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, self._authorization):
            raise unauthorized()
        return request.path

    async def _route(self, request: web.Request, path: str) -> web.StreamResponse:
        if path in ("/healthz", "/livez", "/readyz"):
            return web.Response(text="ok")
        if path == "/version":
            return answer(discovery.VERSION)
        if path.startswith("/_lab/"):
            return await self._lab(request, path)
        parts = read_path(path)
        if parts is None or path.startswith("/openapi/"):
            return self._describe(path)
        if not parts.plural:
            return _found(discovery.api_resources(self._registry, parts.group, parts.version))
        kind = REVIEWS.get((parts.group, parts.plural))
        if kind and request.method == "POST":
            return await self._review(request, kind)
        call = read_call(request, parts, self._registry)
        return await self._endpoints.serve(call)

    def _describe(self, path: str) -> web.Response:
        parts = [part for part in path.split("/") if part]
        if parts == ["api"]:
            return answer(discovery.api_versions())
        if parts == ["apis"]:
            return answer(discovery.api_groups(self._registry))
        if len(parts) == 2 and parts[0] == "apis":
            return _found(discovery.api_group(self._registry, parts[1]))
        if parts == ["openapi", "v2"]:
            # kubectl asks for it when v3 lacks a kind; a document without schemas lets it say that there is none.
            return web.Response(body=b"", content_type=discovery.OPENAPI_V2)
        if parts[:2] == ["openapi", "v3"]:
            if len(parts) == 2:
                return answer(discovery.openapi_index(self._registry))
            group, version = (parts[3], parts[4]) if len(parts) == 5 else ("", parts[-1])
            return answer(discovery.openapi(self._registry, group, version))
        raise no_such_path()

    async def _review(self, request: web.Request, kind: str) -> web.Response:
        return answer(
            review(kind, read_body(await request.read(), request.content_type), self.faults, self._token), 201
        )

    async def _lab(self, request: web.Request, path: str) -> web.Response:
        """What the lab itself asks for: faults (POST /_lab/faults) and the clock (GET and PUT /_lab/clock)."""
        if path == "/_lab/faults" and request.method == "POST":
            self.faults.apply(await _json(request))
            return answer({})
        if path == "/_lab/clock" and request.method in ("GET", "PUT"):
            if request.method == "PUT":
                try:
                    self.clock.adopt(await _json(request))
                except (KeyError, TypeError, ValueError) as error:
                    raise bad_request(f"not the state of a clock: {error}") from None
            return answer({**self.clock.state()})
        raise no_such_path()


async def _json(request: web.Request) -> Any:
    try:
        return orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise bad_request(f"the request body is not JSON: {error}") from None


def _found(body: dict[str, Any] | None) -> web.Response:
    if body is None:
        raise no_such_path()
    return answer(body)


def _refusal(error: ApiError) -> web.Response:
    response = answer(error.status(), error.code)
    if error.details and "retryAfterSeconds" in error.details:
        response.headers["Retry-After"] = str(error.details["retryAfterSeconds"])
    elif error.code == 429 and not error.details:
        response.headers["Retry-After"] = "1"
    return response
