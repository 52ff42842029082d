"""Decisions and their reasons.

Reasons are codes and references, cheap to make while deciding; engine/explain turns them into sentences when somebody
looks (design invariant 3). Money is USD an hour, resources are nano-units, times are epoch seconds.
"""

from enum import StrEnum

from msgspec import Struct

from karptui.model.node import RequirementSpec
from karptui.model.quantity import Format
from karptui.model.taints import Taint


class Refusal(StrEnum):
    """The closed set of causes for which a pool, a type or an offering is refused (spec/scheduling.md 8.7)."""

    TAINT = "taint"
    LABEL_UNDEFINED = "label-undefined"
    REQUIREMENT = "requirement-conflict"
    VOLUME = "volume-conflict"
    TOPOLOGY = "topology"
    LIMIT_NODES = "limits-nodes"
    LIMIT = "limits-types"
    MIN_VALUES = "min-values"
    RESERVED = "reserved"
    NO_TYPES = "no-types"
    NO_POOLS = "no-pools"
    RESOURCES = "resources"
    NO_OFFERING = "no-offering"
    NO_CAPACITY = "no-capacity"
    HOST_PORT = "host-port"
    TRUNCATED = "truncated"
    DEARER = "dearer"
    DRA = "dra"
    CHOSEN = "chosen"


class Reason(Struct, frozen=True, gc=False):
    """One cause with its facts. Only the fields its code needs are filled.

    `key` is a label key, a resource name or a topology key; `wanted` and `found` are what met there (for RESOURCES the
    amounts in nano-units as text); `pool` is the NodePool it was said about.
    """

    code: Refusal
    pool: str = ""
    key: str = ""
    wanted: str = ""
    found: str = ""


class FunnelStep(Struct, frozen=True, gc=False):
    """One step of the requirement funnel: which test, and how many instance types were left after it."""

    code: Refusal | None
    key: str
    detail: str
    remaining: int


class TypeVerdict(Struct, frozen=True, gc=False):
    """What became of one instance type in a decision: its cheapest offering, and the one reason it lost (or CHOSEN).

    `price` is inf where there is no offering at all; `use` is the share of allocatable asked for, by resource, 0 to 1.
    `price_overlay` names the NodeOverlay that the price comes from, `capacity_overlays` that of each such resource.
    """

    instance_type: str
    reason: Reason
    price: float
    capacity_type: str = ""
    zone: str = ""
    use: dict[str, float] = {}
    price_overlay: str = ""
    capacity_overlays: dict[str, str] = {}


class Relaxation(Struct, frozen=True, gc=False):
    """A preference given up for a pod: which kind, and what it said."""

    pod: str
    kind: str
    detail: str = ""


class PlannedClaim(Struct, frozen=True, gc=False, eq=False):
    """A NodeClaim that would be created (spec/scheduling.md 9.2).

    `pods` are keys, sorted; `requirements` are sorted by key and leave out the instance type; `instance_types` are in
    launch order, cheapest first. `price`, `zone` and `capacity_type` are those of the cheapest offering, which is what
    is expected to be launched; `daemon_requests` is the part of `requests` that DaemonSets take, `formats`
    how those of them are written that are not written as usual. `price_overlays` and
    `capacity_overlays` name the NodeOverlays that something about its instance types comes from.
    """

    node_pool: str
    pods: tuple[str, ...]
    requirements: tuple[RequirementSpec, ...]
    instance_types: tuple[str, ...]
    requests: dict[str, int]
    instance_type_min_values: int | None = None
    taints: tuple[Taint, ...] = ()
    startup_taints: tuple[Taint, ...] = ()
    price: float = 0.0
    zone: str = ""
    capacity_type: str = ""
    daemon_requests: dict[str, int] = {}
    formats: dict[str, Format] = {}
    relaxed: tuple[Relaxation, ...] = ()
    min_values_relaxed: bool = False
    price_overlays: tuple[str, ...] = ()
    capacity_overlays: tuple[str, ...] = ()


