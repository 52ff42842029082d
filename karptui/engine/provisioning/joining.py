"""Finding the open claim that takes a pod: the first in order that accepts (spec/scheduling.md 6.4 step 2).

Claims with the same requirements are one bucket, so requirements and topology are asked once for all of them. A claim
that was too full for a class never takes one of that class again, as claims only fill and narrow.
"""

from heapq import heapify, heappop, heappush, heapreplace
from typing import NamedTuple

from karptui.engine.provisioning.claims import Claim, ClaimOrder
from karptui.engine.provisioning.classes import PodClass
from karptui.engine.provisioning.filtering import TypeFilter
from karptui.engine.provisioning.min_values import MinValues
from karptui.engine.provisioning.requirement_sets import RequirementSet
from karptui.engine.provisioning.reservations import Reservations
from karptui.engine.provisioning.topology.tracker import ClassTopology, Topology
from karptui.model.taints import tolerates_all

_Entry = tuple[int, int]
"""(place in the order, number of the claim); places only grow, so an old entry can only stand too early."""


class Acceptance(NamedTuple):
    """What a claim would become with the pod."""

    claim: Claim
    requirements: RequirementSet
    types: int
    reserved: frozenset[str]


class _Book:
    """The claims that one class has not ruled out, in a heap per bucket."""

    __slots__ = ("buckets", "epoch", "seen", "targets")

    def __init__(self) -> None:
        self.seen = 0
        self.epoch = -1
        self.buckets: dict[RequirementSet, list[_Entry]] = {}
        self.targets: dict[RequirementSet, tuple[RequirementSet, ...]] = {}


class Joining:
    """Offers pods to open claims."""

    def __init__(
        self,
        order: ClaimOrder,
        topology: Topology,
        types: TypeFilter,
        min_values: MinValues,
        reservations: Reservations,
    ) -> None:
        self._order = order
        self._topology = topology
        self._filter = types
        self._min_values = min_values
        self._reservations = reservations
        self._log: list[Claim] = []
        self._books: dict[int, _Book] = {}

    def changed(self, claim: Claim) -> None:
        """A claim is new or has other requirements."""
        self._log.append(claim)

    def find(self, class_: PodClass, groups: ClassTopology) -> Acceptance | None:
        """The first claim in order that accepts a pod of a class."""
        book = self._books.get(class_.index)
        if book is None:
            book = self._books[class_.index] = _Book()
        self._catch_up(book, class_)
        heads: list[tuple[_Entry, RequirementSet]] = []
        for bucket, heap in book.buckets.items():
            head = self._head(bucket, heap)
            if head is not None:
                heads.append((head, bucket))
        return self._first(book, class_, groups, heads) if heads else None

    def _first(
        self, book: _Book, class_: PodClass, groups: ClassTopology, heads: list[tuple[_Entry, RequirementSet]]
    ) -> Acceptance | None:
        put_aside: list[tuple[list[_Entry], _Entry]] = []
        narrowed: dict[RequirementSet, tuple[RequirementSet, ...]] = {}
        accepted: Acceptance | None = None
        while heads:
            best = 0 if len(heads) == 1 else min(range(len(heads)), key=lambda place: heads[place][0])
            entry, bucket = heads[best]
            heap, targets = book.buckets[bucket], book.targets[bucket]
            if groups.zonal:
                if bucket not in narrowed:
                    narrowed[bucket] = self._narrowed(class_, groups, targets)
                if not narrowed[bucket]:
                    del heads[best]
                    continue
                targets = narrowed[bucket]
            claim = self._order.claims[entry[1]]
            accepted, later = self._try(claim, class_, groups, targets, book.targets[bucket])
            if accepted is not None:
                break
            heappop(heap)
            if later:
                put_aside.append((heap, entry))
            following = self._head(bucket, heap)
            if following is None:
                del heads[best]
            else:
                heads[best] = (following, bucket)
        for heap, entry in put_aside:
            heappush(heap, entry)
        return accepted

    def _try(
        self,
        claim: Claim,
        class_: PodClass,
        groups: ClassTopology,
        targets: tuple[RequirementSet, ...],
        widest: tuple[RequirementSet, ...],
    ) -> tuple[Acceptance | None, bool]:
        """What the claim would become; or whether it is worth asking again later."""
        if groups.hosts and not self._topology.admits_host(groups, claim.index):
            return None, groups.attracted_to_host
        again = False
        for target in targets:
            types = self._filter.joining(claim, class_, target)
            if not types or self._min_values.accept(target, types, may_relax=False) is None:
                continue
            reserved = self._reservations.reserve(target, types, claim.held)
            if reserved is None:
                again = True
                continue
            return Acceptance(claim, target, types, reserved), True
        # Topology may choose another domain the next time, unless the claim is too full in every one.
        return None, again or (
            bool(groups.zonal) and any(self._filter.joining(claim, class_, target) for target in widest)
        )

    def _catch_up(self, book: _Book, class_: PodClass) -> None:
        claims = self._order.claims
        while book.seen < len(self._log):
            claim = self._log[book.seen]
            book.seen += 1
            bucket = claim.requirements
            targets = book.targets.get(bucket)
            if targets is None:
                targets = book.targets[bucket] = _targets(claim, class_)
            if targets:
                heappush(book.buckets.setdefault(bucket, []), (claim.key, claim.index))
        if book.epoch != self._order.epoch:
            book.epoch = self._order.epoch
            for bucket, heap in book.buckets.items():
                heap[:] = {(claims[index].key, index) for _, index in heap if claims[index].requirements is bucket}
                heapify(heap)

    def _head(self, bucket: RequirementSet, heap: list[_Entry]) -> _Entry | None:
        """The first claim of a bucket; entries that have moved are put right, those that have left are dropped."""
        claims = self._order.claims
        while heap:
            entry = heap[0]
            claim = claims[entry[1]]
            if claim.requirements is not bucket:
                heappop(heap)
            elif claim.key != entry[0]:
                heapreplace(heap, (claim.key, entry[1]))
            else:
                return entry
        return None

    def _narrowed(
        self, class_: PodClass, groups: ClassTopology, targets: tuple[RequirementSet, ...]
    ) -> tuple[RequirementSet, ...]:
        narrowed = (self._topology.narrow(class_, groups, target) for target in targets)
        return tuple(target for target in narrowed if isinstance(target, RequirementSet))


def _targets(claim: Claim, class_: PodClass) -> tuple[RequirementSet, ...]:
    """The claim's requirements with the pod's, for every way to reach its volumes; empty: incompatible."""
    if not tolerates_all(class_.spec.tolerations, claim.template.pool.template.taints):
        return ()
    merged = claim.requirements.merge(class_.requirements)
    if not isinstance(merged, RequirementSet):
        return ()
    if not class_.alternatives:
        return (merged,)
    reached = (merged.merge(alternative) for alternative in class_.alternatives)
    return tuple(target for target in reached if isinstance(target, RequirementSet))
