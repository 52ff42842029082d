"""What classes of pods know of the open claims: which of them come next, and which never take one of the class again.

Keys of claims stand in heaps. A key that a claim has no more stands too early, or beside the one that it has now, and
is put right when it comes up.
"""

from heapq import heapify, heappop, heappush, heapreplace

from karptui.engine.provisioning.claims import Bucket, Claim, ClaimOrder
from karptui.engine.provisioning.requirement_sets import RequirementSet
from karptui.engine.provisioning.topology.tracker import ClassTopology

_PUSHES = 8
"""Putting a heap in order costs about as much as so many pushes take for so many times fewer claims."""

Targets = tuple[RequirementSet, ...]
"""The requirements that a claim would have with a pod, for every way to reach the pod's volumes."""


class Line:
    """All open claims, for a class that only hosts and the size of claims keep out; `dead` are ruled out for good.

    `unsuited` are claims whose bucket does not suit; one that gets other requirements may suit then.
    """

    __slots__ = ("dead", "heap", "moved", "seen", "shape", "shared", "unsuited")

    def __init__(self, shape: "Shape", shared: bool) -> None:
        self.shape = shape
        self.shared = shared
        self.dead: set[Claim] = set()
        self.unsuited: set[Claim] = set()
        self.heap: list[int] = []
        self.seen = 0
        self.moved = 0

    def copy(self) -> "Line":
        """A line for one class that begins with what all of them know."""
        twin = Line(self.shape, shared=False)
        twin.dead, twin.unsuited, twin.heap = set(self.dead), set(self.unsuited), self.heap[:]
        twin.seen, twin.moved = self.seen, self.moved
        return twin

    def catch_up(self, order: ClaimOrder, groups: ClassTopology) -> None:
        """Takes in the claims that have come since, unless their hosts refuse the class for good."""
        if self.unsuited and self.moved < len(order.moved):
            again = self.unsuited.intersection(order.moved[self.moved :])
            self.unsuited -= again
            _add(self.heap, list(again), self.dead, groups)
        self.moved = len(order.moved)
        if self.seen < len(order.arrivals):
            _add(self.heap, order.arrivals[self.seen :], self.dead, groups)
            self.seen = len(order.arrivals)


class Page:
    """The claims of one bucket that a class has not ruled out."""

    __slots__ = ("bucket", "heap", "seen", "targets")

    def __init__(self, bucket: Bucket, targets: Targets) -> None:
        self.bucket = bucket
        self.targets = targets
        self.heap: list[int] = []
        self.seen = 0

    def copy(self) -> "Page":
        """The same claims, to be ruled out separately."""
        twin = Page(self.bucket, self.targets)
        twin.heap, twin.seen = self.heap[:], self.seen
        return twin

    def catch_up(self, dead: set[Claim], groups: ClassTopology) -> None:
        """Takes in the claims that have come to the bucket since, unless their hosts refuse the class for good."""
        bucket = self.bucket
        arrivals = [claim for claim in bucket.arrivals[self.seen :] if claim.bucket is bucket]
        self.seen = len(bucket.arrivals)
        _add(self.heap, arrivals, dead, groups)

    def head(self, claim_at: dict[int, Claim]) -> int:
        """The key of the first claim, 0 if there is none."""
        heap, bucket = self.heap, self.bucket
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


class Book:
    """Open claims by bucket, for a class that topology may keep out of some buckets for a while."""

    __slots__ = ("dead", "pages", "shape", "shared")

    def __init__(self, shape: "Shape", shared: bool) -> None:
        self.shape = shape
        self.shared = shared
        self.pages: list[Page] = []
        self.dead: set[Claim] = set()

    def copy(self) -> "Book":
        """A book for one class that begins with what all of them know."""
        twin = Book(self.shape, shared=False)
        twin.dead, twin.pages = set(self.dead), [page.copy() for page in self.pages]
        return twin

    def turn_pages(self) -> list[Page]:
        """The pages, with one for every bucket that has come to suit."""
        pages, suitable = self.pages, self.shape.suitable
        if len(pages) < len(suitable):
            pages += [Page(bucket, targets) for bucket, targets in suitable[len(pages) :]]
        return pages


class Shape:
    """Classes that differ in requests, labels and topology only: the same buckets suit them all.

    `lines` and `books` are those that classes share, by what hosts mean to them.
    """

    __slots__ = ("books", "buckets", "lines", "suitable", "targets")

    def __init__(self) -> None:
        self.buckets = 0
        """How many buckets have been looked at."""
        self.suitable: list[tuple[Bucket, Targets]] = []
        self.targets: dict[Bucket | None, Targets] = {}
        self.lines: dict[tuple[object, ...], Line] = {}
        self.books: dict[tuple[object, ...], Book] = {}


def _add(heap: list[int], arrivals: list[Claim], dead: set[Claim], groups: ClassTopology) -> None:
    for hosts in groups.full_hosts:
        arrivals = [claim for claim in arrivals if claim.index not in hosts]
    if not arrivals:
        return
    keys = {claim.key for claim in arrivals if claim not in dead}
    if len(keys) * _PUSHES > len(heap):
        heap += keys
        heapify(heap)
        return
    for key in keys:
        heappush(heap, key)
