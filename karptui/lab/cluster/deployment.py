"""Deployments: one ReplicaSet for each pod template, and the walk from the old ones to the new."""

from __future__ import annotations

from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.controller import Controller
from karptui.lab.cluster.deployment_status import deployment_status
from karptui.lab.cluster.kinds import (
    DEPLOYMENTS,
    PODS,
    REPLICASETS,
    Object,
    controller_reference,
    controller_uid,
    deleting,
    key_of,
)
from karptui.lab.cluster.pod_template import bare_template, template_hash
from karptui.lab.cluster.replicaset import owned_key
from karptui.lab.cluster.shares import share

COMPONENT = "deployment-controller"
REVISION = "deployment.kubernetes.io/revision"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"


class DeploymentController(Controller):
    """Makes ReplicaSets and scales them: RollingUpdate, Recreate, pause, rollback, history."""

    name = "deployment"
    settle = 0.1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._deployments = context.informer(DEPLOYMENTS)
        self._sets = context.informer(REPLICASETS)
        self._pods = context.informer(PODS)
        self._sets.add_index("controller", lambda item: (controller_uid(item),))
        self._pods.add_index("controller", lambda item: (controller_uid(item),))
        self._deployments.on_change(lambda before, after: self.add(key_of(after)) if after else None)
        self._sets.on_change(self._set_changed)

    def _set_changed(self, before: Object | None, after: Object | None) -> None:
        item = after or before
        assert item is not None
        self.add(owned_key(item, "Deployment"))

    async def sync(self, key: str) -> None:
        """See Controller.sync."""
        item = self._deployments.get(key)
        if item is None:
            return
        sets = self._sets.by("controller", item["metadata"]["uid"])
        wanted = bare_template(item["spec"]["template"])
        new = next((one for one in sets if bare_template(one["spec"]["template"]) == wanted), None)
        old = [one for one in sets if one is not new]
        if deleting(item):
            await self._report(item, new, old)
            return
        if new is None and not item["spec"].get("paused"):
            new = await self._make_set(item, old)
        elif new is not None:
            await self._note_revision(item, new, old)
        if item["spec"].get("paused"):
            await self._scale_paused(item, new, old)
        elif (item["spec"].get("strategy") or {}).get("type") == "Recreate":
            await self._recreate(item, new, old)
        else:
            await self._roll(item, new, old)
        await self._clean_up(item, old)
        await self._report(item, new, old)

    async def _make_set(self, item: Object, old: list[Object]) -> Object:
        template = item["spec"]["template"]
        hash_ = template_hash(template)
        meta = template.get("metadata") or {}
        labels = {**(meta.get("labels") or {}), "pod-template-hash": hash_}
        selector = item["spec"]["selector"]
        made = await self.api.create(
            REPLICASETS,
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": f"{item['metadata']['name']}-{hash_}",
                    "namespace": item["metadata"]["namespace"],
                    "labels": labels,
                    "annotations": {**_set_annotations(item), REVISION: str(_highest_revision(old) + 1)},
                    "ownerReferences": [controller_reference(item, DEPLOYMENTS)],
                },
                "spec": {
                    "replicas": 0,
                    "minReadySeconds": item["spec"].get("minReadySeconds", 0),
                    "selector": {
                        **selector,
                        "matchLabels": {**(selector.get("matchLabels") or {}), "pod-template-hash": hash_},
                    },
                    "template": {**template, "metadata": {**meta, "labels": labels}},
                },
            },
        )
        await self._note_revision(item, made, old)
        return made

    async def _note_revision(self, item: Object, new: Object, old: list[Object]) -> None:
        """The newest template has the highest revision, also after a rollback to an older ReplicaSet."""
        revision = _revision(new)
        if revision <= _highest_revision(old):
            revision = _highest_revision(old) + 1
            await self.api.patch(REPLICASETS, new, {"metadata": {"annotations": {REVISION: str(revision)}}})
        if (item["metadata"].get("annotations") or {}).get(REVISION) != str(revision):
            await self.api.patch(DEPLOYMENTS, item, {"metadata": {"annotations": {REVISION: str(revision)}}})

    async def _roll(self, item: Object, new: Object | None, old: list[Object]) -> None:
        assert new is not None
        replicas = item["spec"].get("replicas", 1)
        surge, unavailable = surge_and_unavailable(item)
        new_size, old_size = _size(new), sum(_size(one) for one in old)
        if new_size > replicas or not old_size:
            await self._scale(item, new, replicas)
            return
        room = replicas + surge - new_size - old_size
        if new_size < replicas and room > 0:
            await self._scale(item, new, new_size + min(room, replicas - new_size))
        await self._retire(item, new, old, replicas - unavailable)

    async def _retire(self, item: Object, new: Object, old: list[Object], minimum: int) -> None:
        """Take from the old sets what the availability allows; their unhealthy pods go first."""
        new = self._fresh(new)
        unready = _size(new) - _status(new, "availableReplicas")
        spare = sum(_size(one) for one in old) + _size(new) - minimum - unready
        sizes = {key_of(one): _size(one) for one in old}
        for one in sorted(old, key=lambda one: one["metadata"].get("creationTimestamp") or ""):
            unhealthy = sizes[key_of(one)] - _status(one, "availableReplicas")
            gone = max(min(unhealthy, spare), 0)
            sizes[key_of(one)] -= gone
            spare -= gone
        available = _status(new, "availableReplicas") + sum(_status(one, "availableReplicas") for one in old)
        spare = min(spare, available - minimum)
        for one in sorted(old, key=lambda one: one["metadata"].get("creationTimestamp") or ""):
            gone = max(min(sizes[key_of(one)], spare), 0)
            sizes[key_of(one)] -= gone
            spare -= gone
        for one in old:
            await self._scale(item, one, sizes[key_of(one)])

    async def _recreate(self, item: Object, new: Object | None, old: list[Object]) -> None:
        for one in old:
            await self._scale(item, one, 0)
        left = any(self._pods.by("controller", one["metadata"]["uid"]) for one in old)
        if left:
            self.add_after(key_of(item), 1.0)
        elif new is not None:
            await self._scale(item, new, item["spec"].get("replicas", 1))

    async def _scale_paused(self, item: Object, new: Object | None, old: list[Object]) -> None:
        """A paused Deployment still follows its replicas, with the newest set that has pods."""
        candidates = [one for one in ([new] if new else []) + old if _size(one)] or ([new] if new else [])
        if len(candidates) == 1:
            await self._scale(item, candidates[0], item["spec"].get("replicas", 1))

    async def _scale(self, item: Object, one: Object, size: int) -> None:
        before = _size(one)
        annotations = one["metadata"].get("annotations") or {}
        wanted = _set_annotations(item)
        if before == size and wanted.items() <= annotations.items():
            return
        body = {"metadata": {"annotations": wanted}, "spec": {"replicas": size}}
        await self.api.patch(REPLICASETS, one, body)
        if before != size:
            way = "up" if size > before else "down"
            message = f"Scaled {way} replica set {one['metadata']['name']} from {before} to {size}"
            self.context.events.tell(DEPLOYMENTS, item, "Normal", "ScalingReplicaSet", message, component=COMPONENT)

    async def _clean_up(self, item: Object, old: list[Object]) -> None:
        limit = item["spec"].get("revisionHistoryLimit", 10)
        idle = [one for one in old if not _size(one) and not _status(one, "replicas") and not deleting(one)]
        for one in sorted(idle, key=_revision)[: max(len(idle) - limit, 0)]:
            await self.api.delete(REPLICASETS, one)

    async def _report(self, item: Object, new: Object | None, old: list[Object]) -> None:
        current = self._deployments.get(key_of(item))
        if current is None:
            return
        sets = [self._fresh(one) for one in ([new] if new else []) + old]
        _, unavailable = surge_and_unavailable(item)
        # The generation that was acted on, not one that came meanwhile.
        current = {**current, "metadata": {**current["metadata"], "generation": item["metadata"].get("generation", 0)}}
        status = deployment_status(
            current, self._fresh(new) if new else None, sets, unavailable, self.context.timestamp()
        )
        old_status = current.get("status") or {}
        if any(old_status.get(name, 0) != value for name, value in status.items()):
            await self.api.patch(DEPLOYMENTS, current, {"status": status}, "status")

    def _fresh(self, one: Object) -> Object:
        return self._sets.get(key_of(one)) or one


def surge_and_unavailable(item: Object) -> tuple[int, int]:
    """maxSurge rounded up and maxUnavailable rounded down; never both zero."""
    replicas = item["spec"].get("replicas", 1)
    strategy = item["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0, 0
    rolling = strategy.get("rollingUpdate") or {}
    surge = share(rolling.get("maxSurge", "25%"), replicas, round_up=True)
    unavailable = share(rolling.get("maxUnavailable", "25%"), replicas, round_up=False)
    return surge, min(unavailable, replicas) if surge or unavailable else 1


def _set_annotations(item: Object) -> dict[str, str]:
    replicas = item["spec"].get("replicas", 1)
    return {DESIRED: str(replicas), MAXIMUM: str(replicas + surge_and_unavailable(item)[0])}


def _size(one: Object) -> int:
    return one["spec"].get("replicas", 1)


def _status(one: Object, name: str) -> int:
    return (one.get("status") or {}).get(name, 0)


def _revision(one: Object) -> int:
    text = (one["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdigit() else 0


def _highest_revision(sets: list[Object]) -> int:
    return max((_revision(one) for one in sets), default=0)
