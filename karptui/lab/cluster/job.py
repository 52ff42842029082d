"""Jobs: pods until enough of them have succeeded."""

from __future__ import annotations

from karptui.kube.timestamps import epoch
from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.controller import Controller
from karptui.lab.cluster.kinds import JOBS, PODS, Object, controller_uid, deleting, key_of
from karptui.lab.cluster.pod_conditions import active, condition_of, phase, ready
from karptui.lab.cluster.replica_pods import gather_all, make_pods, removal_order, remove_pods
from karptui.lab.cluster.replicaset import owned_key

COMPONENT = "job-controller"
TRACKING = "batch.kubernetes.io/job-tracking"
"""Finalizer: a finished pod stays until the Job has counted it."""


class JobController(Controller):
    """Non-indexed Jobs with parallelism, completions, backoffLimit, suspend and ttlSecondsAfterFinished."""

    name = "job"
    settle = 0.1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._jobs = context.informer(JOBS)
        self._pods = context.informer(PODS)
        self._pods.add_index("controller", lambda pod: (controller_uid(pod),))
        self._jobs.on_change(lambda before, after: self.add(key_of(after)) if after else None)
        self._pods.on_change(self._pod_changed)

    def _pod_changed(self, before: Object | None, after: Object | None) -> None:
        pod = after or before
        assert pod is not None
        self.add(owned_key(pod, "Job"))

    async def sync(self, key: str) -> None:
        """See Controller.sync."""
        job = self._jobs.get(key)
        if job is None or deleting(job):
            # Nobody will count these any more.
            await self._release(
                [pod for pod in self._pods.items.values() if owned_key(pod, "Job") == key and _tracked(pod)]
            )
            return
        pods = self._pods.by("controller", job["metadata"]["uid"])
        if _ended(job):
            await self._release([pod for pod in pods if _tracked(pod)])
            await self._expire(job)
            return
        job = await self._count(job, pods)
        await self._decide(job, [pod for pod in pods if active(pod)])

    async def _count(self, job: Object, pods: list[Object]) -> Object:
        """Note finished pods as uncounted, release them, and count those that are released: safe at every step."""
        status = job.get("status") or {}
        noted = status.get("uncountedTerminatedPods") or {}
        counts = {"succeeded": status.get("succeeded", 0), "failed": status.get("failed", 0)}
        tracked = {pod["metadata"]["uid"]: pod for pod in pods if _tracked(pod)}
        uncounted: dict[str, list[str]] = {}
        for field in counts:
            still = [uid for uid in noted.get(field) or () if uid in tracked]
            counts[field] += len(noted.get(field) or ()) - len(still)
            wanted = "Succeeded" if field == "succeeded" else "Failed"
            # A pod that is taken away before it has ended counts as failed.
            found = [
                uid
                for uid, pod in tracked.items()
                if uid not in still and (phase(pod) == wanted or (field == "failed" and _lost(pod)))
            ]
            uncounted[field] = still + found
        body = {**counts, "uncountedTerminatedPods": {field: uids or None for field, uids in uncounted.items()}}
        changed = any(counts[field] != status.get(field, 0) for field in counts)
        changed = changed or any(uncounted[field] != (noted.get(field) or []) for field in counts)
        if changed:
            job = await self.api.patch(JOBS, job, {"status": body}, "status", guarded=True)
        released = [tracked[uid] for uids in uncounted.values() for uid in uids]
        if released:
            await self._release(released)
            self.add(key_of(job))
        return job

    async def _release(self, pods: list[Object]) -> None:
        async def release(pod: Object) -> None:
            left = [name for name in pod["metadata"].get("finalizers") or () if name != TRACKING]
            await self.api.patch(PODS, pod, {"metadata": {"finalizers": left or None}})

        await gather_all(release(pod) for pod in pods)

    async def _decide(self, job: Object, pods: list[Object]) -> None:
        spec, status = job["spec"], job.get("status") or {}
        succeeded, failed = status.get("succeeded", 0), status.get("failed", 0)
        waiting = sum(len(uids or ()) for uids in (status.get("uncountedTerminatedPods") or {}).values())
        parallelism = 0 if spec.get("suspend") else spec.get("parallelism", 1)
        completions = spec.get("completions")
        if failed > spec.get("backoffLimit", 6):
            await remove_pods(self.context, job, JOBS, pods, COMPONENT)
            await self._end(job, "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
            return
        done = succeeded >= completions if completions is not None else succeeded > 0 and not pods
        if done and not waiting:
            await remove_pods(self.context, job, JOBS, pods, COMPONENT)
            await self._end(job, "Complete", "CompletionsReached", "Reached expected number of succeeded pods")
            return
        wanted = parallelism if completions is None else min(parallelism, completions - succeeded - waiting)
        if completions is None and succeeded:
            wanted = len(pods)
        if len(pods) < wanted:
            template = _template(job)
            await make_pods(self.context, job, JOBS, [template] * (wanted - len(pods)), COMPONENT)
        elif len(pods) > max(wanted, 0):
            order = removal_order(pods, pods, self.context.clock.now())
            await remove_pods(self.context, job, JOBS, order[: len(pods) - max(wanted, 0)], COMPONENT)
        await self._report(job)

    async def _report(self, job: Object) -> None:
        current = self._jobs.get(key_of(job)) or job
        pods = [pod for pod in self._pods.by("controller", job["metadata"]["uid"]) if active(pod)]
        status: Object = {
            "active": len(pods),
            "ready": sum(ready(pod) for pod in pods),
            "terminating": sum(
                deleting(pod) for pod in self._pods.by("controller", job["metadata"]["uid"]) if not active(pod)
            ),
        }
        old = current.get("status") or {}
        if not old.get("startTime"):
            status["startTime"] = self.context.timestamp()
        if any(old.get(name, 0) != value for name, value in status.items()):
            await self.api.patch(JOBS, current, {"status": status}, "status")

    async def _end(self, job: Object, type_: str, reason: str, message: str) -> None:
        now = self.context.timestamp()
        before = "SuccessCriteriaMet" if type_ == "Complete" else "FailureTarget"
        conditions = [
            {
                "type": one,
                "status": "True",
                "reason": reason,
                "message": message,
                "lastProbeTime": now,
                "lastTransitionTime": now,
            }
            for one in (before, type_)
        ]
        status: Object = {"active": 0, "ready": 0, "terminating": 0, "uncountedTerminatedPods": {}}
        if not (job.get("status") or {}).get("startTime"):
            status["startTime"] = now
        if type_ == "Complete":
            status["completionTime"] = now
        status["conditions"] = [*((job.get("status") or {}).get("conditions") or ()), *conditions]
        await self.api.patch(JOBS, job, {"status": status}, "status")
        if type_ == "Complete":
            self.context.events.tell(JOBS, job, "Normal", "Completed", "Job completed", component=COMPONENT)
        else:
            self.context.events.tell(JOBS, job, "Warning", reason, message, component=COMPONENT)

    async def _expire(self, job: Object) -> None:
        ttl = job["spec"].get("ttlSecondsAfterFinished")
        if ttl is None:
            return
        end = condition_of(job, "Complete") or condition_of(job, "Failed")
        left = epoch(end["lastTransitionTime"]) + ttl - self.context.clock.now() if end else 0
        if left > 0:
            self.add_after(key_of(job), left)
        else:
            await self.api.delete(JOBS, job)


def _tracked(pod: Object) -> bool:
    return TRACKING in (pod["metadata"].get("finalizers") or ())


def _lost(pod: Object) -> bool:
    return deleting(pod) and phase(pod) not in ("Succeeded", "Failed")


def _ended(job: Object) -> bool:
    return any((condition_of(job, one) or {}).get("status") == "True" for one in ("Complete", "Failed"))


def _template(job: Object) -> Object:
    """The Job's template with the labels and the finalizer that its pods have."""
    template, meta = job["spec"]["template"], job["metadata"]
    labels = {
        "batch.kubernetes.io/controller-uid": meta["uid"],
        "batch.kubernetes.io/job-name": meta["name"],
        "controller-uid": meta["uid"],
        "job-name": meta["name"],
    }
    old = template.get("metadata") or {}
    return {
        **template,
        "metadata": {**old, "labels": {**labels, **(old.get("labels") or {})}, "finalizers": [TRACKING]},
    }
