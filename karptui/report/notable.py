"""Which events a person would want to be told of, with their facts, read off the World as it stands after the event."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from karptui.model.decision import Decision
from karptui.model.metadata import condition
from karptui.model.node import Node, NodeClaim
from karptui.model.pod import Pod
from karptui.views.lists.decisions import decision_text
from karptui.views.timelines.interruption import kind_text
from karptui.views.wording import hourly, plural, short_capacity_type, short_zone
from karptui.world import events
from karptui.world.interruption import KINDS
from karptui.world.log import brakes_text
from karptui.world.timeline import ClaimTimeline
from karptui.world.world import World

CLAIM_STAGES = ("created", "launched", "registered", "initialized", "interrupted", "draining", "terminating", "gone")
_TOO_SMALL = 1e-9  # USD an hour: what is left when sums of floats go up and down


class Note(Struct):
    """One notable thing. Notes of one `group` that come together are told as one, with all their `names`.

    `text` says what happened where the names do not tell; `data` are its facts for JSON (money in USD an hour, times
    in seconds).
    """

    at: float
    kind: str
    group: tuple[str, ...]
    text: str = ""
    names: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


class Notables:
    """Remembers what was told, so that each change is told once. What was there from the beginning is not news."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._synced = False
        self._hourly = 0.0
        self._unpriced = False
        self._pending: dict[str, str] = {}
        self._bound: dict[str, str] = {}
        self._stages: dict[str, set[str]] = {}
        self._ready: set[str] = set()
        self._streams: dict[str, events.StreamState] = {}
        self._singles = 0

    def of(self, event: events.Event) -> Iterator[Note]:
        """The notes of an event that the World has taken in already."""
        match event:
            case events.ObjectSeen(resource="pods"):
                yield from self._pod(event, event.object)
            case events.ObjectSeen(resource="nodes"):
                yield from self._node(event, event.object)
            case events.ObjectSeen(resource="nodeclaims"):
                yield from self._claim(event, event.object)
            case events.DecisionMade(decision=decision):
                yield self._single(event.at, "decision", self._decision(decision), _facts(decision))
            case events.StreamChanged():
                yield from self._stream(event)
            case _:
                yield from self._other(event)
        if isinstance(event, events.CatalogueSeen) and self._unpriced:
            yield from self._prices_known(event.at)
        else:
            yield from self._cost(event.at)

    def _other(self, event: events.Event) -> Iterator[Note]:
        match event:
            case events.Connected():
                versions = [f"Kubernetes {event.kubernetes_version}"] if event.kubernetes_version else []
                versions += [f"Karpenter {event.karpenter_version}"] if event.karpenter_version else []
                text = ", ".join([event.cluster, *versions])
                yield self._single(event.at, "connected", text, {"cluster": event.cluster, "source": event.source})
            case events.DecisionCarriedOut(message=message) if message:
                yield self._single(event.at, "done", f"{event.decision}: {message}", {"decision": event.decision})
            case events.ObjectSeen(resource="events", change=events.Change.ADDED, object=found):
                if self._synced and found.kind == "NodeClaim" and found.reason in KINDS:
                    data = {"nodeClaim": found.about, "reason": found.reason}
                    text = f"NodeClaim {found.about}: {kind_text(KINDS[found.reason])}"
                    yield self._single(event.at, "interruption", text, data)
            case events.InterruptionSeen():
                seconds = None if event.deadline is None else max(event.deadline - event.at, 0.0)
                left = "" if seconds is None else f", {seconds:.0f}s left"
                data = {"instance": event.instance, "secondsLeft": seconds}
                yield self._single(event.at, "interruption", f"{event.instance}: {event.kind}{left}", data)
            case events.CloudCalled():
                text = f"{event.call} for {event.claim}: {event.error or event.detail or 'done'}"
                data = {"call": event.call, "nodeClaim": event.claim, "error": event.error}
                yield self._single(event.at, "ec2", text, data)
            case events.Narrated(goes_on=None):
                yield self._single(event.at, "story", event.text, {"act": event.act})
            case events.LeaseChanged():
                text = f"{event.name} is held by {event.holder or 'nobody'}{' (this karptui)' if event.ours else ''}"
                yield self._single(event.at, "lease", text, {"holder": event.holder, "ours": event.ours})
            case events.BrakesSet():
                data = {"disruption": event.disruption, "held": list(event.held)}
                yield self._single(event.at, "by hand", brakes_text(event), data)
            case events.Intended(carried_out=False):
                detail = f" ({event.detail})" if event.detail else ""
                text = f"would {event.verb} {event.resource} {event.name}{detail}"
                data = {"verb": event.verb, "resource": event.resource, "name": event.name, "detail": event.detail}
                yield self._single(event.at, "dry run", text, data)
            case events.Problem():
                yield self._single(event.at, "problem", f"{event.where}: {event.message}", {"where": event.where})

    def _single(self, at: float, kind: str, text: str, data: dict[str, Any]) -> Note:
        self._singles += 1
        return Note(at, kind, (kind, str(self._singles)), text, data=data)

    def _live(self, resource: str) -> bool:
        stream = self._world.streams.get(resource)
        return stream is not None and stream.state is events.StreamState.LIVE

    def _stream(self, event: events.StreamChanged) -> Iterator[Note]:
        before = self._streams.get(event.resource)
        self._streams[event.resource] = event.state
        bad = (events.StreamState.STALE, events.StreamState.FORBIDDEN)
        if event.state in bad and before is not event.state:
            yield Note(event.at, "stream", ("stream", event.message), event.message, [event.resource])
        elif before in bad and event.state is events.StreamState.LIVE:
            yield Note(event.at, "stream", ("stream", "live"), "read again", [event.resource])
        if not self._synced and self._world.synced() and events.StreamState.LIVE in self._streams.values():
            self._synced = True
            self._hourly = self._world.ledger.hourly
            self._unpriced = bool(self._world.ledger.unpriced)
            yield self.standing(event.at)

    def standing(self, at: float) -> Note:
        """How the cluster stands, in figures."""
        counts = {name: len(self._world.of(name)) for name in ("nodes", "pods", "nodepools")}
        counts["pending"] = len(self._world.pending)
        words = [plural(counts["nodes"], "node"), plural(counts["pods"], "pod"), f"{counts['pending']:,} pending"]
        text = f"{', '.join(words)}, {self._costs()}"
        return self._single(at, "synced", text, {**counts, "hourly": round(self._world.ledger.hourly, 6)})

    def _costs(self) -> str:
        """Of all nodes; a node without a price is not for nothing."""
        unpriced = len(self._world.ledger.unpriced)
        without = f" without {plural(unpriced, 'node')} of unknown price" if unpriced else ""
        return f"{hourly(self._world.ledger.hourly)}{without}"

    def _prices_known(self, at: float) -> Iterator[Note]:
        self._hourly, self._unpriced = self._world.ledger.hourly, bool(self._world.ledger.unpriced)
        yield self._single(
            at, "prices", f"{self._costs()} now that prices are known", {"hourly": round(self._hourly, 6)}
        )

    def _cost(self, at: float) -> Iterator[Note]:
        now = self._world.ledger.hourly
        if self._synced and abs(now - self._hourly) > _TOO_SMALL:
            before, self._hourly = self._hourly, now
            yield Note(at, "cost", ("cost",), data={"from": round(before, 6), "to": round(now, 6)})

    def _pod(self, event: events.ObjectSeen, pod: Pod) -> Iterator[Note]:
        key, uid = pod.key, pod.metadata.uid
        owner = pod.metadata.controller()
        family = owner.uid if owner is not None else key
        if event.change is events.Change.DELETED:
            self._pending.pop(key, None)
            self._bound.pop(key, None)
            if not pod.daemon and self._live("pods"):
                yield Note(event.at, "pods gone", ("gone", family), names=[key])
            return
        if pod.provisionable and self._pending.get(key) != uid:
            self._pending[key] = uid
            scheduled = condition(pod.conditions, "PodScheduled")
            message = scheduled.message if scheduled is not None else ""
            yield Note(event.at, "pending", ("pending", family, message), message, [key], {"message": message})
        timeline = self._world.pod_timelines.get(key)
        if timeline is None or timeline.bound is None or pod.daemon or self._bound.get(key) == uid:
            return
        self._bound[key] = uid
        self._pending.pop(key, None)
        if self._live("pods"):
            data = {"node": pod.node_name, "seconds": timeline.pending_seconds}
            yield Note(event.at, "bound", ("bound", family, pod.node_name), names=[key], data=data)

    def _claim(self, event: events.ObjectSeen, claim: NodeClaim) -> Iterator[Note]:
        timeline = self._world.claim_timelines.get(claim.key)
        if timeline is None:
            return
        told = self._stages.setdefault(claim.key, set())
        live = self._live("nodeclaims")
        for stage in CLAIM_STAGES:
            reached = getattr(timeline, stage)
            if reached is None or stage in told:
                continue
            told.add(stage)
            if live and stage != "interrupted":
                yield self._single(event.at, "nodeclaim", self._stage_text(claim, stage), _stage_facts(timeline, stage))
        if event.change is events.Change.DELETED:
            del self._stages[claim.key]

    def _stage_text(self, claim: NodeClaim, stage: str) -> str:
        if stage == "created":
            return f"{claim.key} created in {claim.node_pool or 'no pool'}"
        if stage != "launched":
            return f"{claim.key} {stage}"
        price = self._world.claim_price(claim)
        cost = hourly(price) if price is not None else "unpriced"
        offer = f"{claim.instance_type} {short_capacity_type(claim.capacity_type)} {short_zone(claim.zone)}"
        return f"{claim.key} launched: {offer} {cost}"

    def _node(self, event: events.ObjectSeen, node: Node) -> Iterator[Note]:
        key, live = node.key, self._live("nodes")
        data = {"node": key, "instanceType": node.instance_type, "nodePool": node.node_pool}
        if event.change is events.Change.DELETED:
            self._ready.discard(key)
            if live:
                yield self._single(event.at, "node", f"{key} gone", data)
            return
        ready = condition(node.conditions, "Ready")
        is_ready = ready is not None and ready.status == "True"
        if is_ready and key not in self._ready:
            self._ready.add(key)
            if live:
                yield self._single(event.at, "node", f"{key} ready ({node.instance_type or 'unknown type'})", data)
        elif not is_ready and key in self._ready:
            self._ready.discard(key)
            why = ready.message if ready is not None else "it says nothing about its readiness"
            yield self._single(event.at, "node", f"{key} no longer ready: {why}", data)

    def _decision(self, decision: Decision) -> str:
        missing = f" (not modelled: {', '.join(decision.not_modelled)})" if decision.not_modelled else ""
        return f"{decision.id} {decision_text(self._world, decision)}{missing}"


def _facts(decision: Decision) -> dict[str, Any]:
    claim = decision.claim
    return {
        "decision": decision.id,
        "does": decision.kind.value,
        "cause": decision.cause,
        "pods": list(decision.pods),
        "nodes": list(decision.nodes),
        "nodePool": claim.node_pool if claim is not None else "",
        "instanceTypes": list(claim.instance_types[:5]) if claim is not None else [],
        "replacements": [
            {"nodePool": entry.node_pool, "pods": list(entry.pods), "instanceTypes": list(entry.instance_types[:5])}
            for entry in decision.claims
        ],
        "priceChange": decision.price_change,
        "notModelled": list(decision.not_modelled),
    }


def _stage_facts(timeline: ClaimTimeline, stage: str) -> dict[str, Any]:
    reached = getattr(timeline, stage)
    return {"nodeClaim": timeline.name, "stage": stage, "seconds": round(reached - timeline.created, 3)}
