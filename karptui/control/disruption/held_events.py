"""Tells nodes, NodeClaims and NodePools as Events why nothing is taken away (spec/lifecycle.md 8.2)."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from karptui.control.hands import Hands
from karptui.engine.disruption.budgets import REASONS, Fleet, allowance
from karptui.engine.explain.held import held_sentence
from karptui.model.disruption import Disruption, Held, Hold
from karptui.model.metadata import Metadata, is_true

BLOCKED, UNCONSOLIDATABLE = "DisruptionBlocked", "Unconsolidatable"
AGAIN_SECONDS = {BLOCKED: 120.0, UNCONSOLIDATABLE: 900.0}
"""Until the same is said again of the same object, whatever its words are by then."""
POOL_AGAIN_SECONDS = 60.0
MOST_AT_ONCE = 50
"""Events of one pass; what is left is said by the next ones, so that a large cluster costs five writes a second."""

# Not that it goes already, as Karpenter does: it was told so when that began, and a drain of many has enough to write.
_BLOCKING = frozenset(
    {
        Hold.NOT_INITIALIZED,
        Hold.NOMINATED,
        Hold.DO_NOT_DISRUPT,
        Hold.NO_POOL_LABEL,
        Hold.NO_POOL,
        Hold.POD_DO_NOT_DISRUPT,
        Hold.PDB,
        Hold.SEVERAL_PDBS,
    }
)
_REFUSING = frozenset(
    {
        Hold.UNKNOWN_TYPE,
        Hold.NO_CAPACITY_TYPE,
        Hold.NO_ZONE,
        Hold.CONSOLIDATION_NEVER,
        Hold.ONLY_WHEN_EMPTY,
        Hold.PODS_FIT_NOWHERE,
        Hold.UNINITIALIZED_TARGET,
        Hold.NEEDS_SEVERAL,
        Hold.NOT_CHEAPER,
        Hold.MIN_VALUES,
        Hold.SPOT_TO_SPOT,
        Hold.TOO_FEW_TYPES,
    }
)


class _Told(NamedTuple):
    kind: str
    about: Metadata
    reason: str
    message: str
    subject: str = ""
    """What of several things with one reason it is about."""


class HeldEvents:
    """Says what a pass found, each thing once in a while."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._silent: dict[tuple[str, str, str], float] = {}
        """By uid, reason and subject: until when it is not said again."""

    async def tell(self, answer: Disruption) -> None:
        """Write what is new."""
        if self._hands.dry_run or answer.deferred:
            return
        now = self._hands.now()
        self._silent = {key: until for key, until in self._silent.items() if until > now}
        left = MOST_AT_ONCE
        for told in self._found(answer):
            key = (told.about.uid, told.reason, told.subject)
            if key in self._silent:
                continue
            if not left:
                return
            left -= 1
            self._silent[key] = now + (AGAIN_SECONDS[told.reason] if told.kind != "NodePool" else POOL_AGAIN_SECONDS)
            await self._hands.announce(told.kind, told.about, told.reason, told.message)

    def _found(self, answer: Disruption) -> Iterator[_Told]:
        world = self._hands.world
        nodes, claims = world.of("nodes"), world.of("nodeclaims")
        for name, held in answer.held.items():
            node = nodes.get(name)
            claim = claims.get(world.claim_of_provider_id.get(node.provider_id, "")) if node is not None else None
            if node is None or claim is None:
                continue
            reason = _reason(held, drifted=is_true(claim.conditions, "Drifted"))
            if reason:
                words = held_sentence(held)
                message = words[:1].upper() + words[1:]
                yield _Told("Node", node.metadata, reason, message)
                yield _Told("NodeClaim", claim.metadata, reason, message)
        total = Counter(node.node_pool for node in nodes.values())
        now = self._hands.now()
        for name, pool in world.of("nodepools").items():
            for reason in REASONS if total[name] else ():
                # Before nodes on their way are taken off: those use a budget up, and do not close it.
                if not allowance(pool, Fleet(total[name], 0), reason, now).limit:
                    words = f"Its budgets let no node go now for the reason {reason}"
                    yield _Told("NodePool", pool.metadata, BLOCKED, words, reason)


def _reason(held: Held, drifted: bool) -> str:
    if held.code in _BLOCKING or (drifted and held.code is Hold.PODS_FIT_NOWHERE):
        return BLOCKED
    return UNCONSOLIDATABLE if held.code in _REFUSING else ""
