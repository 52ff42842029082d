"""Hands that write nothing: what a reconciler would write is noted, and the World is what a test makes it."""

import asyncio
from typing import Any, cast

from karptui.cloud.provider import CloudProvider
from karptui.control.hands import Hands
from karptui.control.objects import Objects
from karptui.control.safety.brakes import Brakes
from karptui.model.metadata import Metadata
from karptui.world import events
from karptui.world.world import World

NOW = 1_800_000_000.0


class Noted:
    """The World of a test, and what was written: patches as (resource, name, body), deletions and Events."""

    def __init__(self, provider: object = None) -> None:
        self.world = World()
        self.at = NOW
        self.quick = False
        """Whether the cluster's clock runs so that nobody waits long by it."""
        self.patches: list[tuple[str, str, dict[str, Any]]] = []
        self.created: list[tuple[str, dict[str, Any]]] = []
        self.deleted: list[tuple[str, str]] = []
        self.recorded: list[tuple[str, str, str]] = []
        """(kind, name, reason) of each Event."""
        self.told: list[events.Event] = []
        objects = cast(Objects, self)
        self.hands = Hands(
            self.world, objects, cast(CloudProvider, provider), self._sink, lambda: self.at, self._sleep, Brakes()
        )

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.01 if self.quick else seconds)

    def _sink(self, event: events.Event) -> None:
        self.told.append(event)
        self.world.apply(event)

    def show(self, resource: str, *found: Any) -> None:
        """The World sees these objects as they are now."""
        for one in found:
            self.world.apply(events.ObjectSeen(self.at, resource, events.Change.MODIFIED, one))

    def statuses(self, name: str) -> dict[str, tuple[str, str]]:
        """(status, reason) by type of the conditions that were last written of an object."""
        written = [body["status"]["conditions"] for _, key, body in self.patches if key == name and "status" in body]
        return {entry["type"]: (entry["status"], entry["reason"]) for entry in written[-1]} if written else {}

    # -- in place of Objects -----------------------------------------------------------------------------------------

    async def create(self, resource: str, body: dict[str, Any], *, what: str = "") -> dict[str, Any]:
        self.created.append((resource, body))
        return {"metadata": {"name": f"{body['metadata']['generateName']}{len(self.created)}"}}

    async def patch(self, resource: str, name: str, patch: dict[str, Any], *, subresource: str = "") -> None:
        self.patches.append((resource, name, patch))

    async def delete(self, resource: str, name: str, *, uid: str = "") -> bool:
        self.deleted.append((resource, name))
        return True

    async def delete_pod(self, namespace: str, name: str, *, uid: str, grace_seconds: int) -> None:
        self.deleted.append(("pods", name))

    async def record_event(self, kind: str, about: Metadata, reason: str, message: str, **_: Any) -> None:
        self.recorded.append((kind, about.name, reason))

    def behind(self, resource: str, name: str, seen: str) -> bool:
        return False
