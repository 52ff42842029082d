"""Nodes that may go, with what is known about each (spec/lifecycle.md 3.2, 3.3)."""

from math import inf

from msgspec import Struct
from msgspec.structs import replace

from karptui.engine.disruption.budgets import Fleet, allowed, fleets
from karptui.engine.disruption.costs import cheapest_like, disruption_cost, price, rescheduling_cost
from karptui.engine.disruption.eligibility import FORGIVEN, Eligibility
from karptui.engine.disruption.profile import profile_of
from karptui.engine.disruption.protection import is_reschedulable
from karptui.engine.provisioning.overlays import overlaid
from karptui.engine.provisioning.simulation import Simulation
from karptui.engine.provisioning.state_nodes import StateNode
from karptui.model.decision import Departure
from karptui.model.disruption import Held, Hold
from karptui.model.instance_type import InstanceType
from karptui.model.labels import CAPACITY_TYPE, INSTANCE_TYPE, SPOT, ZONE
from karptui.model.metadata import condition, is_true
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodePool
from karptui.model.pod import Pod


class Candidate(Struct, frozen=True, gc=False, eq=False):
    """A node that may go. `price` is USD an hour (0: unknown), `cost` its RescheduleDisruptionCost.

    `disruption_cost` ranked candidates before Karpenter 1.14; `type_` is None where the cloud does not know it.
    `empty`: no pod whose eviction would cost anything, which is not to say no pod.
    """

    state: StateNode
    claim: NodeClaim
    pool: NodePool
    pods: tuple[Pod, ...]
    type_: InstanceType | None
    zone: str
    capacity_type: str
    price: float
    cost: float
    disruption_cost: float
    empty: bool

    @property
    def name(self) -> str:
        """The node's name."""
        return self.state.name

    @property
    def departure(self) -> Departure:
        """What is to be said of it once it goes."""
        drifted = condition(self.claim.conditions, "Drifted")
        return Departure(
            node=self.name,
            instance_type=self.state.labels.get(INSTANCE_TYPE, ""),
            capacity_type=self.capacity_type,
            zone=self.zone,
            price=self.price,
            pods=tuple(sorted(pod.key for pod in self.pods)),
            drift=drifted.reason if drifted is not None and drifted.status == "True" else "",
        )

    @property
    def is_spot(self) -> bool:
        """Whether it was bought as spot capacity."""
        return self.capacity_type == SPOT

    @property
    def is_static(self) -> bool:
        """Whether its pool keeps a fixed number of nodes."""
        return self.pool.replicas is not None

    @property
    def consolidatable(self) -> bool:
        """Whether the condition says that its pods have left it alone long enough."""
        return is_true(self.claim.conditions, "Consolidatable")


