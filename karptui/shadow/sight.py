"""Snapshots as Karpenter would have them: the World, and what Karpenter keeps in memory as far as it can be told.

Not in any object: which nodes a recent round chose for pods (they are not disrupted for a while), and which nodes a
command of its own is about to delete (their pods are planned for elsewhere).
"""

import re
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from karptui.model.decision import Plan
from karptui.model.node import NodeClaim
from karptui.model.snapshot import Snapshot
from karptui.model.taints import DISRUPTED_TAINT
from karptui.shadow.skew import Skew
from karptui.world import events
from karptui.world.world import World

LEAST_NOMINATION = 10.0
"""Seconds that a nomination holds at least; else twice the longest batching window (spec/lifecycle.md 6.3)."""


TOLD_WITHIN = 5.0
"""Seconds within which an event about a nomination is heard of; one that is older was there before anybody looked."""

_EXISTING = re.compile(r"(?:^|[\s,])node/([^\s,]+)")

_OF_NOMINATIONS = frozenset({"Nominated", "FailedScheduling"})
_UNREADY = "would schedule against uninitialized"
"""A command that is carried out nominates also the nodes that are not ready, though it says so as of a failure."""

ENDED = 60.0
"""Seconds after which nobody asks any more when a nomination ended."""


class Sight:
    """One World as one Karpenter sees it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.skew = Skew()
        self.nominated: dict[str, float] = {}
        self._doubtful: dict[str, float] = {}
        self.told: dict[str, tuple[float, str]] = {}

    def snapshot(self, now: float, trusting: bool = True) -> Snapshot:
        """The cluster at `now`, by our clock; times in it are by that of the cluster. Without `trusting` nominations in
        doubt are none."""
        off = self.skew.seconds
        snapshot = self.world.snapshot(now - off)
        doubted = {} if trusting else self._doubtful
        nominated = {
            name: until - off for name, until in self.nominated.items() if until > now and doubted.get(name) != until
        }
        return replace(snapshot, nominated=nominated, marked_for_deletion=self.marked())

    def marked(self) -> frozenset[str]:
        """Names of the nodes that Karpenter has tainted to delete them."""
        return frozenset(
            node.key
            for node in self.world.of("nodes").values()
            if any(taint.matches(DISRUPTED_TAINT) for taint in node.taints)
        )

    def is_live(self, resource: str) -> bool:
        """Whether a resource was listed, and is watched."""
        stream = self.world.streams.get(resource)
        return stream is not None and stream.state is events.StreamState.LIVE

    def synced(self) -> bool:
        """Whether every NodeClaim has been launched: until then no round and no pass starts (spec/lifecycle.md 6.2)."""
        return all(claim.provider_id for claim in self.world.of("nodeclaims").values())

    def nominate(self, at: float, answer: Plan, doubtful: bool = False) -> None:
        """A round has chosen nodes that exist; `doubtful`: Karpenter may have made none of it."""
        self.nominate_names(at, answer.existing)
        if doubtful:
            still = {name: end for name, end in self._doubtful.items() if self.nominated.get(name) == end}
            names = (other for name in answer.existing for other in self._names(name))
            self._doubtful = still | {name: self.nominated[name] for name in names}

    def doubtful(self, at: float) -> bool:
        """Whether a nomination that holds at a time is in doubt."""
        return any(end > at and self.nominated.get(name) == end for name, end in self._doubtful.items())

    def nominate_names(self, at: float, names: Iterable[str]) -> None:
        """Nodes or NodeClaims have been chosen at a time."""
        until = at + self._holds()
        self.nominated = {name: end for name, end in self.nominated.items() if end > at - ENDED}
        for name in names:
            for other in self._names(name):
                self.nominated[other] = max(until, self.nominated.get(other, 0.0))

    def hear(self, event: events.Event) -> None:
        """Karpenter says itself which existing node it has chosen for a pod, though not of all of them: `told` holds by
        pod when that was heard, and the node."""
        if not isinstance(event, events.ObjectSeen) or event.resource != "events":
            return
        at, told = event.at, event.object
        if told.reason not in _OF_NOMINATIONS or at - self.skew.seconds - told.at > TOLD_WITHIN:
            return
        found = _EXISTING.search(told.message)
        if found is None or (told.reason != "Nominated" and _UNREADY not in told.message):
            return
        self.told = {pod: entry for pod, entry in self.told.items() if at - entry[0] <= ENDED}
        self.told[told.about] = at, found[1]
        if self.nominated.get(found[1], 0.0) < at - TOLD_WITHIN + self._holds():  # else it is known more exactly
            self.nominate_names(at, (found[1],))

    def told_of(self, placements: Mapping[str, Iterable[str]], since: float) -> int:
        """How many of the pods that are to go to existing nodes do so by what Karpenter has said since; less those
        that do not."""
        said = {pod: node for pod, (at, node) in self.told.items() if at >= since}
        right = sum(said.get(pod) in self._names(node) for node, pods in placements.items() for pod in pods)
        wrong = sum(pod in said for pods in placements.values() for pod in pods) - right
        return right - wrong

    def nomination_ending(self, since: float, until: float) -> float | None:
        """When the first nomination ends after `since`, up to `until`; None where none does."""
        return min((end for end in self.nominated.values() if since < end <= until), default=None)

    def _holds(self) -> float:
        """Seconds that a nomination holds."""
        return max(2 * self.world.options.batch_max_duration, LEAST_NOMINATION)

    def _names(self, name: str) -> tuple[str, ...]:
        """A node is nominated under its own name and that of its NodeClaim."""
        claims: dict[str, NodeClaim] = self.world.of("nodeclaims")
        if (claim := claims.get(name)) is not None:
            return (name, claim.node_name) if claim.node_name else (name,)
        owner = next((claim.key for claim in claims.values() if claim.node_name == name), "")
        return (name, owner) if owner else (name,)
