"""The World: what the events so far add up to. Events are the only way in; everything else reads."""

from collections import deque
from sys import intern
from typing import Any

from msgspec import Struct

from karptui.engine.provisioning.overlays import overlaid
from karptui.model.decision import Decision
from karptui.model.instance_type import Catalogue
from karptui.model.node import Node, NodeClaim
from karptui.model.pod import Pod
from karptui.model.snapshot import Options, Snapshot
from karptui.model.taints import DISRUPTED_TAINT
from karptui.model.workload import KubeEvent
from karptui.world import events
from karptui.world.batching import nominations
from karptui.world.bearing import bears
from karptui.world.decided import carried_out, decided, judged
from karptui.world.grounds import GroundsBook
from karptui.world.interruption import KINDS, announce, interrupt, known_now
from karptui.world.ledger import Ledger, Move, NodePrice
from karptui.world.log import LogLine, line_of, line_of_kube_event
from karptui.world.remember import remember
from karptui.world.timeline import ClaimTimeline, PodTimeline, finer, follow_claim, follow_event, follow_pod
from karptui.world.usage import Usage

# What the World keeps of each resource; anything else in a recording is passed over.
RESOURCES = (
    "pods", "nodes", "nodeclaims", "nodepools", "nodeclasses", "nodeoverlays", "daemonsets", "deployments",
    "replicasets", "statefulsets", "jobs", "poddisruptionbudgets", "namespaces", "priorityclasses",
    "persistentvolumeclaims", "persistentvolumes", "storageclasses", "csinodes", "events",
)  # fmt: skip
KEPT_EVENTS = 5_000
KEPT_TIMELINES = 50_000
KEPT_POD_TIMELINES = 4_000  # besides those of pods that wait; of earlier ones their conditions tell, to the second
KEPT_BOUND = 1_000  # pods whose time from creation to binding counts as recent

_LATEST: dict[type[Any], str] = {
    events.PlanPreviewed: "preview",
    events.Connected: "connected",
    events.Narrated: "narration",
    events.BrakesSet: "brakes",
    events.LeaseChanged: "lease",
}
"""Events of which only the latest counts, and the World's field that keeps it."""


class Stream(Struct, frozen=True, gc=False):
    """How one resource's stream stands; `since` is when it was last known good."""

    state: events.StreamState
    message: str
    since: float


