"""Faults on demand: what goes wrong in real clusters, for tests and for the demo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from karptui.lab.apiserver.errors import ApiError, bad_request, forbidden, too_many_requests
from karptui.lab.apiserver.registry import Resource


class Faults:
    """What the server is told to do wrong. All of it is off at the start.

    `drop_watches` ends every running watch, `expire_history` makes every earlier resourceVersion and continue token too
    old, `throttle(n)` answers the next n requests with 429, `latency` delays each request by so many real seconds,
    `expired_as_status` gives a watch's 410 as the HTTP status instead of an ERROR event, and `forbidden` holds the
    (verb, resource) pairs that are refused with 403; "*" stands for any.
    """

    def __init__(self, drop_watches: Callable[[], None], expire_history: Callable[[], None]) -> None:
        self.drop_watches = drop_watches
        self.expire_history = expire_history
        self.latency = 0.0
        self.expired_as_status = False
        self.forbidden: set[tuple[str, str]] = set()
        self._throttled = 0
        self._retry_after = 1
        self._failing = 0

    def throttle(self, requests: int, retry_after: int = 1) -> None:
        """Answer the next `requests` requests with 429 and Retry-After in seconds."""
        self._throttled, self._retry_after = requests, retry_after

    def fail(self, requests: int) -> None:
        """Answer the next `requests` requests with 500 InternalError."""
        self._failing = requests

    def check(self) -> None:
        """Raise the error that the next request is to get, if any."""
        if self._throttled > 0:
            self._throttled -= 1
            raise too_many_requests("too many requests, please try again later.", self._retry_after)
        if self._failing > 0:
            self._failing -= 1
            raise ApiError(500, "InternalError", "Internal error occurred: the lab was told to fail")

    def refuses(self, verb: str, plural: str) -> bool:
        """Whether `forbidden` covers a verb on a resource."""
        if not self.forbidden:
            return False
        return any((a, b) in self.forbidden for a in (verb, "*") for b in (plural, "*"))

    def check_allowed(self, verb: str, resource: Resource, namespace: str, name: str) -> None:
        """Raise 403, worded as RBAC words it, for what `forbidden` holds."""
        if not self.refuses(verb, resource.plural):
            return
        where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
        why = f'User "karptui-lab" cannot {verb} resource "{resource.plural}" in API group "{resource.group}" {where}'
        raise forbidden(resource, name, why)

    def apply(self, orders: dict[str, Any]) -> None:
        """Do what a JSON body orders: {"dropWatches": true, "expireHistory": true, "throttle": 3, "retryAfter": 1,
        "fail": 2, "latency": 0.1, "expiredAsStatus": true, "forbidden": [["list", "nodes"]]}.

        Raises 400 BadRequest for orders that it does not know.
        """
        known = {"dropWatches", "expireHistory", "throttle", "retryAfter", "fail", "latency", "expiredAsStatus"}
        if unknown := set(orders) - known - {"forbidden"}:
            raise bad_request(f"unknown fault: {', '.join(sorted(unknown))}")
        if "throttle" in orders:
            self.throttle(int(orders["throttle"]), int(orders.get("retryAfter", 1)))
        if "fail" in orders:
            self.fail(int(orders["fail"]))
        if "latency" in orders:
            self.latency = float(orders["latency"])
        if "expiredAsStatus" in orders:
            self.expired_as_status = bool(orders["expiredAsStatus"])
        if "forbidden" in orders:
            self.forbidden = {(str(verb), str(plural)) for verb, plural in orders["forbidden"]}
        if orders.get("expireHistory"):
            self.expire_history()
        if orders.get("dropWatches"):
            self.drop_watches()
