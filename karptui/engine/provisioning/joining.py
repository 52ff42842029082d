"""Finding the open claim that takes a pod: the first in order that accepts (spec/scheduling.md 6.4 step 2).

Claims with the same requirements are one bucket, so requirements and topology are asked once for all of them. Classes
that tolerate and require the same, and that the same hosts refuse, have one line of those claims. A class gets a line
of its own when a claim is too full for it: that one never takes one of the class again, as claims only fill and narrow.
"""

from enum import Enum
from heapq import heappop, heappush, heapreplace
from itertools import islice

from karptui.engine.provisioning.books import Book, Line, Page, Shape, Targets
from karptui.engine.provisioning.claims import Bucket, Claim, ClaimOrder
from karptui.engine.provisioning.classes import PodClass
from karptui.engine.provisioning.filtering import TypeFilter
from karptui.engine.provisioning.min_values import MinValues
from karptui.engine.provisioning.requirement_sets import RequirementSet
from karptui.engine.provisioning.reservations import NONE_HELD, Reservations
from karptui.engine.provisioning.topology.tracker import ClassTopology, Topology
from karptui.model.taints import tolerates_all

Acceptance = tuple[Claim, RequirementSet, int, frozenset[str]]
"""A claim, and what it would become with the pod: requirements, types and the reservations that it would hold."""