class World:
    """State, indexes, timelines, ledger and decision log of one cluster.

    `dirty` collects `(resource, key)` of what changed since the eyes last looked; they clear it.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.objects: dict[str, dict[str, Any]] = {resource: {} for resource in RESOURCES}
        self.catalogue = Catalogue(types=())
        self.connected: events.Connected | None = None
        self.streams: dict[str, Stream] = {}
        self.usage = Usage()
        self.ledger = Ledger()
        self.pod_timelines: dict[str, PodTimeline] = {}
        self.claim_timelines: dict[str, ClaimTimeline] = {}
        self.bound_seconds: deque[float] = deque(maxlen=KEPT_BOUND)
        self.decisions: dict[str, Decision] = {}
        self.decision_of_claim: dict[str, str] = {}
        self.claim_of_decision: dict[str, str] = {}
        self.verdicts: dict[str, events.PredictionJudged] = {}  # by decision, NodeClaim and node
        self.grounds = GroundsBook()
        self.preview: events.PlanPreviewed | None = None
        self.surveyed: events.Surveyed | None = None
        self.interruptions: dict[str, events.InterruptionSeen] = {}
        self.announced: dict[tuple[str, str], KubeEvent] = {}  # of instances that are not known yet, by kind and name
        self.narration: events.Narrated | None = None
        self.lease: events.LeaseChanged | None = None
        self.brakes: events.BrakesSet | None = None
        self.intentions: deque[events.Intended] = deque(maxlen=KEPT_EVENTS)
        self.problems: deque[events.Problem] = deque(maxlen=100)
        self.log: deque[LogLine] = deque(maxlen=KEPT_EVENTS)
        self.pending: dict[str, Pod] = {}
        self.provisionable: dict[str, str] = {}  # of the pending ones those to provision for: uid to key
        self.reconciled: set[str] = set()  # uids of those, and of going nodes, that were seen since a planner looked
        self.going: dict[str, Node] = {}  # with Karpenter's taint: their pods are planned for before they are evicted
        self.node_of_provider_id: dict[str, str] = {}
        self.claim_of_provider_id: dict[str, str] = {}
        self.nominated: dict[str, float] = {}
        self._decided = 0
        self.dirty: set[tuple[str, str]] = set()
        self.number = 0
        self.at = 0.0

    # -- reading -----------------------------------------------------------------------------------------------------

    def of(self, resource: str) -> dict[str, Any]:
        """Objects of one resource by key."""
        return self.objects[resource]

    def snapshot(self, now: float) -> Snapshot:
        """The cluster as it stands, for an engine. Cheap: dicts are copied, objects are shared (they never change)."""
        held = self.objects
        return Snapshot(
            number=self.number,
            now=now,
            options=self.options,
            catalogue=self.catalogue,
            pods=dict(held["pods"]),
            nodes=dict(held["nodes"]),
            node_claims=dict(held["nodeclaims"]),
            node_pools=dict(held["nodepools"]),
            node_classes=dict(held["nodeclasses"]),
            node_overlays=dict(held["nodeoverlays"]),
            daemon_sets=dict(held["daemonsets"]),
            workloads={**held["deployments"], **held["replicasets"], **held["statefulsets"], **held["jobs"]},
            budgets=dict(held["poddisruptionbudgets"]),
            namespaces=dict(held["namespaces"]),
            priority_classes=dict(held["priorityclasses"]),
            volume_claims=dict(held["persistentvolumeclaims"]),
            volumes=dict(held["persistentvolumes"]),
            storage_classes=dict(held["storageclasses"]),
            csi_nodes=dict(held["csinodes"]),
            nominated={name: until for name, until in self.nominated.items() if until > now},
            forbidden=frozenset(
                name for name, stream in self.streams.items() if stream.state is events.StreamState.FORBIDDEN
            ),
        )

    def made_from(self, decision: Decision, now: float) -> Snapshot:
        """What a decision was made from; what holds now where that is not kept any more."""
        return self.grounds.of(decision) or self.snapshot(now)

    def next_decision_id(self) -> str:
        """`D-00001` and so on: one series for everything that decides."""
        self._decided += 1
        return f"D-{self._decided:05d}"

    def synced(self) -> bool:
        """Whether every stream has delivered its first list (or cannot be had)."""
        return bool(self.streams) and all(
            stream.state is not events.StreamState.SYNCING for stream in self.streams.values()
        )

    # -- the one way in ----------------------------------------------------------------------------------------------

    def apply(self, event: events.Event) -> None:
        """Take one event in."""
        if event.at > self.at:  # noqa: PLR1730  max() costs more, and this is asked of every change of a pod
            self.at = event.at
        if isinstance(event, events.ObjectSeen):
            self._object(event)
            return
        if (line := line_of(event, self.narration)) is not None:
            self.log.append(line)
        match event:
            case events.Surveyed():
                self._survey(event)
            case events.DecisionMade():
                decided(self, event.decision)
            case events.DecisionCarriedOut():
                carried_out(self, event)
            case events.PredictionJudged():
                judged(self, event)
            case events.StreamChanged():
                self.streams[event.resource] = Stream(event.state, event.message, event.since or event.at)
                self.dirty.add(("streams", event.resource))
            case events.CatalogueSeen():
                self._catalogue(event)
            case events.SettingsSeen():
                self.options = event.options
            case events.BillKnown():
                self.ledger.past.add(event.points)
                self.dirty.add(("bill", ""))
            case events.CloudCalled():
                self._cloud(event)
            case events.InterruptionSeen():
                interrupt(self, event)
            case events.Intended():
                self.intentions.append(event)
                self.dirty.add(("intentions", ""))
            case events.Problem():
                self.problems.append(event)
                self.dirty.add(("problems", event.where))
            case _ if (place := _LATEST.get(type(event))) is not None:
                setattr(self, place, event)
                self.dirty.add((place, ""))
                if isinstance(event, events.PlanPreviewed) and event.decided:
                    self.nominated |= nominations(event.plan.existing, event.at, self.options.batch_max_duration)

    def _object(self, event: events.ObjectSeen) -> None:
        resource = event.resource
        if resource not in self.objects and resource.endswith("nodeclasses"):
            # Every provider has a NodeClass of its own (EC2NodeClass, KWOKNodeClass); to the World they are one.
            resource = "nodeclasses"
        held = self.objects.get(resource)
        if held is None:
            return
        key = intern(event.object.key)  # one text for all that is kept by it
        before = held.get(key)
        found = None if event.change is events.Change.DELETED else event.object
        if found is None:
            held.pop(key, None)
        else:
            held[key] = found
        bearing = resource != "events" and bears(before, found)
        if bearing:
            self.number += 1  # no plan depends on Events or versions, and a busy cluster has many
        self.dirty.add((resource, key))
        match resource:
            case "pods" if bearing:
                self._pod(event, key, before, found)
            case "pods":
                self._pod_again(event, key, event.object)
            case "nodes":
                self._node(event, key, found)
            case "nodeclaims":
                self._claim(event, key, found)
            case "nodepools" | "nodeoverlays" if self.objects["nodeoverlays"] or resource == "nodeoverlays":
                self._take_prices(event.at)
            case "events":
                self._kube_event(event, found)

    def _pod(self, event: events.ObjectSeen, key: str, before: Pod | None, pod: Pod | None) -> None:
        self.usage.replace(event.at, before, pod)
        if before is not None:
            if before.node_name and (pod is None or before.node_name != pod.node_name):
                self.dirty.add(("nodes", before.node_name))
            self.provisionable.pop(before.metadata.uid, None)
            self.reconciled.discard(before.metadata.uid)
        if pod is None:
            self.pending.pop(key, None)
            if (timeline := self.pod_timelines.get(key)) is not None and timeline.gone is None:
                timeline.gone = event.at
            return
        if pod.node_name:
            self.dirty.add(("nodes", pod.node_name))
        if pod.node_name or pod.terminal or pod.daemon:
            self.pending.pop(key, None)
        else:
            self.pending[key] = pod
            if pod.provisionable:
                self.provisionable[pod.metadata.uid] = key
                self.reconciled.add(pod.metadata.uid)
        timeline = self.pod_timelines.get(key)
        if timeline is None or timeline.uid != pod.metadata.uid:
            known = before is not None and before.metadata.uid == pod.metadata.uid and not before.node_name
            if pod.node_name and not known:
                self.pod_timelines.pop(key, None)  # that of an earlier pod of this name
                return  # bound before karptui looked: its conditions tell the story when somebody asks
            created = finer(pod.metadata.created, event.at)
            timeline = PodTimeline(key=key, uid=pod.metadata.uid, created=created)
            remember(self.pod_timelines, key, timeline, KEPT_POD_TIMELINES, _goes_on)
        was_bound = timeline.bound is not None
        follow_pod(timeline, pod, event.at, live=event.change is events.Change.MODIFIED)
        if not was_bound and (seconds := timeline.pending_seconds) is not None:
            self.bound_seconds.append(seconds)

    def _pod_again(self, event: events.ObjectSeen, key: str, pod: Pod) -> None:
        """Another version of a pod that stands where it stood, for what it stood: nearly every event of a cluster."""
        self.usage.renew(key, pod)
        if key in self.pending:
            self.pending[key] = pod
            if pod.metadata.uid in self.provisionable:
                self.reconciled.add(pod.metadata.uid)
        if (timeline := self.pod_timelines.get(key)) is not None:
            follow_pod(timeline, pod, event.at, live=event.change is events.Change.MODIFIED)

    def _node(self, event: events.ObjectSeen, key: str, node: Node | None) -> None:
        if node is None:
            self.ledger.drop_node(event.at, key)
            self.ledger.settle(self._replacement_price)
            self.usage.forget(key)
            self.nominated.pop(key, None)
            self.going.pop(key, None)
            self.reconciled.discard(event.object.metadata.uid)
            if self.node_of_provider_id.get(event.object.provider_id) == key:
                del self.node_of_provider_id[event.object.provider_id]
            return
        if any(taint.matches(DISRUPTED_TAINT) for taint in node.taints):
            self.going[key] = node
            self.reconciled.add(node.metadata.uid)
        else:
            self.going.pop(key, None)
        if node.provider_id:
            self.node_of_provider_id[node.provider_id] = key
            known_now(self, "Node", key, event.at)
            claim = self.claim_of_provider_id.get(node.provider_id)
            timeline = self.claim_timelines.get(claim or "")
            if timeline is not None:
                timeline.follow_node(node, event.at)
        self._price(event.at, node)

    def _replacement_price(self, move: Move) -> float:
        """USD an hour of the nodes that came for those that a move took away; 0.0 where none did."""
        named = (name for name, made_for in self.decision_of_claim.items() if made_for == move.decision)
        claims = (self.objects["nodeclaims"].get(name) for name in named)
        return sum(self.claim_price(claim) or 0.0 for claim in claims if claim is not None)

    def claim_price(self, claim: NodeClaim) -> float | None:
        """USD an hour of what a NodeClaim stands for, or None."""
        return self.ledger.price(claim.instance_type, claim.zone, claim.capacity_type, claim.node_pool)

    def _price(self, at: float, node: Node) -> None:
        price = self.ledger.price(node.instance_type, node.zone, node.capacity_type or "on-demand", node.node_pool)
        self.ledger.set_node(at, NodePrice(node.key, node.node_pool, node.capacity_type or "on-demand", price))

    def _take_prices(self, at: float) -> None:
        """Price every node anew, with NodeOverlays where they count."""
        pools, overlays = self.objects["nodepools"], self.objects["nodeoverlays"]
        grounds = Snapshot(self.number, at, self.options, self.catalogue, node_pools=pools, node_overlays=overlays)
        self.ledger.take_catalogue(overlaid(grounds).catalogue)
        for node in self.objects["nodes"].values():
            self._price(at, node)

    def _claim(self, event: events.ObjectSeen, key: str, claim: NodeClaim | None) -> None:
        timeline = self.claim_timelines.get(key)
        if claim is None:
            self.nominated.pop(key, None)
            if timeline is not None:
                timeline.gone = event.at
            return
        if timeline is None:
            created = finer(claim.metadata.created, event.at)
            timeline = ClaimTimeline(name=key, node_pool=claim.node_pool, created=created)
            timeline.decision = self.decision_of_claim.get(key, "")
            remember(self.claim_timelines, key, timeline, KEPT_TIMELINES)
        follow_claim(timeline, claim, event.at, live=event.change is events.Change.MODIFIED)
        if claim.provider_id:
            remember(self.claim_of_provider_id, claim.provider_id, key, KEPT_TIMELINES)
            known_now(self, "NodeClaim", key, event.at)

    def _kube_event(self, event: events.ObjectSeen, found: KubeEvent | None) -> None:
        if found is None:
            return
        held = self.objects["events"]
        while len(held) > KEPT_EVENTS:
            held.pop(next(iter(held)))
        self.log.append(line_of_kube_event(found, event.at))
        if found.reason in KINDS:
            announce(self, found, event.at)
        timeline = self.pod_timelines.get(found.about) if found.kind == "Pod" else None
        if timeline is None:
            return
        follow_event(timeline, found, event.at)
        self.dirty.add(("pods", found.about))

    def _catalogue(self, event: events.CatalogueSeen) -> None:
        self.catalogue = event.catalogue
        self._take_prices(event.at)
        self.number += 1
        self.grounds.note_catalogue(self.number, event.catalogue)
        self.dirty.add(("catalogue", ""))

    def _survey(self, event: events.Surveyed) -> None:
        self.dirty |= {("survey", ""), *(("nodes", node) for node in event.differing(self.surveyed))}
        self.surveyed = event

    def _cloud(self, event: events.CloudCalled) -> None:
        timeline = self.claim_timelines.get(event.claim)
        if timeline is not None and event.call == "CreateFleet" and timeline.fleet_called is None:
            timeline.fleet_called = event.at
        self.dirty.add(("nodeclaims", event.claim))


def _goes_on(timeline: PodTimeline) -> bool:
    return timeline.bound is None and timeline.gone is None
