"""The verbs on resources: get, list, watch, create, update, patch, delete, and the subresources."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from karptui.lab.apiserver import selectors
from karptui.lab.apiserver.binding import bind
from karptui.lab.apiserver.deletion import Deletion, options_of
from karptui.lab.apiserver.errors import (
    ApiError,
    FieldErrors,
    bad_request,
    method_not_allowed,
    success,
    version_too_large,
    version_too_old,
)
from karptui.lab.apiserver.eviction import Eviction
from karptui.lab.apiserver.faults import Faults
from karptui.lab.apiserver.listing import Listing
from karptui.lab.apiserver.registry import Registry
from karptui.lab.apiserver.representation import Representation, accepted
from karptui.lab.apiserver.request import Call
from karptui.lab.apiserver.reviews import token_request
from karptui.lab.apiserver.scale import patch_scale, scale_of, set_scale
from karptui.lab.apiserver.store import Store, Stored
from karptui.lab.apiserver.watch import Scope, Stop, WatchRequest, error_line, follow
from karptui.lab.apiserver.writes import Target, Writes

_DONE = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}

_PIECE_BYTES = 256 * 1024


def answer(content: bytes | dict[str, Any], status: int = 200) -> web.Response:
    """A JSON response."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return web.Response(body=body, status=status, content_type="application/json")


async def _answer_in_pieces(request: web.Request, body: bytes) -> web.StreamResponse:
    """A JSON response that may be long. asyncio moves all that is unsent at each send, so it never gets all at once."""
    if len(body) <= _PIECE_BYTES:
        return answer(body)
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await response.prepare(request)
    view = memoryview(body)
    for start in range(0, len(body), _PIECE_BYTES):
        await response.write(view[start : start + _PIECE_BYTES])
    await response.write_eof()
    return response


