"""Commands of the disruption engine, and why a node stays. Money is USD an hour."""

from enum import StrEnum

from msgspec import Struct

from karptui.model.decision import PlannedClaim


class Hold(StrEnum):
    """Why a node is no candidate, or was looked at and left."""

    NO_CLAIM = "no-nodeclaim"
    NOT_INITIALIZED = "not-initialized"
    DELETING = "deleting"
    NOMINATED = "nominated"
    DO_NOT_DISRUPT = "do-not-disrupt"
    NO_POOL = "no-nodepool"
    POD_DO_NOT_DISRUPT = "pod-do-not-disrupt"
    PDB = "pod-disruption-budget"
    NOT_CONSOLIDATABLE = "not-consolidatable"
    POLICY = "policy"
    BUDGET = "budget"
    PODS_FIT_NOWHERE = "pods-fit-nowhere"
    NEEDS_SEVERAL = "needs-several-replacements"
    NOT_CHEAPER = "not-cheaper"
    SPOT_TO_SPOT = "spot-to-spot"
    UNPRICED = "unpriced"


class Held(Struct, frozen=True, gc=False):
    """One node that stays, and the fact that holds it: a pod, a budget, an amount."""

    node: str
    code: Hold
    detail: str = ""


class Command(Struct, frozen=True, gc=False, eq=False):
    """Nodes to take away, with at most one replacement. `reason` is Karpenter's: Empty, Underutilized, Drifted."""

    method: str
    reason: str
    nodes: tuple[str, ...]
    pods: tuple[str, ...]
    replacement: PlannedClaim | None
    price_before: float
    price_after: float


class Disruption(Struct, frozen=True, gc=False, eq=False):
    """The answer of one pass: at most one command, and every node that stays with its reason."""

    command: Command | None = None
    held: tuple[Held, ...] = ()
    not_modelled: tuple[str, ...] = ()
