"""NodeClaims: which are on their way, how many come and go, how long they usually take."""

from bisect import insort
from collections.abc import Collection

from karptui.model.metadata import is_true
from karptui.model.node import NodeClaim
from karptui.views.kept.keys import Keys
from karptui.views.stage import stage_of
from karptui.world.world import World


class KeptClaims:
    """What is asked of all NodeClaims together, without asking all of them each time."""

    def __init__(self) -> None:
        self.keys = Keys()
        self.flight: dict[str, None] = {}
        """Those that are not initialized yet or are going."""
        self.staying: set[str] = set()
        """Those that are not on their way out."""
        self._coming: set[str] = set()
        self._going: set[str] = set()
        self._node_of: dict[str, str] = {}
        self._of_node: dict[str, str] = {}
        self._seconds: dict[str, float] = {}
        self._by_pool: dict[str, list[float]] = {}
        self._times: list[float] = []

    def read(self, world: World) -> "KeptClaims":
        """Itself, up to date."""
        if self.keys:
            held = world.of("nodeclaims")
            for key in self.keys.taken([*held, *world.claim_timelines], self._node_of):
                self._look(world, key, held.get(key))
        return self

    def _look(self, world: World, key: str, claim: NodeClaim | None) -> None:
        timeline = world.claim_timelines.get(key)
        if timeline is not None and timeline.initialized is not None and key not in self._seconds:
            seconds = self._seconds[key] = timeline.initialized - timeline.created
            insort(self._by_pool.setdefault(timeline.node_pool, []), seconds)
            insort(self._times, seconds)
        node = claim.node_name if claim is not None else ""
        before = self._node_of.pop(key, "")
        if before != node and self._of_node.get(before) == key:
            del self._of_node[before]
        if claim is None:
            self.flight.pop(key, None)
            self._coming.discard(key)
            self._going.discard(key)
            self.staying.discard(key)
            return
        self._node_of[key] = node
        if node:
            self._of_node[node] = key
        going = claim.metadata.deleted is not None
        _put(self._going, key, going)
        _put(self.staying, key, not going)
        _put(self._coming, key, not going and not is_true(claim.conditions, "Initialized"))
        if stage_of(claim, timeline).name == "ready":
            self.flight.pop(key, None)
        else:
            self.flight[key] = None

    @property
    def coming(self) -> int:
        """How many are not initialized yet."""
        return len(self._coming)

    @property
    def draining(self) -> int:
        """How many are going."""
        return len(self._going)

    @property
    def present(self) -> Collection[str]:
        """The names of those there are."""
        return self._node_of.keys()

    def of_node(self, name: str) -> str:
        """The NodeClaim of a node; "" for none."""
        return self._of_node.get(name, "")

    def usual_seconds(self, node_pool: str) -> float | None:
        """Median seconds from creation to Initialized over this pool's NodeClaims (any pool's if it has none yet)."""
        times = self._by_pool.get(node_pool) or self._times
        return times[len(times) // 2] if times else None


def _put(members: set[str], key: str, belongs: bool) -> None:
    if belongs:
        members.add(key)
    else:
        members.discard(key)
