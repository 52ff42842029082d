"""The World: what the events so far add up to. Events are the only way in; everything else reads."""

from collections import deque
from typing import Any

from msgspec import Struct

from karptui.model.decision import Decision, DecisionKind
from karptui.model.disruption import Held
from karptui.model.instance_type import Catalogue
from karptui.model.metadata import condition
from karptui.model.node import Node, NodeClaim
from karptui.model.pod import Pod
from karptui.model.snapshot import Options, Snapshot
from karptui.model.taints import DISRUPTED_TAINT
from karptui.model.workload import KubeEvent
from karptui.world import events
from karptui.world.bearing import bears
from karptui.world.grounds import GroundsBook
from karptui.world.ledger import Ledger, Move, NodePrice
from karptui.world.timeline import ClaimTimeline, PodTimeline, finer, follow_claim, follow_pod, nominated_to
from karptui.world.usage import Usage

# What the World keeps of each resource; anything else in a recording is passed over.
RESOURCES = (
    "pods", "nodes", "nodeclaims", "nodepools", "nodeclasses", "daemonsets", "deployments", "replicasets",
    "statefulsets", "jobs", "poddisruptionbudgets", "namespaces", "priorityclasses", "persistentvolumeclaims",
    "persistentvolumes", "storageclasses", "csinodes", "events",
)  # fmt: skip
KEPT_EVENTS = 5_000
KEPT_DECISIONS = 10_000
KEPT_TIMELINES = 50_000
KEPT_BOUND = 1_000  # pods whose time from creation to binding counts as recent


class Stream(Struct, frozen=True, gc=False):
    """How one resource's stream stands; `since` is when it was last known good."""

    state: events.StreamState
    message: str
    since: float


