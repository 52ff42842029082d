"""Pending to bound: when each pod and each NodeClaim passed its stages.

Times are epoch seconds. A transition seen live is stamped with the time of receipt, which is finer than the one second
of Kubernetes' own timestamps; what happened before karptui looked is taken from the object's conditions.
"""

from msgspec import Struct

from karptui.model.metadata import Condition, condition
from karptui.model.node import Node, NodeClaim
from karptui.model.pod import Pod
from karptui.model.workload import KubeEvent

SEEN_LIVE = 5.0
"""Seconds: an Event no older than this is seen as it happens."""


class PodTimeline(Struct, gc=False, eq=False):
    """One pod's way from Pending to Ready. None: not reached, or not seen.

    `unschedulable` is when the kube-scheduler first gave up on it and `scheduler_message` what it said; `decision` the
    id of the decision that placed it and `decided` its time; `target` the NodeClaim or node it is meant for.
    """

    key: str
    uid: str
    created: float
    unschedulable: float | None = None
    scheduler_message: str = ""
    decided: float | None = None
    decision: str = ""
    target: str = ""
    bound: float | None = None
    node: str = ""
    pulling: float | None = None
    pulled: float | None = None
    started: float | None = None
    ready: float | None = None
    gone: float | None = None

    @property
    def pending_seconds(self) -> float | None:
        """Seconds from creation to binding, once bound."""
        return None if self.bound is None else max(self.bound - self.created, 0.0)


class ClaimTimeline(Struct, gc=False, eq=False):
    """One NodeClaim's stages, up to its end."""

    name: str
    node_pool: str
    created: float
    decision: str = ""
    fleet_called: float | None = None
    launched: float | None = None
    registered: float | None = None
    initialized: float | None = None
    node_seen: float | None = None
    node_ready: float | None = None
    interrupted: float | None = None
    draining: float | None = None
    terminating: float | None = None
    gone: float | None = None

    def follow_node(self, node: Node, at: float) -> None:
        """Stamp when its node was there, and when that was ready."""
        if self.node_seen is None:
            self.node_seen = finer(node.metadata.created, at)
        ready = condition(node.conditions, "Ready")
        if self.node_ready is None and ready is not None and ready.status == "True":
            self.node_ready = finer(ready.changed, at)


_STAGES = (("Launched", "launched"), ("Registered", "registered"), ("Initialized", "initialized"))


def follow_pod(timeline: PodTimeline, pod: Pod, at: float, live: bool) -> None:
    """Stamp what this version of the pod shows for the first time. `live`: the change was seen as it happened."""
    timeline.uid = pod.metadata.uid  # the same, and so the text of the version before is not kept for it
    if timeline.unschedulable is None and (since := pod.unschedulable_since()) is not None:
        timeline.unschedulable = at if live else (since or at)
    scheduled = condition(pod.conditions, "PodScheduled")
    if scheduled is not None and scheduled.reason == "Unschedulable":
        timeline.scheduler_message = scheduled.message
    if pod.nominated_node and not timeline.target:
        timeline.target = pod.nominated_node
    if timeline.bound is None and pod.node_name:
        timeline.bound = _moment(scheduled, at, live)
        timeline.node = pod.node_name
    if timeline.started is None and pod.containers_started is not None:
        timeline.started = at if live else pod.containers_started
    if timeline.ready is None:
        ready = condition(pod.conditions, "Ready")
        if ready is not None and ready.status == "True":
            timeline.ready = _moment(ready, at, live)


def follow_event(timeline: PodTimeline, found: KubeEvent, at: float) -> None:
    """Stamp what only an Event tells: when its image was pulled, and which node Karpenter means it for."""
    moment = at if abs(at - found.at) < SEEN_LIVE else found.at
    if found.reason == "Pulling" and timeline.pulling is None:
        timeline.pulling = moment
    elif found.reason == "Pulled" and timeline.pulled is None:
        timeline.pulled = moment
    elif found.reason == "Nominated" and not timeline.target:
        timeline.target = nominated_to(found.message)


def follow_claim(timeline: ClaimTimeline, claim: NodeClaim, at: float, live: bool) -> None:
    """Stamp the conditions that turned True and the start of the deletion."""
    for type_, field in _STAGES:
        if getattr(timeline, field) is None:
            entry = condition(claim.conditions, type_)
            if entry is not None and entry.status == "True":
                setattr(timeline, field, _moment(entry, at, live))
    if timeline.draining is None and claim.metadata.deleted is not None:
        timeline.draining = at if live else claim.metadata.deleted
    if timeline.terminating is None:
        ending = condition(claim.conditions, "InstanceTerminating")
        if ending is not None and ending.status == "True":
            timeline.terminating = _moment(ending, at, live)


def _moment(entry: Condition | None, at: float, live: bool) -> float:
    return at if live or entry is None or not entry.changed else entry.changed


def finer(stated: float, seen: float) -> float:
    """A time that Kubernetes states in whole seconds, as seen if it was seen within that second."""
    return seen if not stated or 0.0 <= seen - stated < 1.0 else stated


def nominated_to(message: str) -> str:
    """The NodeClaim (else the node) of "Pod should schedule on: nodeclaim/x, node/y"."""
    targets: dict[str, str] = {}
    for part in message.rpartition(": ")[2].split(","):
        kind, _, name = part.strip().partition("/")
        targets[kind] = name
    return targets.get("nodeclaim") or targets.get("node") or ""
