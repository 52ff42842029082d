"""What a preview plans for pods of which nothing has been decided yet: the rest would only be said twice."""

from karptui.model.decision import PlannedClaim
from karptui.world.world import World

CARRIED_OUT_WITHIN = 15.0
"""Seconds after which a decision without a NodeClaim counts as come to nothing."""


def undecided(world: World, now: float) -> list[PlannedClaim]:
    """The NodeClaims of the preview that some pod needs which no decision under way has a place for."""
    planned = world.preview.plan.claims if world.preview is not None else ()
    return [claim for claim in planned if not all(_decided(world, pod, now) for pod in claim.pods)]


def _decided(world: World, pod: str, now: float) -> bool:
    timeline = world.pod_timelines.get(pod)
    if timeline is None or timeline.decided is None:
        return False
    claim = world.claim_of_decision.get(timeline.decision)
    if claim is None:
        return now - timeline.decided < CARRIED_OUT_WITHIN
    held = world.of("nodeclaims").get(claim)
    return held is not None and held.metadata.deleted is None
