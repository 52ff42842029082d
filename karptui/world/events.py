"""Everything that happens, seen or decided, is one of these, with a time: the only way into the World.

`at` is epoch seconds of receipt by the clock of the source (a real cluster's wall clock, the lab's clock, or the time
in a recording).
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import force_setattr

from karptui.model.decision import Decision, Plan
from karptui.model.disruption import Held, Survey
from karptui.model.instance_type import Catalogue
from karptui.model.snapshot import Options

LONGEST_PROBLEM = 4096
"""Characters kept of a problem's sentence."""


class Change(StrEnum):
    """What a watch said about an object. After a relist, objects that vanished come as DELETED."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"


class StreamState(StrEnum):
    """How one resource's stream stands."""

    SYNCING = "syncing"
    LIVE = "live"
    STALE = "stale"
    FORBIDDEN = "forbidden"
    ABSENT = "absent"


class ObjectSeen(Struct, frozen=True, gc=False):
    """An object was added, changed or deleted. `object` is the decoded model object (its last state if deleted).

    `resource` is the plural ("pods", "nodeclaims" ...); `raw` the JSON of the object as received, kept only while a
    recording is being written.
    """

    at: float
    resource: str
    change: Change
    object: Any
    raw: bytes | None = None


class StreamChanged(Struct, frozen=True, gc=False):
    """A resource's stream changed its state; `message` is one sentence for a person where it is not LIVE.

    `since` is when the stream was last known good (epoch seconds), for "stale since".
    """

    at: float
    resource: str
    state: StreamState
    message: str = ""
    since: float = 0.0


class Connected(Struct, frozen=True, gc=False):
    """The source is known: a cluster's name, its Kubernetes version, and what stands behind it."""

    at: float
    cluster: str
    kubernetes_version: str = ""
    karpenter_version: str = ""
    source: str = "cluster"  # cluster, lab or recording


class CatalogueSeen(Struct, frozen=True, gc=False):
    """Instance types, offerings and prices, as a whole."""

    at: float
    catalogue: Catalogue


class SettingsSeen(Struct, frozen=True, gc=False):
    """How Karpenter is set in this cluster: its version, its gates, its batching window."""

    at: float
    options: Options


class PlanPreviewed(Struct, frozen=True, gc=False):
    """What would be decided if the batching window closed now; `closes` is when it will (None: nothing is waiting).

    `decided`: it has closed, and this is what was decided; also of pods of which it was decided before.
    """

    at: float
    plan: Plan
    snapshot: int
    closes: float | None = None
    seconds: float = 0.0
    decided: bool = False


class Surveyed(Struct, frozen=True, gc=False):
    """Why every node is still there, as of one Snapshot; `owed` is what each owner keeps from being saved, USD an hour.

    It took `seconds` to find out.
    """

    at: float
    survey: Survey
    owed: dict[str, float]
    snapshot: int
    seconds: float = 0.0

    def differing(self, before: "Surveyed | None") -> Iterator[str]:
        """Names of the nodes of which it says something else than the survey before."""
        known = before.survey.nodes if before is not None else {}
        for node in known.keys() | self.survey.nodes.keys():
            now, then = self.survey.nodes.get(node), known.get(node)
            if now is not then and (not isinstance(now, Held) or now != then):
                yield node


class BillKnown(Struct, frozen=True, gc=False):
    """What the cluster cost at some minutes, of this run or of earlier ones; packed as world/bill_series.py has it."""

    at: float
    points: bytes


class DecisionMade(Struct, frozen=True, gc=False):
    """The engine decided something."""

    at: float
    decision: Decision


class DecisionCarriedOut(Struct, frozen=True, gc=False):
    """A controller acted on a decision: `claim` names the NodeClaim that was created for it, if any."""

    at: float
    decision: str
    claim: str = ""
    message: str = ""


class PredictionJudged(Struct, frozen=True, gc=False):
    """Shadow mode held what Karpenter did against what had been foreseen.

    `decision` is what was foreseen ("" where nothing was), `about` the NodeClaims and nodes that came or went;
    `verdict` is one of shadow/verdict.py, `agrees` whether it counts as agreement, `cause` what made a difference.
    """

    at: float
    decision: str
    about: tuple[str, ...]
    verdict: str
    agrees: bool
    cause: str = ""


class InterruptionSeen(Struct, frozen=True, gc=False):
    """EC2 said that an instance will go. `kind` is the message's own ("spot interruption", "rebalance" ...)."""

    at: float
    instance: str
    kind: str
    deadline: float | None = None


class CloudCalled(Struct, frozen=True, gc=False):
    """A call to the cloud that matters to a timeline: CreateFleet, TerminateInstances; `claim` it was made for."""

    at: float
    call: str
    claim: str
    detail: str = ""
    error: str = ""


class Narrated(Struct, frozen=True, gc=False):
    """The demo's story says what happens next; `act` counts from 1 to `acts`, `step` from 1 to `steps`.

    `title` names the act, `following` the next step ("" for none). A step that has come about is told of again with
    `goes_on`, when the next one begins by itself.
    """

    at: float
    act: int
    text: str
    acts: int = 0
    title: str = ""
    step: int = 0
    steps: int = 0
    following: str = ""
    goes_on: float | None = None


class LeaseChanged(Struct, frozen=True, gc=False):
    """Who holds the Lease that decides which controller writes; `ours` is whether that is this karptui."""

    at: float
    name: str
    holder: str
    ours: bool
    transitions: int = 0


LAUNCHES = "launches"
"""The name by which a person holds every launch; other names are those of nodes."""


class BrakesSet(Struct, frozen=True, gc=False):
    """A person switched disruption off or on, or holds what is about to be done to the nodes of these names."""

    at: float
    disruption: bool
    held: tuple[str, ...] = ()


class Intended(Struct, frozen=True, gc=False):
    """A controller is about to write; not `carried_out` in a dry run, which only lists it.

    `verb` and `resource` are those of RBAC or of the cloud, `detail` the fields that are written.
    """

    at: float
    verb: str
    resource: str
    name: str
    detail: str = ""
    carried_out: bool = True


class Problem(Struct, frozen=True, gc=False):
    """Something went wrong that a person should know: one sentence, what, where, what to do."""

    at: float
    where: str
    message: str

    def __post_init__(self) -> None:
        """Cut what quotes more of an answer than anybody reads; a screen would wrap all of it."""
        if len(self.message) > LONGEST_PROBLEM:
            force_setattr(self, "message", self.message[: LONGEST_PROBLEM - 1] + "…")


Event = (
    ObjectSeen
    | StreamChanged
    | Connected
    | CatalogueSeen
    | SettingsSeen
    | PlanPreviewed
    | Surveyed
    | BillKnown
    | DecisionMade
    | DecisionCarriedOut
    | PredictionJudged
    | InterruptionSeen
    | CloudCalled
    | Narrated
    | LeaseChanged
    | BrakesSet
    | Intended
    | Problem
)
