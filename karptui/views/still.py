"""A still of a World: what it was at one moment, to be looked at while the World itself goes on."""

from collections import deque
from copy import copy

from karptui.world.world import World


def still_of(world: World) -> World:
    """A World that shares every object with this one and changes no more. Objects are immutable, so dicts are copied;
    only timelines change in place and are copied one by one (some 50 ms for 50,000 of them)."""
    still = copy(world)
    still.objects = {resource: dict(held) for resource, held in world.objects.items()}
    for name in (
        "streams", "decisions", "decision_of_claim", "claim_of_decision", "interruptions", "pending", "provisionable",
        "node_of_provider_id", "claim_of_provider_id", "nominated",
    ):  # fmt: skip
        setattr(still, name, dict(getattr(world, name)))
    still.problems = deque(world.problems, world.problems.maxlen)
    still.log = deque(world.log, world.log.maxlen)
    still.pod_timelines = {key: copy(timeline) for key, timeline in world.pod_timelines.items()}
    still.claim_timelines = {key: copy(timeline) for key, timeline in world.claim_timelines.items()}
    still.usage = copy(world.usage)
    still.usage.pods = {node: dict(pods) for node, pods in world.usage.pods.items()}
    still.usage.requested = {node: dict(sums) for node, sums in world.usage.requested.items()}
    still.ledger = copy(world.ledger)
    still.ledger.nodes = dict(world.ledger.nodes)
    still.ledger.moves = [copy(move) for move in world.ledger.moves]
    still.ledger.history = deque(world.ledger.history, world.ledger.history.maxlen)
    still.dirty = set()
    return still