class LogLine(Struct, frozen=True, gc=False):
    """One line of the log: who said what about which object."""

    at: float
    source: str
    about: str
    text: str


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
        self.grounds = GroundsBook()
        self.preview: events.PlanPreviewed | None = None
        self.surveyed: events.Surveyed | None = None
        self.interruptions: dict[str, events.InterruptionSeen] = {}
        self.narration: events.Narrated | None = None
        self.lease: events.LeaseChanged | None = None
        self.intentions: deque[events.Intended] = deque(maxlen=KEPT_EVENTS)
        self.problems: deque[events.Problem] = deque(maxlen=100)
        self.log: deque[LogLine] = deque(maxlen=KEPT_EVENTS)
        self.pending: dict[str, Pod] = {}
        self.provisionable: dict[str, str] = {}  # of the pending ones those to provision for: uid to key
        self.going: dict[str, Node] = {}  # with Karpenter's taint: their pods are planned for before they are evicted
        self.node_of_provider_id: dict[str, str] = {}
        self.claim_of_provider_id: dict[str, str] = {}
        self.nominated: dict[str, float] = {}
        self._decided = 0
        self._pod_events: dict[str, float] = {}
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
        workloads = {**held["deployments"], **held["replicasets"], **held["statefulsets"], **held["jobs"]}
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
            daemon_sets=dict(held["daemonsets"]),
            workloads=workloads,
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

    def last_pod_event(self, node: str) -> float:
        """When a pod was last bound to the node, ended or began to end there (0.0: not seen), DaemonSets left out."""
        return self._pod_events.get(node, 0.0)

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
        self.at = max(self.at, event.at)
        match event:
            case events.ObjectSeen():
                self._object(event)
            case events.PlanPreviewed():
                self.preview = event
                self.dirty.add(("preview", ""))
            case events.Surveyed():
                self._survey(event)
            case events.DecisionMade():
                self._decision(event.decision)
            case events.DecisionCarriedOut():
                self._carried_out(event)
            case events.StreamChanged():
                self.streams[event.resource] = Stream(event.state, event.message, event.since or event.at)
                self.dirty.add(("streams", event.resource))
                if event.message:
                    self.log.append(LogLine(event.at, "stream", event.resource, event.message))
            case events.CatalogueSeen():
                self._catalogue(event)
            case events.SettingsSeen():
                self.options = event.options
            case events.CloudCalled():
                self._cloud(event)
            case events.InterruptionSeen():
                self._interruption(event)
            case events.Connected():
                self.connected = event
                self.dirty.add(("connected", ""))
            case events.Narrated():
                if self.narration is None or self.narration.text != event.text:
                    self.log.append(LogLine(event.at, "story", f"act {event.act}", event.text))
                self.narration = event
                self.dirty.add(("narration", ""))
            case events.LeaseChanged():
                self._lease(event)
            case events.Intended():
                self._intention(event)
            case events.Problem():
                self.problems.append(event)
                self.dirty.add(("problems", event.where))
                self.log.append(LogLine(event.at, "problem", event.where, event.message))

    def _object(self, event: events.ObjectSeen) -> None:
        # Every provider has a NodeClass of its own (EC2NodeClass, KWOKNodeClass); to the World they are one resource.
        resource = "nodeclasses" if event.resource.endswith("nodeclasses") else event.resource
        held = self.objects.get(resource)
        if held is None:
            return
        found = event.object
        key: str = found.key
        before = held.get(key)
        gone = event.change is events.Change.DELETED
        if gone:
            held.pop(key, None)
        else:
            held[key] = found
        bearing = resource != "events" and bears(before, None if gone else found)
        if bearing:
            self.number += 1  # no plan depends on Events or versions, and a busy cluster has many
        self.dirty.add((resource, key))
        match resource:
            case "pods":
                self._pod(event, key, before, None if gone else found, bearing)
            case "nodes":
                self._node(event, key, None if gone else found)
            case "nodeclaims":
                self._claim(event, key, None if gone else found)
            case "events":
                self._kube_event(event, key, found, gone)

    def _pod(self, event: events.ObjectSeen, key: str, before: Pod | None, pod: Pod | None, bearing: bool) -> None:
        self.usage.replace(before, pod)
        self._note_pod_event(event.at, before, pod)
        if before is not None and before.node_name and (pod is None or before.node_name != pod.node_name):
            self.dirty.add(("nodes", before.node_name))
        if before is not None:
            self.provisionable.pop(before.metadata.uid, None)
        if pod is None:
            self.pending.pop(key, None)
            if (timeline := self.pod_timelines.get(key)) is not None and timeline.gone is None:
                timeline.gone = event.at
            return
        if pod.node_name:
            if bearing:
                self.dirty.add(("nodes", pod.node_name))
            self.pending.pop(key, None)
        elif pod.terminal or pod.daemon:
            self.pending.pop(key, None)
        else:
            self.pending[key] = pod
            if pod.provisionable:
                self.provisionable[pod.metadata.uid] = key
        timeline = self.pod_timelines.get(key)
        if timeline is None or timeline.uid != pod.metadata.uid:
            known = before is not None and before.metadata.uid == pod.metadata.uid and not before.node_name
            if pod.node_name and not known:
                self.pod_timelines.pop(key, None)  # that of an earlier pod of this name
                return  # bound before karptui looked: its conditions tell the story when somebody asks
            created = finer(pod.metadata.created, event.at)
            timeline = PodTimeline(key=key, uid=pod.metadata.uid, created=created)
            self._remember(self.pod_timelines, key, timeline)
        was_bound = timeline.bound is not None
        follow_pod(timeline, pod, event.at, live=event.change is events.Change.MODIFIED)
        if not was_bound and (seconds := timeline.pending_seconds) is not None:
            self.bound_seconds.append(seconds)

    def _note_pod_event(self, at: float, before: Pod | None, pod: Pod | None) -> None:
        """spec/lifecycle.md 3.6: bound, newly terminal or newly terminating."""
        known = pod or before
        if known is None or not known.node_name:
            return
        bound = before is None or before.node_name != known.node_name
        ended = before is not None and (
            pod is None or pod.terminal != before.terminal or pod.terminating != before.terminating
        )
        if (bound or ended) and not known.daemon:
            self._pod_events[known.node_name] = at

    def _node(self, event: events.ObjectSeen, key: str, node: Node | None) -> None:
        if node is None:
            self.ledger.drop_node(event.at, key)
            self._settle()
            self._pod_events.pop(key, None)
            self.nominated.pop(key, None)
            self.going.pop(key, None)
            return
        if any(taint.matches(DISRUPTED_TAINT) for taint in node.taints):
            self.going[key] = node
        else:
            self.going.pop(key, None)
        if node.provider_id:
            self.node_of_provider_id[node.provider_id] = key
            claim = self.claim_of_provider_id.get(node.provider_id)
            timeline = self.claim_timelines.get(claim or "")
            if timeline is not None:
                if timeline.node_seen is None:
                    timeline.node_seen = finer(node.metadata.created, event.at)
                ready = condition(node.conditions, "Ready")
                if timeline.node_ready is None and ready is not None and ready.status == "True":
                    timeline.node_ready = finer(ready.changed, event.at)
        self._price(event.at, node)

    def _settle(self) -> None:
        """Moves whose nodes are all gone: what they really saved is known now."""
        for move in self.ledger.moves:
            if move.real is None and move.nodes and move.gone == len(move.nodes):
                claim = self.objects["nodeclaims"].get(self.claim_of_decision.get(move.decision, ""))
                cost = self.ledger.price(claim.instance_type, claim.zone, claim.capacity_type) if claim else 0.0
                move.real = (cost or 0.0) - move.freed

    def _price(self, at: float, node: Node) -> None:
        price = self.ledger.price(node.instance_type, node.zone, node.capacity_type or "on-demand")
        self.ledger.set_node(at, NodePrice(node.key, node.node_pool, node.capacity_type or "on-demand", price))

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
            self._remember(self.claim_timelines, key, timeline)
        follow_claim(timeline, claim, event.at, live=event.change is events.Change.MODIFIED)
        if claim.provider_id:
            self.claim_of_provider_id[claim.provider_id] = key

    def _kube_event(self, event: events.ObjectSeen, key: str, found: KubeEvent, gone: bool) -> None:
        held = self.objects["events"]
        if gone:
            return
        while len(held) > KEPT_EVENTS:
            held.pop(next(iter(held)))
        self.log.append(
            LogLine(found.at or event.at, found.source, f"{found.kind.lower()} {found.about}", found.message)
        )
        timeline = self.pod_timelines.get(found.about) if found.kind == "Pod" else None
        if timeline is None:
            return
        live = abs(event.at - found.at) < 5
        at = event.at if live else found.at
        if found.reason == "Pulling" and timeline.pulling is None:
            timeline.pulling = at
        elif found.reason == "Pulled" and timeline.pulled is None:
            timeline.pulled = at
        elif found.reason == "Nominated" and not timeline.target:
            timeline.target = nominated_to(found.message)
        self.dirty.add(("pods", found.about))

    def _catalogue(self, event: events.CatalogueSeen) -> None:
        self.catalogue = event.catalogue
        self.ledger.take_catalogue(event.catalogue)
        for node in self.objects["nodes"].values():
            self._price(event.at, node)
        self.number += 1
        self.grounds.note_catalogue(self.number, event.catalogue)
        self.dirty.add(("catalogue", ""))

    def _survey(self, event: events.Surveyed) -> None:
        before = self.surveyed.survey.nodes if self.surveyed is not None else {}
        now = event.survey.nodes
        self.surveyed = event
        self.dirty.add(("survey", ""))
        for node in before.keys() | now.keys():
            mine, known = now.get(node), before.get(node)
            if mine is not known and (not isinstance(mine, Held) or mine != known):
                self.dirty.add(("nodes", node))

    def _decision(self, decision: Decision) -> None:
        self._remember(self.decisions, decision.id, decision, KEPT_DECISIONS)
        if decision.claim is not None:
            self.grounds.note(decision, self.snapshot(decision.at))
        self.dirty.add(("decisions", decision.id))
        for pod in decision.pods:
            timeline = self.pod_timelines.get(pod)
            if timeline is not None and timeline.bound is None and decision.kind is not DecisionKind.REFUSE:
                timeline.decided, timeline.decision = decision.at, decision.id
                if decision.nodes:
                    timeline.target = decision.nodes[0]
        if decision.kind is DecisionKind.NOMINATE:
            # spec/scheduling.md 9.4: a nomination holds for twice the batching window, at least 10 s.
            for node in decision.nodes:
                self.nominated[node] = decision.at + max(2 * self.options.batch_max_duration, 10.0)

    def _carried_out(self, event: events.DecisionCarriedOut) -> None:
        decision = self.decisions.get(event.decision)
        self.dirty.add(("decisions", event.decision))
        if event.message:
            self.log.append(LogLine(event.at, "karptui", event.decision, event.message))
        if decision is None:
            return
        if event.claim:
            self.decision_of_claim[event.claim] = event.decision
            self.claim_of_decision[event.decision] = event.claim
            if (claim_timeline := self.claim_timelines.get(event.claim)) is not None:
                claim_timeline.decision = event.decision
            for pod in decision.pods:
                if (timeline := self.pod_timelines.get(pod)) is not None and timeline.decision == event.decision:
                    timeline.target = event.claim
        if decision.kind in (DecisionKind.DELETE, DecisionKind.REPLACE) and decision.price_change:
            text = self._move_text(decision)
            self.ledger.note_move(
                Move(event.at, decision.id, text, decision.price_change, pods=len(decision.pods), nodes=decision.nodes)
            )

    def _move_text(self, decision: Decision) -> str:
        """`delete 2x m6g.large`, `m7i.2xlarge → m7g.2xlarge`: by type, as the nodes will be gone when it is read."""
        held, types = self.objects["nodes"], dict[str, int]()
        for name in decision.nodes:
            type_ = held[name].instance_type if name in held else name
            types[type_] = types.get(type_, 0) + 1
        gone = ", ".join(f"{count}x {type_}" if count > 1 else type_ for type_, count in types.items())
        claim = decision.claim
        return f"{gone} → {claim.instance_types[0]}" if claim and claim.instance_types else f"delete {gone}"

    def _cloud(self, event: events.CloudCalled) -> None:
        self.log.append(LogLine(event.at, "ec2", event.claim, f"{event.call} {event.error or event.detail}".strip()))
        timeline = self.claim_timelines.get(event.claim)
        if timeline is not None and event.call == "CreateFleet" and timeline.fleet_called is None:
            timeline.fleet_called = event.at
        self.dirty.add(("nodeclaims", event.claim))

    def _interruption(self, event: events.InterruptionSeen) -> None:
        self.interruptions[event.instance] = event
        self.log.append(LogLine(event.at, "ec2", event.instance, event.kind))
        for provider_id, claim in self.claim_of_provider_id.items():
            if provider_id.endswith(event.instance) and (timeline := self.claim_timelines.get(claim)) is not None:
                timeline.interrupted = timeline.interrupted or event.at
                self.dirty.add(("nodeclaims", claim))

    def _lease(self, event: events.LeaseChanged) -> None:
        self.lease = event
        self.dirty.add(("lease", event.name))
        who = f"held by {event.holder}" if event.holder else "held by nobody"
        self.log.append(LogLine(event.at, "lease", event.name, f"{who} (this karptui)" if event.ours else who))

    def _intention(self, event: events.Intended) -> None:
        self.intentions.append(event)
        self.dirty.add(("intentions", ""))
        if not event.carried_out:
            what = f"would {event.verb} {event.resource} {event.name}"
            text = f"{what} ({event.detail})" if event.detail else what
            self.log.append(LogLine(event.at, "dry run", event.name, text))

    @staticmethod
    def _remember(kept: dict[str, Any], key: str, value: Any, most: int = KEPT_TIMELINES) -> None:
        kept[key] = value
        if len(kept) > most:
            kept.pop(next(iter(kept)))