class Situation:
    """All nodes of a Snapshot, divided: candidates of the graceful methods, of drift, and those that stay."""

    def __init__(self, simulation: Simulation, earlier: "Situation | None" = None) -> None:
        """`earlier`: the same nodes and pods at another time, of which is taken what does not hang on the time."""
        snapshot = simulation.snapshot
        self.simulation = simulation
        self.snapshot = snapshot
        self.profile = profile_of(snapshot.options.karpenter_version)
        self.favour = {name: place for place, name in enumerate(snapshot.favoured)}
        self.catalogue = overlaid(snapshot).catalogue
        self.types = {type_.name: type_ for type_ in self.catalogue.types}
        self.blocked: dict[str, Held] = {}
        self.candidates: dict[str, Candidate] = {}
        self.drift_candidates: dict[str, Candidate] = {}
        self.fleets: dict[str, Fleet] = fleets(simulation.nodes)
        self._rules = rules = Eligibility(snapshot)
        self._allowed: dict[tuple[str, str], int] = {}
        self._made: dict[str, Candidate] = {}
        self._earlier = earlier._made if earlier is not None else {}
        for state in simulation.nodes:
            held = rules.held(state)
            if held is None:
                candidate = self._candidate(state, rules.pool(state))
                self.candidates[state.name] = self.drift_candidates[state.name] = candidate
                continue
            self.blocked[state.name] = held
            graceful = state.claim is not None and state.claim.termination_grace_period is not None
            if held.code in FORGIVEN and graceful:
                self.drift_candidates[state.name] = self._candidate(state, rules.pool(state))

    def fleet(self, pool: str) -> Fleet:
        """The nodes of a pool as its budgets count them."""
        return self.fleets.get(pool, Fleet())

    def allowed(self, pool: NodePool, reason: str) -> int:
        """How many nodes of a pool may go for a reason."""
        key = (pool.key, reason)
        known = self._allowed.get(key)
        if known is None:
            known = self._allowed[key] = allowed(pool, self.fleet(pool.key), reason, self.snapshot.now)
        return known

    def imagined(self, name: str) -> Candidate | None:
        """A node as a candidate, whatever blocks it; None where it cannot be one: no pool, no claim, no node."""
        state = self.simulation.state[name]
        pool = self._rules.pool(state)
        if pool is None or state.claim is None or state.node is None or state.deleting:
            return None
        return self._candidate(state, pool)

    def only_for_emptiness(self, candidate: Candidate) -> bool:
        """Whether consolidation leaves a node out because emptiness takes it."""
        return candidate.empty and self.profile.empty_by_cost

    def drift_only(self) -> list[str]:
        """The names of candidates for drift alone."""
        return sorted(self.drift_candidates.keys() - self.candidates.keys())

    def _type(self, state: StateNode) -> InstanceType | None:
        name = state.labels.get(INSTANCE_TYPE, "")
        visible = self.catalogue.by_pool.get(state.node_pool)
        if visible is not None and name not in visible:
            return None
        return self.catalogue.variants.get(state.node_pool, {}).get(name) or self.types.get(name)

    def _price(self, state: StateNode, type_: InstanceType | None) -> float:
        if self.profile.exact_price:
            return price(type_, state.labels.get(ZONE, ""), state.labels.get(CAPACITY_TYPE, ""))
        cheapest = cheapest_like(type_, state.labels)
        return 0.0 if cheapest == inf else cheapest

    def _candidate(self, state: StateNode, pool: NodePool | None) -> Candidate:
        assert state.claim is not None, "a node without a claim is held before this"
        assert pool is not None, "a node without a pool is held before this"
        known = self._earlier.get(state.name)
        if known is None:
            made = self._new(state, state.claim, pool)
        elif state.claim.expire_after is None:
            made = known
        else:
            made = replace(known, disruption_cost=disruption_cost(state.pods, state.claim, self.snapshot.now))
        self._made[state.name] = made
        return made

    def _new(self, state: StateNode, claim: NodeClaim, pool: NodePool) -> Candidate:
        pods = tuple(pod for pod in state.movers if is_reschedulable(pod))
        cost = rescheduling_cost(pods)
        type_ = self._type(state)
        return Candidate(
            state=state,
            claim=claim,
            pool=pool,
            pods=pods,
            type_=type_,
            zone=state.labels.get(ZONE, ""),
            capacity_type=state.labels.get(CAPACITY_TYPE, ""),
            price=self._price(state, type_),
            cost=cost,
            disruption_cost=disruption_cost(state.pods, claim, self.snapshot.now),
            empty=cost <= 1.0 if self.profile.empty_by_cost else not pods,
        )


def unconsolidatable(candidate: Candidate) -> Held | None:
    """Why consolidation leaves a candidate out (4.5); an empty node is emptiness' alone and has no reason here."""
    pool, name = candidate.pool, candidate.name
    if candidate.is_static:
        return Held(name, Hold.STATIC, (pool.key,))
    if candidate.type_ is None:
        return Held(name, Hold.UNKNOWN_TYPE, detail=candidate.state.labels.get(INSTANCE_TYPE, ""))
    if CAPACITY_TYPE not in candidate.state.labels:
        return Held(name, Hold.NO_CAPACITY_TYPE)
    if ZONE not in candidate.state.labels:
        return Held(name, Hold.NO_ZONE)
    if pool.consolidate_after is None:
        return Held(name, Hold.CONSOLIDATION_NEVER, (pool.key,))
    if not candidate.empty and pool.consolidation_policy == "WhenEmpty":
        return Held(name, Hold.ONLY_WHEN_EMPTY, (pool.key,))
    if not candidate.consolidatable:
        return Held(name, Hold.NOT_CONSOLIDATABLE, (pool.key,))
    return None
