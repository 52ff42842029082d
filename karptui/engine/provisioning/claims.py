"""Claims: the nodes that this round would make, and the order in which they are offered to pods."""

from bisect import bisect_left, insort

from karptui.engine.provisioning.classes import PodClass
from karptui.engine.provisioning.daemons import DaemonGroup
from karptui.engine.provisioning.go_sort import go_order
from karptui.engine.provisioning.pools import Template
from karptui.engine.provisioning.requirement_sets import RequirementSet
from karptui.engine.provisioning.reservations import NONE_HELD
from karptui.model.containers import HostPort
from karptui.model.decision import Relaxation
from karptui.model.labels import HOSTNAME
from karptui.model.pod import Pod
from karptui.model.requirements import Requirement
from karptui.model.resources import Resources

PLACEHOLDER_HOST = Requirement(HOSTNAME, False, frozenset(("hostname-placeholder",)))
"""The hostname of every claim. Each has its own, but no pod can name it, so one stands for all."""

_COUNT = 1 << 48
_MIDDLE = 1 << 47


class Claim:
    """A node to be made. `types` is the mask of types that still hold all its pods; `key` its place in the order."""

    __slots__ = (
        "classes",
        "count",
        "groups",
        "held",
        "index",
        "key",
        "min_values_relaxed",
        "pods",
        "ports",
        "relaxed",
        "requests",
        "requirements",
        "template",
        "types",
    )

    def __init__(self, index: int, template: Template, requirements: RequirementSet, groups: list[DaemonGroup]) -> None:
        self.index = index
        self.template = template
        self.requirements = requirements
        self.groups = groups
        self.types = 0
        self.count = 0
        self.key = 0
        self.requests: Resources = {}
        self.pods: list[Pod] = []
        self.classes: list[PodClass] = []
        self.ports: list[HostPort] = []
        self.held: frozenset[str] = NONE_HELD
        self.relaxed: list[Relaxation] = []
        self.min_values_relaxed = False

    def add(self, pod: Pod, class_: PodClass) -> None:
        """Takes a pod in; the caller has set requirements and types."""
        self.pods.append(pod)
        self.classes.append(class_)
        requests = self.requests
        for name, amount in class_.amounts:
            requests[name] = requests.get(name, 0) + amount
        self.ports.extend(class_.spec.host_ports)


class Bucket:
    """The claims with one set of requirements. `keys` are their places, ascending; `arrivals` all that ever came."""

    __slots__ = ("arrivals", "keys", "requirements", "template")

    def __init__(self, template: Template, requirements: RequirementSet) -> None:
        self.template = template
        self.requirements = requirements
        self.keys: list[int] = []
        self.arrivals: list[Claim] = []


class ClaimOrder:
    """Claims by number of pods, as Go's unstable sort leaves them (spec/scheduling.md 6.4 step 2, Appendix A).

    Between two sorts one claim has one pod more, or one is new. Then the sort is a single move, except for 13 to 49
    claims, and near the three elements that the routine looks at first.
    """

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self.epoch = 0
        """Changes when claims other than the one that got a pod have moved."""
        self.claim_at: dict[int, Claim] = {}
        """The claim of every key given out since the epoch began, also of those that it has no more."""
        self.buckets: dict[RequirementSet, Bucket] = {}
        self._order: list[Claim] = []
        self._keys: list[int] = []
        self._moves = 0

    def append(self, claim: Claim) -> None:
        """A new claim with its first pod."""
        claim.count = 1
        self.claims.append(claim)
        self._moves += 1
        length = len(self._order) + 1
        bucket = self._bucket(claim)
        bucket.arrivals.append(claim)
        if 12 < length < 50 and self._order and self._order[-1].count > 1:
            self._order.append(claim)
            self._sort()
            return
        claim.key = _COUNT + _MIDDLE + self._moves
        self._insert(claim)
        insort(bucket.keys, claim.key)

    def raise_(self, claim: Claim, before: RequirementSet) -> None:
        """A claim has one pod more, and had these requirements before."""
        old = claim.key
        place = bisect_left(self._keys, old)
        claim.count += 1
        self._moves += 1
        source, bucket = self.buckets[before], self._bucket(claim)
        if bucket is not source:
            bucket.arrivals.append(claim)
        length = len(self._order)
        following = self._order[place + 1].count if place + 1 < length else claim.count
        if following < claim.count and length > 12 and (length < 50 or _near_probe(place, length)):
            self._sort()
            return
        del self._order[place], self._keys[place]
        del source.keys[bisect_left(source.keys, old)]
        claim.key = claim.count * _COUNT + _MIDDLE - self._moves
        self._insert(claim)
        insort(bucket.keys, claim.key)

    def _bucket(self, claim: Claim) -> Bucket:
        bucket = self.buckets.get(claim.requirements)
        if bucket is None:
            bucket = self.buckets[claim.requirements] = Bucket(claim.template, claim.requirements)
        return bucket

    def _insert(self, claim: Claim) -> None:
        place = bisect_left(self._keys, claim.key)
        self._keys.insert(place, claim.key)
        self._order.insert(place, claim)
        self.claim_at[claim.key] = claim

    def _sort(self) -> None:
        self.epoch += 1
        order = self._order
        self._order = [order[index] for index in go_order([claim.count for claim in order])]
        for bucket in self.buckets.values():
            bucket.keys.clear()
        for place, claim in enumerate(self._order):
            claim.key = claim.count * _COUNT + _MIDDLE + place
            self.buckets[claim.requirements].keys.append(claim.key)
        self._moves = max(self._moves, len(self._order))
        self._keys = [claim.key for claim in self._order]
        self.claim_at = {claim.key: claim for claim in self._order}


def _near_probe(place: int, length: int) -> bool:
    quarter = length // 4
    return -2 <= place - quarter <= 2 or -2 <= place - 2 * quarter <= 2 or -2 <= place - 3 * quarter <= 2
