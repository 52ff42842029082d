"""What Karpenter really did, as an observer can tell: NodeClaims it made, for which pods, and nodes it took away.

Its events name pods, but not all of them (five a second, one a pod in two minutes): what they leave out is told by the
pods that come to be bound and by the requests that the NodeClaim states.
"""

import re
from collections import deque

from msgspec import Struct

from karptui.model.labels import CAPACITY_TYPE, INSTANCE_TYPE, ZONE
from karptui.model.metadata import condition
from karptui.model.node import Node, NodeClaim
from karptui.model.pod import Pod
from karptui.model.taints import DISRUPTED_TAINT
from karptui.model.workload import KubeEvent
from karptui.shadow.seen import Seen, What
from karptui.shadow.skew import Skew
from karptui.world import events
from karptui.world.world import World

_NOMINATED = re.compile(r"nodeclaim/([^\s,]+)")
NAMED_WITHIN = 1.0
"""Seconds after a NodeClaim was made within which events name the pods that it was made for."""


AHEAD_BY = 5.0
"""Seconds by which an event about a NodeClaim may come before the NodeClaim itself."""

MOST_AHEAD = 500
"""Events that wait for their NodeClaim."""

MOST_NEWS = 10_000
"""What was seen and waits to be told: over a recording without a journal nobody asks for it."""

REMEMBERED = 60.0
"""Seconds after which nothing more is asked about a NodeClaim that is gone."""

LATER_WITHIN = 600.0
"""Seconds after a NodeClaim was made within which pods that were not there then are counted: a node may live long."""

NEWS = 5.0
"""Seconds after its creation within which a NodeClaim that is first seen has just been made (times are in seconds)."""


class Made(Struct, gc=False, eq=False):
    """A NodeClaim as it was made at `at` (event number `heard`), and what became of it since.

    `named` are the pods that events said should go there, `bound` those that came, in order, `later` those that came
    and were not there when it was made. `replacement`: made by a command, for pods that get other names as they move.
    Not `watched`: it was there before anybody looked. `away`: it was made between two runs that keep one journal.
    """

    name: str
    at: float
    heard: int
    claim: NodeClaim
    replacement: bool = False
    watched: bool = True
    away: bool = False
    named: dict[str, float] = {}
    bound: dict[str, float] = {}
    later: dict[str, float] = {}
    instance_type: str = ""
    zone: str = ""
    capacity_type: str = ""
    provider_id: str = ""
    node: str = ""
    initialized: float | None = None
    gone: float | None = None

    @property
    def types(self) -> tuple[str, ...]:
        """The instance types that it lists."""
        return self.values(INSTANCE_TYPE)

    def values(self, key: str) -> tuple[str, ...]:
        """What it requires of a label with In, sorted."""
        found = (entry for entry in self.claim.requirements if entry.key == key and entry.operator == "In")
        return tuple(sorted({value for entry in found for value in entry.values}))


class Taken(Struct, gc=False, eq=False):
    """A node that Karpenter began to take away at `at`; `reason` is that of the claim's DisruptionReason condition.

    `away`: that was between two runs that keep one journal.
    """

    node: str
    claim: str
    at: float
    heard: int
    reason: str = ""
    pool: str = ""
    pods: tuple[str, ...] = ()
    deleted: float | None = None
    released: float | None = None
    away: bool = False


