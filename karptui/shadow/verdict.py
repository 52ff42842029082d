"""How near a prediction came to what happened."""

from enum import StrEnum

from msgspec import Struct


class Verdict(StrEnum):
    """The closed set of verdicts. The first two are agreement."""

    SAME = "same"
    EQUIVALENT = "equivalent"
    """One of several answers that Karpenter leaves to chance, or types that overlap at the same price."""
    NEARLY = "nearly"
    """The same shape: a part of the pods, types or nodes, and nothing else."""
    LATE = "late"
    DIFFERENT = "different"
    NEVER = "never happened"
    UNFORESEEN = "not foreseen"

    @property
    def agrees(self) -> bool:
        """Whether it counts as agreement."""
        return self in (Verdict.SAME, Verdict.EQUIVALENT)


class Cause(StrEnum):
    """What made a difference: the input which, swapped, makes the engine agree."""

    CHANCE = "chance"
    PRICE = "price"
    CAPACITY = "no capacity (ICE)"
    BATCH = "batch boundary"
    POD = "pod seen or not"
    BUDGET = "PodDisruptionBudget"
    POOL = "NodePool edited"
    NODE = "node state"
    PROFILE = "profile"
    SETTINGS = "settings"
    TIMING = "timing"
    NOT_MODELLED = "not modelled"
    NOT_WATCHED = "not watched"
    BY_HAND = "by hand"
    NONE = ""
    UNEXPLAINED = "unexplained"


class Found(Struct, frozen=True, gc=False):
    """A proved cause; more than one where only together they explain it. `detail` names what was swapped."""

    causes: tuple[Cause, ...] = ()
    detail: str = ""

    @property
    def text(self) -> str:
        """For a person and for JSON; "" where nothing needs a cause."""
        named = " and ".join(cause.value for cause in self.causes)
        return f"{named}: {self.detail}" if self.detail else named


UNEXPLAINED = Found((Cause.UNEXPLAINED,))
EXPLAINED = Found()
NOT_WATCHED = Found((Cause.NOT_WATCHED,), "decided while karptui was away")
BEGUN_BEFORE = Found((Cause.NOT_WATCHED,), "its pass may have begun before karptui watched")
ENDED_BEFORE = Found((Cause.NOT_WATCHED,), "not all of it was seen before the end")
