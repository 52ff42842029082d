"""Nodes that go without a command: expired, deleted by hand or with their NodePool (spec/lifecycle.md 4.4)."""

from msgspec import Struct

from karptui.shadow.actual import Actual, Taken
from karptui.world.world import World

EXPIRED, POOL_DELETED, BY_HAND = "expired", "NodePool deleted", "by hand"
_SOON = 3.0
"""Seconds after its end of life within which an expired NodeClaim is seen to go."""


class Removal(Struct, frozen=True, gc=False, eq=False):
    """A node drained without a command: at what time, and for which cause as far as objects tell."""

    at: float
    node: str
    claim: str
    cause: str


def removal_of(taken: Taken, world: World, actual: Actual) -> Removal:
    """Why a node goes that no command is about."""
    made = actual.made.get(taken.claim)
    claim = made.claim if made is not None else world.of("nodeclaims").get(taken.claim)
    cause = BY_HAND
    if claim is not None:
        ends = claim.metadata.created + claim.expire_after if claim.expire_after is not None else None
        if claim.node_pool not in world.of("nodepools"):
            cause = POOL_DELETED
        elif ends is not None and 0.0 <= taken.at - actual.skew.seconds - ends + 1.0 <= _SOON + 1.0:
            cause = EXPIRED
    return Removal(taken.at, taken.node, taken.claim, cause)