class Endpoints:
    """Answers calls for resources out of the store."""

    def __init__(self, store: Store, registry: Registry, writes: Writes, faults: Faults, listing: Listing) -> None:
        self._store = store
        self._writes = writes
        self._faults = faults
        self._listing = listing
        self._deletion = Deletion(writes)
        self._eviction = Eviction(writes, self._deletion, registry)
        self.stop = Stop()

    async def serve(self, call: Call) -> web.StreamResponse:
        """Answer a call. Raises ApiError."""
        self._faults.check_allowed(call.verb, call.resource, call.namespace, call.name)
        if call.subresource:
            return await self._subresource(call)
        if call.verb in ("list", "watch"):
            return await self._watch(call) if call.verb == "watch" else await self._list(call)
        if call.verb == "get":
            stored = self._writes.current(call.resource, call.namespace, call.name)
            if call.watching:
                return await self._watch(call)
            return answer(self._form(call).one(stored))
        if call.verb == "create" and not call.name:
            body = await call.manifest()
            stored = self._writes.create(call.resource, call.namespace, body, dry_run=call.dry_run)
            return answer(self._form(call).one(stored), 201)
        if call.verb in ("update", "patch") and call.name:
            return await self._change(call)
        if call.verb == "delete":
            return await self._delete(call)
        if call.verb == "deletecollection":
            return await self._delete_collection(call)
        raise method_not_allowed()

    def _form(self, call: Call) -> Representation:
        form = accepted(call.request.headers.get("Accept", ""))
        return Representation(call.resource, form, self._writes.clock.now, call.query.get("includeObject", ""))

    def _scope(self, call: Call) -> Scope:
        stored_as = self._writes.stored_as(call.resource)
        fields = call.query.get("fieldSelector", "")
        if call.name:
            fields = f"metadata.name={call.name}"
        selector = selectors.parse(stored_as, call.query.get("labelSelector", ""), fields)
        return Scope(call.namespace, selector)

    async def _list(self, call: Call) -> web.StreamResponse:
        version, token = call.query.get("resourceVersion", ""), call.query.get("continue", "")
        self._check_list_version(version, call.query.get("resourceVersionMatch", ""), token)
        resource = self._writes.stored_as(call.resource)
        # The watch cache of the real server answers resourceVersion=0 whole, whatever the limit.
        limit = 0 if version == "0" else call.number("limit") or 0
        page = self._listing.page(resource, self._scope(call), limit, token)
        return await _answer_in_pieces(call.request, self._form(call).many(page))

    def _check_list_version(self, version: str, match: str, token: str) -> None:
        if match and not version:
            raise bad_request("resourceVersionMatch is forbidden unless resourceVersion is provided")
        if token and version not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        if version in ("", "0"):
            return
        wanted = _version(version)
        if wanted > self._store.version:
            raise version_too_large(wanted, self._store.version)
        if match == "Exact" and wanted != self._store.version:
            raise version_too_old(wanted, self._store.version)

    async def _watch(self, call: Call) -> web.StreamResponse:
        form, scope = self._form(call), self._scope(call)
        resource = self._writes.stored_as(call.resource)
        shelf = self._store.shelf(resource)
        request = _watch_request(call, form, scope)
        if self._faults.expired_as_status and request.version is not None and not request.initial_events:
            shelf.history.position(request.version)
        response = web.StreamResponse(
            headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"}
        )
        response.enable_chunked_encoding()
        await response.prepare(call.request)
        events = follow(
            shelf.history,
            lambda: self._listing.select(resource, scope),
            lambda: self._store.version,
            request,
            self.stop,
        )
        try:
            async for lines in events:
                await response.write(lines)
        except ApiError as error:
            await response.write(error_line(error))
        await response.write_eof()
        return response

    async def _change(self, call: Call) -> web.Response:
        target = Target(call.resource, call.namespace, call.name, call.subresource)
        if call.verb == "update":
            stored = self._writes.update(target, await call.manifest(), dry_run=call.dry_run)
            return answer(self._form(call).one(stored))
        body = await call.request.read()
        manager = call.query.get("fieldManager", "")
        stored, created = self._writes.patch(
            target, body, call.content_type, manager=manager, strict=call.strict, dry_run=call.dry_run
        )
        return answer(self._form(call).one(stored), 201 if created else 200)

    async def _delete(self, call: Call) -> web.Response:
        options = options_of(await call.body(), call.query)
        stored, gone = self._deletion.delete(call.resource, call.namespace, call.name, options)
        if gone and not stored.resource.returns_deleted:
            return answer(success(call.resource, call.name, stored.uid))
        return answer(self._form(call).one(stored))

    async def _delete_collection(self, call: Call) -> web.Response:
        options = options_of(await call.body(), call.query)
        resource = self._writes.stored_as(call.resource)
        page = self._listing.page(resource, self._scope(call), 0, "")
        for stored in page.items:
            if self._store.get(resource, stored.namespace, stored.name) is stored:
                self._deletion.take_away(stored, options)
        return answer(self._form(call).many(page))

    async def _subresource(self, call: Call) -> web.StreamResponse:
        name, method = call.subresource, call.request.method
        if name in ("status", "finalize") and method in ("GET", "PUT", "PATCH"):
            return await self._status(call)
        if name == "scale" and method in ("GET", "PUT", "PATCH"):
            return await self._scale(call)
        if name == "eviction" and method == "POST":
            body = await call.body()
            options = options_of((body or {}).get("deleteOptions"), call.query)
            self._eviction.evict(call.namespace, call.name, options)
            return answer(_DONE, 201)
        if name == "binding" and method == "POST":
            body = await call.body()
            bind(self._writes, call.resource, call.namespace, call.name, body, dry_run=call.dry_run)
            return answer(_DONE, 201)
        if name == "token" and method == "POST":
            self._writes.current(call.resource, call.namespace, call.name)
            return answer(token_request(await call.body(), call.namespace, call.name, self._writes.clock.now()), 201)
        if name == "log" and method == "GET":
            return await self._log(call)
        raise method_not_allowed()

    async def _status(self, call: Call) -> web.Response:
        stored = self._writes.current(call.resource, call.namespace, call.name)
        if call.request.method == "GET":
            return answer(self._form(call).one(stored))
        if call.subresource == "finalize":
            body = await call.body()
            finalizers = ((body or {}).get("spec") or {}).get("finalizers") or []
            edited = self._writes.change(stored, lambda manifest: manifest["spec"].update(finalizers=finalizers))
            return answer(self._form(call).one(edited))
        return await self._change(call)

    async def _scale(self, call: Call) -> web.Response:
        stored: Stored = self._writes.current(call.resource, call.namespace, call.name)
        if call.request.method == "PUT":
            stored = set_scale(self._writes, stored, await call.body(), dry_run=call.dry_run)
        elif call.request.method == "PATCH":
            body = await call.request.read()
            stored = patch_scale(self._writes, stored, body, call.content_type, dry_run=call.dry_run)
        return answer(scale_of(stored))

    async def _log(self, call: Call) -> web.StreamResponse:
        """A log that says the truth: nothing runs in the lab. With `follow` it stays open until the pod has gone."""
        pod = self._writes.current(call.resource, call.namespace, call.name).manifest()
        names = [container["name"] for container in pod["spec"]["containers"]]
        wanted = call.query.get("container") or names[0]
        if wanted not in names:
            raise bad_request(f"container {wanted} is not valid for pod {call.name}")
        node = pod["spec"].get("nodeName")
        if not node:
            raise bad_request(f'container "{wanted}" in pod "{call.name}" is waiting to start: no host assigned')
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(call.request)
        line = f"karptui lab: container {wanted} of {call.namespace}/{call.name} on {node} runs no program\n"
        await response.write(line.encode())
        if call.flag("follow"):
            await self._until_gone(call)
        await response.write_eof()
        return response

    async def _until_gone(self, call: Call) -> None:
        history = self._store.shelf(call.resource).history
        waiting, generation = history.subscribe(), self.stop.generation
        try:
            while self._store.get(call.resource, call.namespace, call.name) and self.stop.generation == generation:
                waiting.clear()
                await waiting.wait()
        finally:
            history.unsubscribe(waiting)

    def end_watches(self) -> None:
        """End every running watch as a closing server does."""
        self.stop.generation += 1
        for shelf in self._store.shelves():
            shelf.history.wake()


def _version(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: invalid syntax') from None


def _watch_request(call: Call, form: Representation, scope: Scope) -> WatchRequest:
    text = call.query.get("resourceVersion", "")
    initial = call.flag("sendInitialEvents")
    match = call.query.get("resourceVersionMatch", "")
    errors = FieldErrors()
    if "sendInitialEvents" in call.query and match != "NotOlderThan":
        errors.forbidden(
            "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        )
    elif match and "sendInitialEvents" not in call.query:
        errors.forbidden(
            "resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        )
    errors.raise_if_any(call.resource, "")
    timeout = call.number("timeoutSeconds")
    unset = text in ("", "0")
    from_now = unset and "sendInitialEvents" in call.query and not initial
    return WatchRequest(
        scope=scope,
        encode=form.event(),
        version=None if unset else _version(text),
        initial_events=initial,
        from_now=from_now,
        bookmarks=call.flag("allowWatchBookmarks"),
        timeout=float(timeout) if timeout else None,
        bookmark=form.bookmark,
    )
