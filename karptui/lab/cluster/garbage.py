"""Garbage: objects whose owners are gone, pods whose nodes are gone."""

from __future__ import annotations

from karptui.lab.cluster.api import Refused
from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.controller import Controller
from karptui.lab.cluster.informer import Informer
from karptui.lab.cluster.kinds import (
    DAEMONSETS,
    DEPLOYMENTS,
    JOBS,
    LEASES,
    NODECLAIMS,
    NODEPOOLS,
    NODES,
    PODS,
    REPLICASETS,
    Kind,
    Object,
    deleting,
    key_of,
)
from karptui.lab.cluster.node_lease import LEASE_NAMESPACE
from karptui.lab.cluster.pod_conditions import finished, node_name
from karptui.lab.cluster.replica_pods import delete_pod, gather_all

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"

WATCHED = (PODS, REPLICASETS, JOBS, NODECLAIMS, NODES, LEASES)
"""The kinds that have owners in a lab."""

OWNERS = (*WATCHED, DEPLOYMENTS, DAEMONSETS, NODEPOOLS)


class GarbageCollector(Controller):
    """Deletes dependents in the background, in the foreground, or frees them, as the deletion asked for."""

    name = "garbage-collector"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._informers: dict[str, tuple[Kind, Informer]] = {}
        for kind in OWNERS:
            informer = context.informer(kind, LEASE_NAMESPACE if kind is LEASES else "")
            informer.add_index("owner", lambda item: [one["uid"] for one in _owners(item)])
            self._informers[kind.kind] = (kind, informer)
            informer.on_change(lambda before, after, kind=kind: self._changed(kind, before, after))

    def _changed(self, kind: Kind, before: Object | None, after: Object | None) -> None:
        item = after or before
        assert item is not None
        if after is None:
            for dependent_kind, dependent in self._dependents(item):
                self.add(f"{dependent_kind.kind} {key_of(dependent)}")
            # Whoever waits for this one in the foreground looks again.
            for owner in _owners(item):
                self._add_owner(item, owner)
        elif (before is None and _owners(after)) or deleting(after):
            self.add(f"{kind.kind} {key_of(after)}")

    def _add_owner(self, item: Object, owner: Object) -> None:
        if owner["kind"] in self._informers:
            kind, _ = self._informers[owner["kind"]]
            namespace = item["metadata"].get("namespace") if kind.namespaced else ""
            self.add(f"{kind.kind} {namespace}/{owner['name']}" if namespace else f"{kind.kind} {owner['name']}")

    def _dependents(self, owner: Object) -> list[tuple[Kind, Object]]:
        uid = owner["metadata"]["uid"]
        return [(kind, item) for kind, informer in self._informers.values() for item in informer.by("owner", uid)]

    async def sync(self, key: str) -> None:
        """Delete what has no owner left."""
        kind_name, _, item_key = key.partition(" ")
        kind, informer = self._informers[kind_name]
        item = informer.get(item_key)
        if item is None:
            return
        if deleting(item):
            await self._finish(kind, item)
            return
        owners = _owners(item)
        if not owners:
            return
        alive = [owner for owner in owners if await self._exists(item, owner)]
        if not alive:
            await self.api.delete(kind, item)
        elif len(alive) < len(owners):
            await self.api.patch(kind, item, {"metadata": {"ownerReferences": alive}}, guarded=True)

    async def _finish(self, kind: Kind, item: Object) -> None:
        """Do what the finalizers of foreground and orphaning deletion wait for."""
        finalizers = item["metadata"].get("finalizers") or ()
        if ORPHAN in finalizers:
            for dependent_kind, dependent in self._dependents(item):
                left = [one for one in _owners(dependent) if one["uid"] != item["metadata"]["uid"]]
                await self.api.patch(dependent_kind, dependent, {"metadata": {"ownerReferences": left or None}})
            await self._drop(kind, item, ORPHAN)
        elif FOREGROUND in finalizers:
            dependents = self._dependents(item)
            for dependent_kind, dependent in dependents:
                if not deleting(dependent):
                    await self.api.delete(dependent_kind, dependent, propagation="Foreground")
            uid = item["metadata"]["uid"]
            blocked = any(
                one["uid"] == uid and one.get("blockOwnerDeletion")
                for _, dependent in dependents
                for one in _owners(dependent)
            )
            if not blocked:
                await self._drop(kind, item, FOREGROUND)

    async def _drop(self, kind: Kind, item: Object, finalizer: str) -> None:
        left = [name for name in item["metadata"]["finalizers"] if name != finalizer]
        await self.api.patch(kind, item, {"metadata": {"finalizers": left or None}}, guarded=True)

    async def _exists(self, item: Object, owner: Object) -> bool:
        """Ask the local copy first and the API before anything is held for dead."""
        known = self._informers.get(owner["kind"])
        namespace = item["metadata"].get("namespace", "")
        if known is None:
            # Owners of kinds that are not watched here are left to whoever made them.
            return True
        kind, informer = known
        namespace = namespace if kind.namespaced else ""
        found = informer.get(f"{namespace}/{owner['name']}" if namespace else owner["name"])
        if found is not None and found["metadata"]["uid"] == owner["uid"]:
            return True
        try:
            found = await self.api.get(kind, namespace, owner["name"])
        except Refused as refusal:
            if refusal.code == 404:
                return False
            raise
        return found["metadata"]["uid"] == owner["uid"]


class PodGarbageCollector(Controller):
    """Removes pods of nodes that do not exist and terminating pods that never got a node."""

    name = "pod-garbage-collector"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._nodes = context.informer(NODES)
        self._pods = context.informer(PODS)
        self._pods.add_index("node", lambda pod: (node_name(pod),))
        self._nodes.on_change(self._node_changed)
        self._pods.on_change(self._pod_changed)

    def _node_changed(self, before: Object | None, after: Object | None) -> None:
        if after is None and before is not None:
            # A moment's grace: the node may be replaced by one of the same name.
            self.add_after(before["metadata"]["name"], self.context.delays.node_monitor)

    def _pod_changed(self, before: Object | None, after: Object | None) -> None:
        if after is None:
            return
        name = node_name(after)
        if before is None and name and name not in self._nodes.items:
            self.add_after(name, self.context.delays.node_monitor)
        elif not name and deleting(after):
            self.add_after("", 0.0)

    def add(self, key: str) -> None:
        """See Controller.add."""
        # "" stands for the pods without a node here.
        super().add(key or " ")

    async def sync(self, key: str) -> None:
        """Delete what has no owner left."""
        name = key.strip()
        if not name:
            doomed = [pod for pod in self._pods.by("node", "") if deleting(pod)]
        elif name in self._nodes.items:
            return
        else:
            doomed = self._pods.by("node", name)
        await gather_all(self._remove(pod) for pod in doomed)

    async def _remove(self, pod: Object) -> None:
        """Force deletion; a running pod is marked as failed first, so that nobody takes it for a survivor."""
        if node_name(pod) and not finished(pod):
            now = self.context.timestamp()
            target = {
                "type": "DisruptionTarget",
                "status": "True",
                "reason": "DeletionByPodGC",
                "message": "PodGC: node no longer exists",
                "lastTransitionTime": now,
            }
            body = {"status": {"phase": "Failed", "conditions": [target]}}
            await self.api.patch(PODS, pod, body, "status", how="strategic")
        await delete_pod(self.context, pod, grace=0)


def _owners(item: Object) -> list[Object]:
    return item["metadata"].get("ownerReferences") or []
