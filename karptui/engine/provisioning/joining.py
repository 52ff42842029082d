"""Finding the open claim that takes a pod: the first in order that accepts (spec/scheduling.md 6.4 step 2).

Claims with the same requirements are one bucket, so requirements and topology are asked once for all of them. Classes
that tolerate and require the same, and that the same hosts refuse, keep one book of those claims. A class gets a book
of its own when a claim is too full for it: that one never takes one of the class again, as claims only fill and narrow.
"""

from enum import Enum
from heapq import heapify, heappop, heappush, heapreplace
from itertools import islice

from karptui.engine.provisioning.claims import Bucket, Claim, ClaimOrder
from karptui.engine.provisioning.classes import PodClass
from karptui.engine.provisioning.filtering import TypeFilter
from karptui.engine.provisioning.min_values import MinValues
from karptui.engine.provisioning.requirement_sets import RequirementSet
from karptui.engine.provisioning.reservations import NONE_HELD, Reservations
from karptui.engine.provisioning.topology.tracker import ClassTopology, Topology
from karptui.model.taints import tolerates_all

_MANY_ARRIVALS = 16
"""With more claims than this new to a page, its heap is put in order once for all of them."""

Targets = tuple[RequirementSet, ...]
"""The requirements that a claim would have with a pod, for every way to reach the pod's volumes."""

Acceptance = tuple[Claim, RequirementSet, int, frozenset[str]]
"""A claim, and what it would become with the pod: requirements, types and the reservations that it would hold."""


class _No(Enum):
    """Why a claim does not take a pod: its host never will, it is too full for the class, or not now."""

    HOST = 1
    FULL = 2
    LATER = 3


class _Page:
    """One bucket as one class sees it: the keys of the claims that it has not ruled out, as a heap.

    A key that a claim has no more stands too early, or beside the one that it has now, and is put right when it comes
    up.
    """

    __slots__ = ("bucket", "heap", "seen", "targets")

    def __init__(self, bucket: Bucket, targets: Targets) -> None:
        self.bucket = bucket
        self.targets = targets
        self.heap: list[int] = []
        self.seen = 0

    def copy(self) -> "_Page":
        """The same keys, to be ruled out separately."""
        twin = _Page(self.bucket, self.targets)
        twin.heap, twin.seen = self.heap[:], self.seen
        return twin


class _Book:
    """What classes know of the open claims; `dead` are those that never take one of them again."""

    __slots__ = ("dead", "pages", "shape", "shared")

    def __init__(self, shape: "_Shape", shared: bool) -> None:
        self.shape = shape
        self.shared = shared
        self.pages: list[_Page] = []
        self.dead: set[Claim] = set()

    def turn_pages(self) -> list[_Page]:
        """The pages, with one for every bucket that has come to suit."""
        pages, suitable = self.pages, self.shape.suitable
        if len(pages) < len(suitable):
            pages += [_Page(bucket, targets) for bucket, targets in suitable[len(pages) :]]
        return pages

    def copy(self) -> "_Book":
        """A book for one class that begins with what all of them know."""
        twin = _Book(self.shape, shared=False)
        twin.dead = set(self.dead)
        twin.pages = [page.copy() for page in self.pages]
        return twin


