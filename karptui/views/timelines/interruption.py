"""What EC2 is about to do to an instance, in words: heard from its queue, or read off Karpenter's Events."""

from karptui.views.wording import clock, duration
from karptui.world.events import InterruptionSeen
from karptui.world.interruption import REBALANCE, SPOT
from karptui.world.world import World

_WORDS = {
    SPOT: "spot interruption",
    REBALANCE: "EC2 recommends to leave it: a spot interruption has become likely",
    "instance_stopped": "EC2 stops the instance",
    "instance_terminated": "EC2 terminates the instance",
    "instance_unhealthy": "EC2 calls the instance unhealthy",
    "scheduled_change": "EC2 has a change of the instance scheduled",
    "capacity_reservation_interrupted": "EC2 takes its capacity reservation back",
}


def notice_of(world: World, provider_id: str) -> InterruptionSeen | None:
    """What was heard of the instance of a node or NodeClaim, the weightiest."""
    return world.interruptions.get(provider_id.rpartition("/")[2]) if world.interruptions and provider_id else None


def kind_text(kind: str) -> str:
    """A kind of message as words; an unknown one as it is."""
    return _WORDS.get(kind, kind.replace("_", " "))


def notice_text(notice: InterruptionSeen, now: float) -> tuple[str, str]:
    """(words, role): `spot interruption at 12:04:31: EC2 takes the instance in 1m43s`."""
    words = f"{kind_text(notice.kind)}, told at {clock(notice.at)}"
    if notice.deadline is not None:
        left = f"in {duration(notice.deadline - now)}" if notice.deadline > now else "any moment"
        words += f": EC2 takes the instance {left}"
    return words, "warn" if notice.kind == REBALANCE else "bad"


def note_text(notice: InterruptionSeen) -> tuple[str, str]:
    """One word for a list, and its role."""
    return ("rebalance", "warn") if notice.kind == REBALANCE else ("interrupted", "bad")


def countdown(notice: InterruptionSeen | None, now: float) -> str:
    """`, taken in 1m43s` while EC2's two minutes run, else ""."""
    if notice is None or notice.deadline is None or notice.deadline <= now:
        return ""
    return f", taken in {duration(notice.deadline - now)}"
