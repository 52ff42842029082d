"""Namespaces that are deleted: their contents first, then themselves."""

from __future__ import annotations

from karptui.lab.cluster.api import Refused
from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.controller import Controller
from karptui.lab.cluster.kinds import NAMESPACES, Kind, Object, deleting, key_of
from karptui.lab.cluster.replica_pods import gather_all

LOOK_AGAIN = 1.0
"""Lab seconds between looks at what is left: pods end in their own time."""


class NamespaceController(Controller):
    """Empties and finalizes namespaces that are being deleted."""

    name = "namespace"
    workers = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._namespaces = context.informer(NAMESPACES)
        self._namespaces.on_change(lambda before, after: self.add(key_of(after)) if after and deleting(after) else None)

    async def sync(self, key: str) -> None:
        """See Controller.sync."""
        namespace = self._namespaces.get(key)
        if namespace is None or not deleting(namespace):
            return
        left = 0
        for kind in await self._kinds():
            left += await self._empty(kind, key)
        if left:
            self.add_after(key, LOOK_AGAIN)
            return
        finalizers = [name for name in namespace["spec"].get("finalizers") or () if name != "kubernetes"]
        body = {**namespace, "spec": {**namespace["spec"], "finalizers": finalizers}}
        await self.api.replace(NAMESPACES, body, "finalize")

    async def _empty(self, kind: Kind, namespace: str) -> int:
        """Delete everything of a kind; the number of objects that were there."""
        items, _ = await self.api.list(kind, namespace)

        async def remove(item: Object) -> None:
            try:
                await self.api.delete(kind, item)
            except Refused as refusal:
                if refusal.code not in (404, 409):
                    raise

        await gather_all(remove(item) for item in items if not deleting(item))
        return len(items)

    async def _kinds(self) -> list[Kind]:
        """Every namespaced kind that can be listed and deleted, as discovery tells."""
        groups = (await self.api.request("GET", "/apis")).get("groups") or ()
        versions = ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]
        kinds: list[Kind] = []
        for version in versions:
            path = "/api/v1" if version == "v1" else f"/apis/{version}"
            resources = (await self.api.request("GET", path)).get("resources") or ()
            kinds.extend(
                Kind(version, one["kind"], one["name"])
                for one in resources
                if one["namespaced"] and "/" not in one["name"] and {"list", "delete"} <= set(one["verbs"])
            )
        # events.k8s.io shows the events of the core group a second time.
        return [kind for kind in kinds if kind.api_version != "events.k8s.io/v1"]
