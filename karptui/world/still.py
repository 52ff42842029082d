"""A still of a World: what it was at one moment, to be looked at, or led on, while the World itself goes on."""

from collections import deque
from copy import copy

from karptui.world.world import World

_DICTS = (
    "streams", "decisions", "decision_of_claim", "claim_of_decision", "verdicts", "interruptions", "announced",
    "pending",
    "provisionable",
    "going", "node_of_provider_id", "claim_of_provider_id", "nominated",
)  # fmt: skip
_DEQUES = ("problems", "log", "intentions", "bound_seconds")


def still_of(world: World) -> World:
    """A World that shares every object with this one and changes with it no more. Objects are immutable, so dicts are
    copied; only timelines change in place and are copied one by one (some 50 ms for 50,000 of them)."""
    still = small_still_of(world)
    still.objects = {resource: dict(held) for resource, held in world.objects.items()}
    still.pod_timelines = {key: copy(timeline) for key, timeline in world.pod_timelines.items()}
    still.claim_timelines = {key: copy(timeline) for key, timeline in world.claim_timelines.items()}
    still.usage = world.usage.copy()
    return still


def small_still_of(world: World) -> World:
    """The same without what grows with the cluster: objects, timelines and usage are still those of `world`."""
    still = copy(world)
    for name in _DICTS:
        setattr(still, name, dict(getattr(world, name)))
    for name in _DEQUES:
        kept = getattr(world, name)
        setattr(still, name, deque(kept, kept.maxlen))
    still.grounds = world.grounds.copy()
    still.ledger = copy(world.ledger)
    still.ledger.nodes = dict(world.ledger.nodes)
    still.ledger.moves = [copy(move) for move in world.ledger.moves]
    still.ledger.history = deque(world.ledger.history, world.ledger.history.maxlen)
    still.dirty, still.reconciled = set(), set()
    return still
