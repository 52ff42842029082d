"""When enough is known to judge, and what is looked at meanwhile."""

from copy import copy

from karptui.shadow.actual import Made, Taken
from karptui.shadow.passes import KEPT

COMMAND_SETTLES = 0.35
"""Seconds after its last taint after which a command's taints have all been seen."""

SETTLES = 6.0
"""Seconds after which no more is learnt about a NodeClaim: events have named its pods and what it was made for."""

STEP, QUIET = 2.0, 60.0
"""Seconds between two looks while nothing is heard, and after which they are left out but for the last ones."""

REASON_WITHIN = 3.0
"""Seconds after its taint within which the NodeClaim of a node says why it goes, if a command is what takes it."""


def moments_between(since: float, until: float) -> list[float]:
    """Steps of a quiet time: all of its beginning, in which what stands too long is told, and all that bears on its
    end."""
    if until - since <= STEP:
        return [until]
    steps = [since + place * STEP for place in range(1, int((until - since) / STEP) + 1)]
    return [at for at in steps if at - since <= QUIET or until - at <= KEPT] + [until]


def is_settled(taken: Taken, at: float) -> bool:
    """Whether what there is to know of a node that goes has been seen by a time."""
    return taken.at + (COMMAND_SETTLES if taken.reason else REASON_WITHIN) <= at


def as_it_is(made: Made) -> Made:
    """A NodeClaim that does not change any more while it is judged."""
    still = copy(made)
    still.named, still.bound, still.later = dict(made.named), dict(made.bound), dict(made.later)
    return still
