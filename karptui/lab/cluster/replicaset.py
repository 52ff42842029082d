"""ReplicaSets: as many active pods as asked for."""

from __future__ import annotations

from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.controller import Controller
from karptui.lab.cluster.kinds import PODS, REPLICASETS, Object, controller_of, controller_uid, deleting, key_of
from karptui.lab.cluster.pod_conditions import active, available_in, ready
from karptui.lab.cluster.replica_pods import BURST, make_pods, removal_order, remove_pods

COMPONENT = "replicaset-controller"


def owned_key(pod: Object, kind: str) -> str:
    """The key of the pod's controller if it is of this kind, else ""."""
    owner = controller_of(pod)
    return f"{pod['metadata']['namespace']}/{owner['name']}" if owner and owner["kind"] == kind else ""


def _counted(pod: Object) -> tuple[object, ...]:
    """What a ReplicaSet's numbers are made of; a pod goes through many other changes while it starts."""
    return (active(pod), deleting(pod), ready(pod), pod["metadata"].get("labels"))


class ReplicaSetController(Controller):
    """Makes and removes pods of ReplicaSets and counts them."""

    name = "replicaset"
    settle = 0.1
    workers = 4

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._sets = context.informer(REPLICASETS)
        self._pods = context.informer(PODS)
        self._pods.add_index("controller", lambda pod: (controller_uid(pod),))
        self._sets.add_index("controller", lambda item: (controller_uid(item),))
        self._sets.on_change(lambda before, after: self.add(key_of(after)) if after else None)
        self._pods.on_change(self._pod_changed)

    def _pod_changed(self, before: Object | None, after: Object | None) -> None:
        pod = after or before
        assert pod is not None
        if before is None or after is None or _counted(before) != _counted(after):
            self.add(owned_key(pod, "ReplicaSet"))

    async def sync(self, key: str) -> None:
        """See Controller.sync."""
        item = self._sets.get(key)
        if item is None:
            return
        owned = self._pods.by("controller", item["metadata"]["uid"])
        pods = [pod for pod in owned if active(pod)]
        try:
            if not deleting(item):
                await self._match(item, pods)
        finally:
            await self._report(item)

    async def _match(self, item: Object, pods: list[Object]) -> None:
        missing = item["spec"].get("replicas", 1) - len(pods)
        if missing > 0:
            templates = [item["spec"]["template"]] * min(missing, BURST)
            await make_pods(self.context, item, REPLICASETS, templates, COMPONENT)
        elif missing < 0:
            order = removal_order(pods, self._related(item), self.context.clock.now())
            await remove_pods(self.context, item, REPLICASETS, order[: min(-missing, BURST)], COMPONENT)

    def _related(self, item: Object) -> list[Object]:
        """Active pods of all ReplicaSets of the same owner: those crowd the nodes that should be relieved."""
        owner = controller_uid(item)
        sets = self._sets.by("controller", owner) if owner else [item]
        pods = (pod for one in sets for pod in self._pods.by("controller", one["metadata"]["uid"]))
        return [pod for pod in pods if active(pod)]

    async def _report(self, item: Object) -> None:
        current = self._sets.get(key_of(item))
        if current is None or current["metadata"]["uid"] != item["metadata"]["uid"]:
            return
        status = self._status(item)
        old = current.get("status") or {}
        if any(old.get(name, 0) != value for name, value in status.items()):
            await self.api.patch(REPLICASETS, current, {"status": status}, "status")

    def _status(self, item: Object) -> Object:
        labels = ((item["spec"]["template"].get("metadata") or {}).get("labels") or {}).items()
        wait_for, now = item["spec"].get("minReadySeconds", 0), self.context.clock.now()
        names = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "terminatingReplicas")
        counts = dict.fromkeys(names, 0)
        soonest: float | None = None
        for pod in self._pods.by("controller", item["metadata"]["uid"]):
            counts["terminatingReplicas"] += deleting(pod)
            if not active(pod):
                continue
            counts["replicas"] += 1
            counts["fullyLabeledReplicas"] += labels <= (pod["metadata"].get("labels") or {}).items()
            wait = available_in(pod, wait_for, now)
            if wait is None:
                continue
            counts["readyReplicas"] += 1
            if wait:
                soonest = wait if soonest is None else min(soonest, wait)
            else:
                counts["availableReplicas"] += 1
        if soonest is not None:
            self.add_after(key_of(item), soonest)
        return {**counts, "observedGeneration": item["metadata"].get("generation", 0)}