class _No(Enum):
    """Why a claim does not take a pod: its host never will, it is too full for the class, or not now."""

    HOST = 1
    FULL = 2
    LATER = 3


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
        self._own: dict[int, Line | Book] = {}
        """By class, for those for which some claim is too full."""
        self._shapes: dict[tuple[object, ...], Shape] = {}
        self._shape_by_class: dict[int, Shape] = {}

    def forget(self, class_: PodClass) -> None:
        """No pod of a class is left to place."""
        self._own.pop(class_.index, None)

    def find(self, class_: PodClass, groups: ClassTopology) -> Acceptance | None:
        """The first claim in order that accepts a pod of a class."""
        index = class_.index
        shape = self._shape_by_class.get(index)
        if shape is None:
            shape = self._shape_by_class[index] = self._shape_of(class_)
        if shape.buckets < len(self._order.buckets):
            self._see_buckets(shape, class_)
        known = self._own.get(index)
        if known is None:
            if groups.hosts:
                known = _shared(shape, groups)
            else:
                answer = self._foremost(shape, class_, groups)
                if not isinstance(answer, _No):
                    return answer
                known = self._own[index] = Book(shape, shared=False) if groups.zonal else Line(shape, shared=False)
        if isinstance(known, Line):
            return self._in_line(known, class_, groups)
        return self._in_book(known, class_, groups)

    def _foremost(self, shape: Shape, class_: PodClass, groups: ClassTopology) -> "Acceptance | _No | None":
        """The answer of the first claim that there is for a class that no host refuses; None if there is none."""
        if not groups.zonal:
            first, widest = 0, ()
            for bucket, targets in shape.suitable:
                head = bucket.head
                if head and (head < first or not first):
                    first, widest = head, targets
            return self._try(self._order.claim_at[first], class_, groups, widest, widest) if first else None
        # No two claims have one key, so nothing behind it is compared.
        heads = [(bucket.head, targets) for bucket, targets in shape.suitable if bucket.head]
        heads.sort()
        for head, targets in heads:
            narrowed = self._narrowed(class_, groups, targets)
            if narrowed:
                return self._try(self._order.claim_at[head], class_, groups, narrowed, targets)
        return None

    def _in_line(self, line: Line, class_: PodClass, groups: ClassTopology) -> Acceptance | None:
        order = self._order
        line.catch_up(order, groups)
        heap, claim_at, targets_of = line.heap, order.claim_at, line.shape.targets
        put_aside: list[int] = []
        accepted: Acceptance | None = None
        while heap:
            key = heap[0]
            claim = claim_at[key]
            if claim.key != key:
                heapreplace(heap, claim.key)
                continue
            targets = targets_of.get(claim.bucket)
            if targets is None:
                heappop(heap)
                line.unsuited.add(claim)
                continue
            answer = self._try(claim, class_, groups, targets, targets)
            if not isinstance(answer, _No):
                accepted = answer
                break
            if answer is _No.FULL and line.shared:
                break
            heappop(heap)
            if answer is _No.LATER:
                put_aside.append(key)
            else:
                line.dead.add(claim)
        else:
            answer = None
        for key in put_aside:
            heappush(heap, key)
        if answer is _No.FULL:
            own = self._own[class_.index] = line.copy()
            return self._in_line(own, class_, groups)
        return accepted

    def _in_book(self, book: Book, class_: PodClass, groups: ClassTopology) -> Acceptance | None:
        heads: list[tuple[int, Page]] = []
        claim_at = self._order.claim_at
        for page in book.turn_pages():
            if page.seen < len(page.bucket.arrivals):
                page.catch_up(book.dead, groups)
            head = page.head(claim_at) if page.heap else 0
            if head:
                heads.append((head, page))
        return self._first(book, class_, groups, heads) if heads else None

    def _first(
        self, book: Book, class_: PodClass, groups: ClassTopology, heads: list[tuple[int, Page]]
    ) -> Acceptance | None:
        claim_at = self._order.claim_at
        put_aside: list[tuple[list[int], int]] = []
        narrowed: dict[Page, Targets] = {}
        accepted: Acceptance | None = None
        own: Book | None = None
        # No two claims have one key, so pages are never compared.
        heads.sort()
        while heads:
            key, page = heads[0]
            targets = narrowed.get(page)
            if targets is None:
                targets = narrowed[page] = self._narrowed(class_, groups, page.targets)
                if not targets:
                    heappop(heads)
                    continue
            claim = claim_at[key]
            answer = self._try(claim, class_, groups, targets, page.targets)
            if not isinstance(answer, _No):
                accepted = answer
                break
            if answer is _No.FULL and book.shared:
                own = book
                break
            heappop(page.heap)
            if answer is _No.LATER:
                put_aside.append((page.heap, key))
            else:
                book.dead.add(claim)
            following = page.head(claim_at)
            if following:
                heapreplace(heads, (following, page))
            else:
                heappop(heads)
        for heap, key in put_aside:
            heappush(heap, key)
        if own is not None:
            own = self._own[class_.index] = own.copy()
            return self._in_book(own, class_, groups)
        return accepted

    def _try(
        self, claim: Claim, class_: PodClass, groups: ClassTopology, targets: Targets, widest: Targets
    ) -> "Acceptance | _No":
        """What the claim would become, or whether it is worth asking again later."""
        if groups.hosts and not self._topology.admits_host(groups, claim.index):
            return _No.LATER if groups.attracted_to_host else _No.HOST
        again = False
        reserving = self._reservations.enabled
        for target in targets:
            types = self._filter.joining(claim, class_, target)
            if not types or (target.has_min_values and self._min_values.accept(target, types, may_relax=False) is None):
                continue
            reserved = self._reservations.reserve(target, types, claim.held) if reserving else NONE_HELD
            if reserved is None:
                again = True
                continue
            return claim, target, types, reserved
        # Topology may choose another domain the next time, unless the claim is too full in every one.
        if again or (groups.zonal and any(self._filter.joining(claim, class_, target) for target in widest)):
            return _No.LATER
        return _No.FULL

    def _shape_of(self, class_: PodClass) -> Shape:
        key = (class_.requirements, class_.spec.tolerations, class_.alternatives)
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = Shape()
        return shape

    def _see_buckets(self, shape: Shape, class_: PodClass) -> None:
        """Looks at every bucket that has come to be since, and keeps it unless it does not suit the class at all."""
        buckets = self._order.buckets
        for bucket in islice(buckets.values(), shape.buckets, None):
            targets = _targets(bucket, class_)
            if targets:
                shape.suitable.append((bucket, targets))
                shape.targets[bucket] = targets
        shape.buckets = len(buckets)

    def _narrowed(self, class_: PodClass, groups: ClassTopology, targets: Targets) -> Targets:
        if len(targets) == 1:
            narrowed = self._topology.narrow(class_, groups, targets[0])
            return (narrowed,) if isinstance(narrowed, RequirementSet) else ()
        every = [self._topology.narrow(class_, groups, target) for target in targets]
        return tuple(target for target in every if isinstance(target, RequirementSet))


def _shared(shape: Shape, groups: ClassTopology) -> Line | Book:
    """What classes know that the same hosts refuse."""
    if groups.zonal:
        book = shape.books.get(groups.host_terms)
        if book is None:
            book = shape.books[groups.host_terms] = Book(shape, shared=True)
        return book
    line = shape.lines.get(groups.host_terms)
    if line is None:
        line = shape.lines[groups.host_terms] = Line(shape, shared=True)
    return line


def _targets(bucket: Bucket, class_: PodClass) -> Targets:
    """The requirements of a bucket with the pod's, for every way to reach its volumes; empty: incompatible."""
    if not tolerates_all(class_.spec.tolerations, bucket.template.taints):
        return ()
    merged = bucket.requirements.merge(class_.requirements)
    if not isinstance(merged, RequirementSet):
        return ()
    if not class_.alternatives:
        return (merged,)
    reached = (merged.merge(alternative) for alternative in class_.alternatives)
    return tuple(target for target in reached if isinstance(target, RequirementSet))
