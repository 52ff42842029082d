"""What passes over one cluster keep for each other.

While nothing that counts has changed the last answer is given again; a survey after a pass, or a pass after a survey,
of the same moment shares the prepared world and every simulation.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from karptui.engine.disruption.candidates import Situation
from karptui.engine.disruption.passes import disrupt_in
from karptui.engine.disruption.survey import survey_in
from karptui.engine.disruption.turns import good_until
from karptui.engine.provisioning.simulation import Simulation
from karptui.model.disruption import Disruption, Survey
from karptui.model.snapshot import Snapshot

_COUNTED = (
    "pods",
    "nodes",
    "node_claims",
    "node_pools",
    "node_overlays",
    "daemon_sets",
    "budgets",
    "namespaces",
    "priority_classes",
    "volume_claims",
    "volumes",
    "storage_classes",
    "csi_nodes",
    "provider_drift",
)
"""The fields of a Snapshot that decide, besides options, catalogue and what Karpenter holds in memory."""

_UNCOUNTED = ("resource_version", "generation")
"""What changes of an object's metadata without anything else."""

SHARED_SECONDS = 1.0
"""For which the prepared world of an answer is kept, for the other question about the same moment."""


class Kept:
    """Answers about the Snapshots of one World, which come in the order of their time. For one thread at a time."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._from = self._until = 0.0
        self._situation: Situation | None = None
        self._disruption: dict[tuple[int | None, int | None], Disruption] = {}
        self._survey: Survey | None = None

    def disrupt(
        self, snapshot: Snapshot, multi_tries: int | None = None, single_tries: int | None = None
    ) -> Disruption:
        """As `karptui.engine.disruption.disrupt`."""
        self._turn_to(snapshot)
        limits = (multi_tries, single_tries)
        known = self._disruption.get(limits)
        if known is None:
            known = self._disruption[limits] = disrupt_in(self._prepared(snapshot), multi_tries, single_tries)
        return known

    def survey(self, snapshot: Snapshot) -> Survey:
        """As `karptui.engine.disruption.survey`."""
        self._turn_to(snapshot)
        if self._survey is None:
            self._survey = survey_in(self._prepared(snapshot))
        return self._survey

    def still_holds(self, snapshot: Snapshot) -> bool:
        """Whether what is kept answers for this Snapshot as well."""
        known = self._snapshot
        if known is None:
            return False
        if snapshot.now != self._from and not self._from <= snapshot.now < self._until:
            return False
        if not unchanged(known, snapshot):
            return False
        self._snapshot = snapshot  # of a busy cluster: the next one differs from it in fewer objects
        if snapshot.now > self._from + SHARED_SECONDS:
            self._situation = None  # it would hold every object of then in memory
        return True

    def _turn_to(self, snapshot: Snapshot) -> None:
        if self.still_holds(snapshot):
            return
        self._snapshot = snapshot
        self._from, self._until = snapshot.now, good_until(snapshot)
        self._situation, self._survey = None, None
        self._disruption.clear()

    def _prepared(self, snapshot: Snapshot) -> Situation:
        if self._situation is None:
            self._situation = Situation(Simulation(snapshot))
        return self._situation


def unchanged(one: Snapshot, other: Snapshot) -> bool:
    """Whether nothing that decides about disruption differs, whatever the time and the versions of objects."""
    if one.options != other.options or one.catalogue is not other.catalogue or one.favoured != other.favoured:
        return False
    if one.marked_for_deletion != other.marked_for_deletion or _nominated(one, other.now) != _nominated(
        other, other.now
    ):
        return False
    return all(_alike(getattr(one, name), getattr(other, name)) for name in _COUNTED)


def _nominated(snapshot: Snapshot, now: float) -> dict[str, float]:
    return {name: until for name, until in snapshot.nominated.items() if until > now}


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if one is other or one == other:  # objects are equal where they are the same, which dicts ask first
        return True
    if one.keys() != other.keys():
        return False
    return all(mine is other[key] or _says_the_same(mine, other[key]) for key, mine in one.items())


def _says_the_same(one: Any, other: Any) -> bool:
    """Whether two versions of an object differ in nothing but their version."""
    if not isinstance(one, Struct) or type(one) is not type(other):
        return one == other
    for name in one.__struct_fields__:
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine is theirs or mine == theirs:
            continue
        if name == "metadata":
            if replace(mine, **{field: getattr(theirs, field) for field in _UNCOUNTED}) != theirs:
                return False
        elif name != "spec" or mine.key != theirs.key:
            return False
    return True
