"""Nodes bought by price, filled by Karpenter's rules."""

from collections import deque
from typing import NamedTuple

from karptui.engine.bound.columns import Column, columns
from karptui.engine.bound.demand import Demand, demands
from karptui.engine.cheapest.market import Fill, Market
from karptui.engine.cheapest.taking import Taken, Taking
from karptui.engine.provisioning.claims import Claim
from karptui.engine.provisioning.classes import PodClass
from karptui.engine.provisioning.existing import ExistingNode, Places
from karptui.engine.provisioning.finish import Closed
from karptui.engine.provisioning.groundwork import Groundwork
from karptui.engine.provisioning.pending import Batch
from karptui.engine.provisioning.queue import PodQueue
from karptui.engine.provisioning.reservations import Reservations
from karptui.engine.provisioning.topology.residents import Residents
from karptui.engine.provisioning.topology.tracker import Topology
from karptui.model.decision import PlannedClaim, Relaxation
from karptui.model.pod import Pod


class Packed(NamedTuple):
    """What came of it. `left` found no place."""

    claims: tuple[PlannedClaim, ...]
    taken: list[ExistingNode]
    relaxed: list[Relaxation]
    left: list[Pod]


class Packing:
    """One batch. Pods that nodes already there would take go there first, as with Karpenter."""

    def __init__(self, ground: Groundwork, batch: Batch) -> None:
        snapshot = ground.snapshot
        self._ground = ground
        self._classes = ground.classes
        self._pods = batch.pods
        residents = Residents(ground.residency, batch.pods, frozenset())
        self._topology = Topology(snapshot, ground.universe, residents, ground.space)
        self._limits = ground.limits.without(())
        self._reservations = Reservations(ground.catalogue, snapshot.options.gate("ReservedCapacity"))
        self._places = Places(ground.existing, self._topology)
        self._taking = Taking(ground, self._topology, self._limits, self._reservations)
        self._claims: list[Claim] = []
        self._columns: list[Column] = []
        self._relaxed: list[Relaxation] = []

    def pack(self) -> Packed:
        """Places every pod that has a place."""
        class_of = {id(pod): self._classes.of(pod) for pod in self._pods}
        self._topology.start(dict.fromkeys(class_of.values()))
        waiting: dict[PodClass, deque[Pod]] = {}
        for pod in PodQueue(self._pods):
            class_ = class_of[id(pod)]
            if self._places.place(pod, class_) is None:
                waiting.setdefault(class_, deque()).append(pod)
        while waiting:
            placed = self._join_all(waiting) + self._buy(waiting)
            waiting = {class_: pods for class_, pods in waiting.items() if pods}
            if not placed and not self._relax(waiting):
                break
        left = [pod for pods in waiting.values() for pod in pods]
        finishing = self._ground.finishing
        closed = [finishing.close(claim) for claim in self._claims]
        for claim, entry in zip(self._claims, closed, strict=True):
            if not isinstance(entry, Closed):
                left += claim.pods
        written = [finishing.write(entry) for entry in closed if isinstance(entry, Closed)]
        return Packed(tuple(written), self._places.taken(), self._relaxed, left)

    def _join_all(self, waiting: dict[PodClass, deque[Pod]]) -> int:
        """What waits onto nodes that are bought already."""
        before = sum(len(pods) for pods in waiting.values())
        for class_, pods in waiting.items():
            for claim, column in zip(self._claims, self._columns, strict=True):
                while pods:
                    taken = self._taking.join(claim, column, class_, self._topology.of(class_))
                    if taken is None:
                        break
                    self._settle(claim, pods.popleft(), class_, taken)
        return before - sum(len(pods) for pods in waiting.values())

    def _buy(self, waiting: dict[PodClass, deque[Pod]]) -> int:
        """New nodes until nothing that waits can be on one; answers how many pods went."""
        wanted = demands(self._ground, {class_: len(pods) for class_, pods in waiting.items() if pods})
        market = Market(wanted, columns(self._ground, wanted))
        worths = market.learn()
        left = {number: demand.pods for number, demand in enumerate(wanted)}
        fills: dict[int, Fill] = {}
        placed = 0
        while left:
            fill = market.best(worths, left, fills)
            if fill is None:
                break
            gone = self._fill(fill, market, worths, waiting)
            placed += sum(gone.values())
            for number, count in gone.items():
                if number in left:
                    left[number] -= count
                    if not left[number]:
                        del left[number]
            if not gone:
                # Topology lets none of these be first on a node now; what else is placed may open the way.
                for number in fill.pods:
                    del left[number]
        return placed

    def _fill(
        self, fill: Fill, market: Market, worths: list[float], waiting: dict[PodClass, deque[Pod]]
    ) -> dict[int, int]:
        """Makes one node, as meant and then with whatever else it takes; answers how many pods of each demand."""
        gone: dict[int, int] = {}
        claim: Claim | None = None
        others = [number for number in market.order(fill.column, worths) if number not in fill.pods]
        for number in (*fill.pods, *others):
            meant = fill.pods.get(number, market.demands[number].pods)
            if claim is not None and not _has_room(fill.column, claim, market.demands[number]):
                continue
            for class_ in market.demands[number].classes:
                pods = waiting[class_]
                while pods and gone.get(number, 0) < meant:
                    groups = self._topology.of(class_)
                    if claim is None:
                        taken = self._taking.open(fill.column, class_, groups, len(self._claims))
                    else:
                        taken = self._taking.join(claim, fill.column, class_, groups)
                    if taken is None:
                        break
                    if claim is None:
                        claim = self._open(fill.column, taken)
                    self._settle(claim, pods.popleft(), class_, taken)
                    gone[number] = gone.get(number, 0) + 1
        return gone

    def _open(self, column: Column, taken: Taken) -> Claim:
        template = self._ground.templates[column.template]
        claim = Claim(len(self._claims), template, taken.requirements, self._ground.groups[column.template])
        self._limits.take(template.name, taken.types)
        self._claims.append(claim)
        self._columns.append(column)
        return claim

    def _settle(self, claim: Claim, pod: Pod, class_: PodClass, taken: Taken) -> None:
        claim.requirements, claim.types = taken.requirements, taken.types
        if taken.reserved != claim.held:
            self._reservations.hold(taken.reserved, claim.held)
            claim.held = taken.reserved
        claim.add(pod, class_)
        groups = self._topology.of(class_)
        self._topology.record(groups, claim.template.pool.template.taints, claim.requirements, claim.index)

    def _relax(self, waiting: dict[PodClass, deque[Pod]]) -> bool:
        """Gives up one preference of everything that still waits; False if nothing is left to give up."""
        given_up = False
        for class_ in list(waiting):
            variant = self._classes.relaxed(class_)
            if variant is not None:
                given_up = True
                pods = waiting.pop(class_)
                self._relaxed += [Relaxation(pod.key, *variant.relaxation) for pod in pods]
                waiting.setdefault(variant, deque()).extend(pods)
        return given_up


def _has_room(column: Column, claim: Claim, demand: Demand) -> bool:
    """Whether the amounts alone would let one more onto the node that was meant."""
    requests, room = claim.requests, column.room
    return all(requests.get(name, 0) + amount <= room.get(name, 0) for name, amount in demand.amounts if amount > 0)
