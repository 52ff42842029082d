"""Commands of the disruption engine, and why a node stays. Money is USD an hour, times are epoch seconds."""

from enum import StrEnum

from msgspec import Struct

from karptui.model.decision import Decision, DecisionKind, Departure, PlannedClaim, Reason


class Hold(StrEnum):
    """The closed set of causes for which a node stays (spec/lifecycle.md 3.2, 4.1, 4.5)."""

    # No candidate at all.
    NO_CLAIM = "no-nodeclaim"
    NO_NODE = "no-node"
    NOT_INITIALIZED = "not-initialized"
    DELETING = "deleting"
    NOMINATED = "nominated"
    DO_NOT_DISRUPT = "do-not-disrupt"
    NO_POOL_LABEL = "no-nodepool-label"
    NO_POOL = "no-nodepool"
    POD_DO_NOT_DISRUPT = "pod-do-not-disrupt"
    PDB = "pod-disruption-budget"
    SEVERAL_PDBS = "several-pod-disruption-budgets"
    # A candidate that the methods leave out.
    STATIC = "static"
    UNKNOWN_TYPE = "unknown-instance-type"
    NO_CAPACITY_TYPE = "no-capacity-type"
    NO_ZONE = "no-zone"
    CONSOLIDATION_NEVER = "consolidation-never"
    ONLY_WHEN_EMPTY = "only-when-empty"
    NOT_CONSOLIDATABLE = "not-consolidatable"
    BUDGET = "budget"
    NOT_REACHED = "not-reached"
    # Tried and refused.
    NO_POOLS_READY = "no-pools-ready"
    PODS_FIT_NOWHERE = "pods-fit-nowhere"
    UNINITIALIZED_TARGET = "uninitialized-target"
    NEEDS_SEVERAL = "needs-several-replacements"
    NOT_CHEAPER = "not-cheaper"
    MIN_VALUES = "min-values"
    SPOT_TO_SPOT = "spot-to-spot"
    TOO_FEW_TYPES = "spot-to-spot-too-few-types"
    SCORE = "balanced-score"
    # Decided, and given up after the wait.
    CHANGED = "changed-while-validating"


class Held(Struct, frozen=True, gc=False):
    """One node that stays, and the fact that holds it. Only the fields that its code needs are filled.

    `objects` are keys of what holds it: pods, PodDisruptionBudgets, a NodePool; `wanted` against `found` are amounts
    (prices, types, seconds, scores); `until` is when it ends by itself; `reason` is a pod's first obstacle elsewhere.
    `saves` is what the bill would fall by if the node could go for nothing.
    """

    node: str
    code: Hold
    objects: tuple[str, ...] = ()
    detail: str = ""
    wanted: float = 0.0
    found: float = 0.0
    until: float | None = None
    reason: Reason | None = None
    saves: float = 0.0


class Command(Struct, frozen=True, gc=False, eq=False):
    """Nodes to take away and what replaces them. `reason` is Karpenter's: Empty, Underutilized, Drifted.

    `nodes` and `pods` (those that move) are sorted; `placements` are the existing nodes that would get pods. `scores`
    are those of the pools with policy Balanced that the move takes part in. `departures` tell of the nodes.
    """

    method: str
    reason: str
    nodes: tuple[str, ...]
    pods: tuple[str, ...]
    replacements: tuple[PlannedClaim, ...]
    price_before: float
    price_after: float
    placements: dict[str, tuple[str, ...]] = {}
    scores: dict[str, float] = {}
    departures: tuple[Departure, ...] = ()

    def decided(self, id_: str, at: float, snapshot: int) -> Decision:
        """The entry of the log that says this, made at `at` (epoch seconds) from the snapshot of this number."""
        return Decision(
            id=id_,
            at=at,
            kind=DecisionKind.REPLACE if self.replacements else DecisionKind.DELETE,
            pods=self.pods,
            nodes=self.nodes,
            claim=self.replacements[0] if self.replacements else None,
            cause=self.reason,
            price_change=self.price_after - self.price_before,
            snapshot=snapshot,
            more=self.replacements[1:],
            departures=self.departures,
            placements=self.placements,
            method=self.method,
        )

    @property
    def decision(self) -> str:
        """delete or replace."""
        return "replace" if self.replacements else "delete"

    @property
    def validated(self) -> bool:
        """Whether Karpenter looks again before it carries this out; it does not for drift."""
        return self.reason != "Drifted"


class Disruption(Struct, frozen=True, gc=False, eq=False):
    """The answer of one pass.

    `blocked` are nodes that no graceful method may touch, of which those in `drift_only` may go for drift; `held` has
    every node that stays; `budgets` how many may go by NodePool and reason; `deferred` says why no pass took place;
    `overlays` as in a Plan.
    """

    commands: tuple[Command, ...] = ()
    blocked: dict[str, Held] = {}
    drift_only: tuple[str, ...] = ()
    held: dict[str, Held] = {}
    budgets: dict[str, dict[str, int]] = {}
    deferred: str = ""
    not_modelled: tuple[str, ...] = ()
    overlays: dict[str, str] = {}


class Survey(Struct, frozen=True, gc=False, eq=False):
    """By node: a command that would take it alone, or what holds it. `deferred`: why nothing was looked at."""

    nodes: dict[str, Command | Held]
    deferred: str = ""