class _Shape:
    """Classes that differ in requests, labels and topology only: the same buckets suit them all.

    `books` are those that classes share, by what hosts mean to them.
    """

    __slots__ = ("books", "buckets", "suitable")

    def __init__(self) -> None:
        self.buckets = 0
        self.suitable: list[tuple[Bucket, Targets]] = []
        self.books: dict[tuple[object, ...], _Book] = {}


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
        self._books: dict[int, _Book] = {}
        self._shapes: dict[tuple[object, ...], _Shape] = {}
        self._shape_by_class: dict[int, _Shape] = {}

    def forget(self, class_: PodClass) -> None:
        """No pod of a class is left to place."""
        self._books.pop(class_.index, None)

    def find(self, class_: PodClass, groups: ClassTopology) -> Acceptance | None:
        """The first claim in order that accepts a pod of a class."""
        index = class_.index
        shape = self._shape_by_class.get(index)
        if shape is None:
            shape = self._shape_by_class[index] = self._shape_of(class_)
        if shape.buckets < len(self._order.buckets):
            self._see_buckets(shape, class_)
        book = self._books.get(index)
        if book is not None:
            return self._in_book(book, class_, groups)
        if not groups.hosts:
            answer = self._foremost(shape, class_, groups)
            if not isinstance(answer, _No):
                return answer
            book = self._books[index] = _Book(shape, shared=False)
            return self._in_book(book, class_, groups)
        book = shape.books.get(groups.host_terms)
        if book is None:
            book = shape.books[groups.host_terms] = _Book(shape, shared=True)
        return self._in_book(book, class_, groups)

    def _foremost(self, shape: _Shape, class_: PodClass, groups: ClassTopology) -> "Acceptance | _No | None":
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

    def _in_book(self, book: _Book, class_: PodClass, groups: ClassTopology) -> Acceptance | None:
        heads: list[tuple[int, _Page]] = []
        for page in book.turn_pages():
            if page.seen < len(page.bucket.arrivals):
                self._catch_up(page, book, groups)
            if page.heap and (head := self._head(page)):
                heads.append((head, page))
        return self._first(book, class_, groups, heads) if heads else None

    def _first(
        self, book: _Book, class_: PodClass, groups: ClassTopology, heads: list[tuple[int, _Page]]
    ) -> Acceptance | None:
        put_aside: list[tuple[list[int], int]] = []
        narrowed: dict[_Page, Targets] = {}
        accepted: Acceptance | None = None
        own: _Book | None = None
        # No two claims have one key, so pages are never compared.
        heads.sort()
        while heads:
            key, page = heads[0]
            targets = page.targets
            if groups.zonal:
                if page not in narrowed:
                    narrowed[page] = self._narrowed(class_, groups, targets)
                targets = narrowed[page]
                if not targets:
                    heappop(heads)
                    continue
            claim = self._order.claim_at[key]
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
            following = self._head(page)
            if following:
                heapreplace(heads, (following, page))
            else:
                heappop(heads)
        for heap, key in put_aside:
            heappush(heap, key)
        if own is not None:
            own = self._books[class_.index] = own.copy()
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

    def _shape_of(self, class_: PodClass) -> _Shape:
        key = (class_.requirements, class_.spec.tolerations, class_.alternatives)
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = _Shape()
        return shape

    def _see_buckets(self, shape: _Shape, class_: PodClass) -> None:
        """Looks at every bucket that has come to be since, and keeps it unless it does not suit the class at all."""
        buckets = self._order.buckets
        for bucket in islice(buckets.values(), shape.buckets, None):
            targets = _targets(bucket, class_)
            if targets:
                shape.suitable.append((bucket, targets))
        shape.buckets = len(buckets)

    def _catch_up(self, page: _Page, book: _Book, groups: ClassTopology) -> None:
        """Takes in the claims that have come to a bucket since, unless their hosts refuse the class for good."""
        bucket, dead = page.bucket, book.dead
        arrivals = bucket.arrivals[page.seen :] if page.seen else bucket.arrivals
        page.seen = len(bucket.arrivals)
        for hosts in groups.full_hosts:
            arrivals = [claim for claim in arrivals if claim.index not in hosts]
        if not arrivals:
            return
        keys = {claim.key for claim in arrivals if claim.bucket is bucket and claim not in dead}
        if len(keys) > _MANY_ARRIVALS:
            page.heap += keys
            heapify(page.heap)
            return
        for key in keys:
            heappush(page.heap, key)

    def _head(self, page: _Page) -> int:
        """The first claim of a page by key, 0 if there is none; keys that are out of date are put right."""
        heap, claim_at, bucket = page.heap, self._order.claim_at, page.bucket
        while heap:
            key = heap[0]
            claim = claim_at[key]
            if claim.bucket is not bucket:
                heappop(heap)
            elif claim.key != key:
                heapreplace(heap, claim.key)
            else:
                return key
        return 0

    def _narrowed(self, class_: PodClass, groups: ClassTopology, targets: Targets) -> Targets:
        if len(targets) == 1:
            narrowed = self._topology.narrow(class_, groups, targets[0])
            return (narrowed,) if isinstance(narrowed, RequirementSet) else ()
        every = [self._topology.narrow(class_, groups, target) for target in targets]
        return tuple(target for target in every if isinstance(target, RequirementSet))


def _targets(bucket: Bucket, class_: PodClass) -> tuple[RequirementSet, ...]:
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