class Actual:
    """Follows one cluster: `before` an event is taken into the World, `after` it."""

    def __init__(self, world: World, skew: Skew) -> None:
        self._world = world
        self.skew = skew
        self.made: dict[str, Made] = {}
        self._gone: deque[Made] = deque()
        self._ahead: deque[tuple[float, str, KubeEvent]] = deque(maxlen=MOST_AHEAD)
        self._open: dict[str, Taken] = {}
        self._by_node: dict[str, Made] = {}
        self._number = 0
        self.news: deque[Seen] = deque(maxlen=MOST_NEWS)

    @property
    def going(self) -> list[Taken]:
        """The nodes that are on their way out."""
        return list(self._open.values())

    def after(self, event: events.Event) -> Made | Taken | None:
        """An event has been taken in; what is new by it."""
        self._number += 1
        if not isinstance(event, events.ObjectSeen):
            return None
        match event.resource:
            case "nodeclaims":
                return self._claim(event)
            case "nodes":
                return self._node(event)
            case "pods":
                self._pod(event)
            case "events":
                self._kube_event(event.at, event.object)
        return None

    def _claim(self, event: events.ObjectSeen) -> Made | None:
        claim: NodeClaim = event.object
        made = self.made.get(claim.key)
        if event.change is events.Change.DELETED:
            self.news.append(Seen(event.at, What.GONE, claim.key))
            if made is not None:
                made.gone = event.at
                self._gone.append(made)
            while self._gone and event.at - (self._gone[0].gone or 0.0) > REMEMBERED:
                self._forget(self._gone.popleft())
            return None
        fresh = made is None
        if made is None:
            made = self.made[claim.key] = Made(claim.key, event.at, self._number, claim)
            for at, name, told in self._ahead:
                if name == claim.key and event.at - at <= AHEAD_BY:
                    self._told_of(made, event.at, told)
        labels = claim.metadata.labels
        made.instance_type = labels.get(INSTANCE_TYPE, made.instance_type)
        made.zone = labels.get(ZONE, made.zone)
        made.capacity_type = labels.get(CAPACITY_TYPE, made.capacity_type)
        made.provider_id = claim.provider_id or made.provider_id
        initialized = condition(claim.conditions, "Initialized")
        if made.initialized is None and initialized is not None and initialized.status == "True":
            made.initialized = event.at
        if claim.node_name and made.node != claim.node_name:
            made.node = claim.node_name
            self._by_node[claim.node_name] = made
            for pod in self._world.usage.on(claim.node_name).values():
                self._bind(made, pod, event.at)
        taken = self._open.get(claim.node_name)
        if taken is not None:
            self._reason(taken, claim)
            if claim.metadata.deleted is not None and taken.deleted is None:
                taken.deleted = event.at
        if not fresh:
            return None
        made.watched = event.at - self.skew.seconds - claim.metadata.created <= NEWS
        self.news.append(Seen(event.at, What.MADE, claim.key, claim.node_pool))
        return made

    def _forget(self, made: Made) -> None:
        self.made.pop(made.name, None)
        if self._by_node.get(made.node) is made:
            del self._by_node[made.node]

    def _reason(self, taken: Taken, claim: NodeClaim) -> None:
        found = condition(claim.conditions, "DisruptionReason")
        if found is not None and found.status == "True" and not taken.reason:
            taken.reason = found.reason

    def _node(self, event: events.ObjectSeen) -> Taken | None:
        node: Node = event.object
        name = node.key
        tainted = any(taint.matches(DISRUPTED_TAINT) for taint in node.taints)
        known = self._open.get(name)
        if event.change is events.Change.DELETED:
            self._open.pop(name, None)
            return None
        if known is not None and not tainted:
            known.released = event.at
            del self._open[name]
            return None
        if known is not None or not tainted:
            return None
        claim = self._claim_of(node)
        pods = tuple(
            sorted(pod.key for pod in self._world.usage.on(name).values() if not pod.daemon and not pod.mirror)
        )
        taken = Taken(
            name, claim.key if claim is not None else "", event.at, self._number, pool=node.node_pool, pods=pods
        )
        if claim is not None:
            self._reason(taken, claim)
            if claim.metadata.deleted is not None:
                taken.deleted = event.at
        self._open[name] = taken
        if event.change is events.Change.ADDED:
            return None  # it was on its way out before anybody looked
        self.news.append(Seen(event.at, What.TAKEN, taken.claim, taken.pool, name, taken.reason, pods))
        return taken

    def claim_name(self, node: Node) -> str:
        """The NodeClaim of a node, or the node's own name where it has none."""
        claim = self._claim_of(node)
        return claim.key if claim is not None else node.key

    def _claim_of(self, node: Node) -> NodeClaim | None:
        for claim in self._world.of("nodeclaims").values():
            if claim.provider_id and claim.provider_id == node.provider_id:
                return claim
        return None

    def _pod(self, event: events.ObjectSeen) -> None:
        pod = event.object
        if not pod.node_name or event.change is events.Change.DELETED:
            return
        made = self._by_node.get(pod.node_name)
        if made is not None:
            self._bind(made, pod, event.at)

    @staticmethod
    def _bind(made: Made, pod: Pod, at: float) -> None:
        if pod.daemon or pod.key in made.bound or pod.key in made.later:
            return
        after = pod.metadata.created - made.claim.metadata.created  # by the API server's clock, both
        if after <= LATER_WITHIN:
            (made.bound if after <= 0 or made.replacement else made.later)[pod.key] = at

    def _kube_event(self, at: float, event: KubeEvent) -> None:
        name = _claim_named(event)
        if not name:
            return
        made = self.made.get(name)
        if made is None:
            self._ahead.append((at, name, event))  # each kind has a watch of its own, and they come in any order
        else:
            self._told_of(made, at, event)

    @staticmethod
    def _told_of(made: Made, at: float, event: KubeEvent) -> None:
        if event.kind == "NodeClaim":
            made.replacement = True
        elif at - made.at <= NAMED_WITHIN:
            made.named.setdefault(event.about, at)  # later rounds name more pods for a node that is still on its way


def _claim_named(event: KubeEvent) -> str:
    """The NodeClaim that an event says pods or a command for; "" for any other event."""
    if event.reason == "Nominated" and event.kind == "Pod":
        found = _NOMINATED.search(event.message)
        return found[1] if found is not None else ""
    return event.about if event.reason == "DisruptionLaunching" and event.kind == "NodeClaim" else ""
