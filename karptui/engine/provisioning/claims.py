"""Claims: the nodes that this round would make, and the order in which they are offered to pods."""

from bisect import bisect_left, insort
from heapq import heappop, heappush, heapreplace

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

_COUNT_BITS = 48
_COUNT = 1 << _COUNT_BITS
_MIDDLE = 1 << 47


class Claim:
    """A node to be made. `types` is the mask of types that still hold all its pods; `key` its place in the order."""

    __slots__ = (
        "bucket",
        "count",
        "groups",
        "held",
        "index",
        "key",
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
        self.bucket: Bucket | None = None
        self.template = template
        self.requirements = requirements
        self.groups = groups
        self.types = 0
        self.count = 0
        self.key = 0
        self.requests: Resources = {}
        self.pods: list[Pod] = []
        self.ports: list[HostPort] = []
        self.held: frozenset[str] = NONE_HELD
        self.relaxed: list[Relaxation] = []

    def add(self, pod: Pod, class_: PodClass) -> None:
        """Takes a pod in; the caller has set requirements and types."""
        self.pods.append(pod)
        requests = self.requests
        for name, amount in class_.amounts:
            requests[name] = requests.get(name, 0) + amount
        if class_.spec.host_ports:
            self.ports.extend(class_.spec.host_ports)


class Bucket:
    """The claims with one set of requirements. `head` is the key of the first, 0 if there is none.

    `arrivals` are all that ever came, and those whose place has changed otherwise than by getting a pod, in time.
    """

    __slots__ = ("arrivals", "head", "heap", "requirements", "template")

    def __init__(self, template: Template, requirements: RequirementSet) -> None:
        self.template = template
        self.requirements = requirements
        self.head = 0
        self.heap: list[int] = []
        """Keys of the claims, also such as they have no more."""
        self.arrivals: list[Claim] = []


class ClaimOrder:
    """Claims by number of pods, as Go's unstable sort leaves them (spec/scheduling.md 6.4 step 2, Appendix A).

    Between two sorts one claim has one pod more, or one is new. Then the sort is a single move, except for 13 to 49
    claims, and near the three elements that the routine looks at first: there a few more claims change places.
    """

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self.claim_at: dict[int, Claim] = {}
        """The claim that got a key last; it may have another one by now."""
        self.buckets: dict[RequirementSet, Bucket] = {}
        self.arrivals: list[Claim] = []
        """All claims as they came, and those whose place has changed otherwise than by getting a pod, in time."""
        self.moved: list[Claim] = []
        """Claims that got other requirements, in time."""
        self._keys: list[int] = []
        self._moves = 0

    def append(self, claim: Claim) -> None:
        """A new claim with its first pod."""
        claim.count = 1
        self.claims.append(claim)
        self._moves += 1
        keys = self._keys
        claim.key = key = _COUNT + _MIDDLE + self._moves
        before: list[int] | None = None
        if 12 < len(keys) + 1 < 50 and keys[-1] >> _COUNT_BITS > 1:
            before = [*keys, key]
        self.claim_at[key] = claim
        insort(keys, key)
        self.arrivals.append(claim)
        bucket = claim.bucket = self._bucket(claim)
        bucket.arrivals.append(claim)
        heappush(bucket.heap, key)
        self._settle_head(bucket)
        if before is not None:
            self._rearrange(before)

    def raise_(self, claim: Claim) -> None:
        """A claim has one pod more, and perhaps other requirements."""
        keys, old = self._keys, claim.key
        place = bisect_left(keys, old)
        claim.count = count = claim.count + 1
        self._moves += 1
        claim.key = key = count * _COUNT + _MIDDLE - self._moves
        length = len(keys)
        before: list[int] | None = None
        following = keys[place + 1] >> _COUNT_BITS if place + 1 < length else count
        if following < count and length > 12 and (length < 50 or _near_probe(place, length)):
            before = keys[:]
            before[place] = key
        del keys[place]
        insort(keys, key, place)
        self.claim_at[key] = claim
        source = claim.bucket
        assert source is not None, "a claim is appended before it is raised"
        if source.requirements is not claim.requirements:
            self.moved.append(claim)
            bucket = claim.bucket = self._bucket(claim)
            bucket.arrivals.append(claim)
            heappush(bucket.heap, key)
            self._settle_head(source)
            self._settle_head(bucket)
        elif source.head == old:
            heapreplace(source.heap, key)
            self._settle_head(source)
        else:
            heappush(source.heap, key)
        if before is not None:
            self._rearrange(before)

    def _bucket(self, claim: Claim) -> Bucket:
        bucket = self.buckets.get(claim.requirements)
        if bucket is None:
            bucket = self.buckets[claim.requirements] = Bucket(claim.template, claim.requirements)
        return bucket

    def _settle_head(self, bucket: Bucket) -> None:
        heap, claim_at = bucket.heap, self.claim_at
        while heap:
            key = heap[0]
            claim = claim_at[key]
            if claim.key == key and claim.bucket is bucket:
                bucket.head = key
                return
            heappop(heap)
        bucket.head = 0

    def _rearrange(self, before: list[int]) -> None:
        """Puts claims where Go's sort puts them: `before` are all keys, in the order in which it finds their claims."""
        keys, claim_at = self._keys, self.claim_at
        after = [before[index] for index in go_order([key >> _COUNT_BITS for key in before])]
        # Keys only change hands, so they stay in line with the numbers of pods.
        moved = [(claim_at[old], key) for old, key in zip(after, keys, strict=True) if old != key]
        for claim, key in moved:
            claim.key = key
            claim_at[key] = claim
        for claim, key in moved:
            bucket = claim.bucket
            assert bucket is not None, "every claim in order has a bucket"
            self.arrivals.append(claim)
            bucket.arrivals.append(claim)
            heappush(bucket.heap, key)
        for bucket in {id(claim.bucket): claim.bucket for claim, _ in moved}.values():
            if bucket is not None:
                self._settle_head(bucket)


def _near_probe(place: int, length: int) -> bool:
    quarter = length // 4
    return -2 <= place - quarter <= 2 or -2 <= place - 2 * quarter <= 2 or -2 <= place - 3 * quarter <= 2