class PodFailure(Struct, frozen=True, gc=False):
    """Why a pod was placed nowhere: for every NodePool, in the order tried, the first cause."""

    reasons: tuple[Reason, ...]
    message: str = ""
    relaxed: tuple[Relaxation, ...] = ()


class Comparison(Struct, frozen=True, gc=False):
    """What the new nodes of one batch cost, USD an hour: as Karpenter would choose them, and as policy `cheapest` does.

    `bound`: no nodes at all could be cheaper; None where no solver is installed.
    """

    karpenter: float
    cheapest: float
    bound: float | None = None


class Plan(Struct, frozen=True, gc=False, eq=False):
    """The answer to one provisioning question.

    `existing` maps node names (NodeClaim names where not registered) to the pods nominated to them; `errors` are pods
    that were tried and fit nowhere; `ignored` failed validation and were not tried; `deferred` says why no round
    started at all; `not_modelled` names features that the pods ask for and that this engine does not weigh yet;
    `unfinished`: the time was up before every pod had been tried. `compared`: what other nodes would have cost.
    `overlays`: of every NodeOverlay why it counts for nothing, or "" where it counts. `typeless`: NodePools that no
    instance type suits, whatever the pod, and why (NO_TYPES or MIN_VALUES).
    """

    claims: tuple[PlannedClaim, ...] = ()
    existing: dict[str, tuple[str, ...]] = {}
    errors: dict[str, PodFailure] = {}
    ignored: dict[str, str] = {}
    deferred: str = ""
    relaxed: tuple[Relaxation, ...] = ()
    not_modelled: tuple[str, ...] = ()
    unfinished: bool = False
    compared: Comparison | None = None
    overlays: dict[str, str] = {}
    typeless: tuple[Reason, ...] = ()


class DecisionKind(StrEnum):
    """What a decision does."""

    LAUNCH = "launch"
    NOMINATE = "nominate"
    REFUSE = "refuse"
    DELETE = "delete"
    REPLACE = "replace"


class Departure(Struct, frozen=True, gc=False):
    """A node that goes, as it was when that was decided. `price` in USD an hour, 0.0 where it is not known; `pods` are
    those that have to move; `drift` is Karpenter's reason where it has drifted."""

    node: str
    instance_type: str = ""
    capacity_type: str = ""
    zone: str = ""
    price: float = 0.0
    pods: tuple[str, ...] = ()
    drift: str = ""


class Decision(Struct, frozen=True, gc=False, eq=False):
    """One entry of the decision log. `id` is `D-` and a number; `snapshot` is the number of what it was made from.

    LAUNCH has `claim`; NOMINATE has `nodes` (one) and `pods`; REFUSE has `failure` and the pods it holds for; DELETE
    and REPLACE have `nodes`, the pods that move, and for REPLACE the replacement in `claim`, with further ones in
    `more` (a drifted node may need several), `departures` with what is known of each node, `placements` with the pods
    that go to nodes which exist, by node, and `method`, that of Karpenter's which decided. `price_change` is the
    expected change of the bill in USD an hour. `cause` is Karpenter's own word: Provisioned, Empty, Underutilized,
    Drifted, Interrupted ... `seconds` is the engine's time; `compared` is about the whole batch.
    """

    id: str
    at: float
    kind: DecisionKind
    pods: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    claim: PlannedClaim | None = None
    failure: PodFailure | None = None
    cause: str = "Provisioned"
    price_change: float = 0.0
    not_modelled: tuple[str, ...] = ()
    snapshot: int = 0
    seconds: float = 0.0
    compared: Comparison | None = None
    more: tuple[PlannedClaim, ...] = ()
    departures: tuple[Departure, ...] = ()
    placements: dict[str, tuple[str, ...]] = {}
    method: str = ""

    @property
    def claims(self) -> tuple[PlannedClaim, ...]:
        """All NodeClaims that it asks for."""
        return (self.claim, *self.more) if self.claim is not None else ()
