"""Where a demo's story stands: act, step, what comes next, when EC2 takes an instance, and what moves have saved."""

from msgspec import Struct

from karptui.views.wording import amount, duration, plural
from karptui.world.world import World


class StoryView(Struct, frozen=True):
    """`done` of `steps` have come about; `goes_on` seconds until the next begins by itself, None while one runs.

    `notice` is the countdown of a spot interruption and `saved` what moves have saved, "" while there is nothing to
    tell.
    """

    act: int
    acts: int
    title: str
    step: int
    steps: int
    following: str
    goes_on: float | None
    notice: str
    saved: str


def story(world: World, now: float) -> StoryView | None:
    """Where the story stands, or None where there is none."""
    told = world.narration
    if told is None or not told.acts:
        return None
    left = None if told.goes_on is None else max(told.goes_on - now, 0.0)
    return StoryView(
        told.act, told.acts, told.title, told.step, told.steps, told.following, left,
        spot_notice(world, now), saved_text(world, now),
    )  # fmt: skip


def spot_notice(world: World, now: float) -> str:
    """`EC2 takes i-0c5a in 1m43s`: the next instance that goes, as long as it is there."""
    for_claims = {provider_id.rpartition("/")[2]: name for provider_id, name in world.claim_of_provider_id.items()}
    coming = [
        (event.deadline, instance)
        for instance, event in world.interruptions.items()
        if event.deadline is not None and event.deadline > now and for_claims.get(instance) in world.of("nodeclaims")
    ]
    if not coming:
        return ""
    deadline, instance = min(coming)
    more = f" and {len(coming) - 1} more after it" if len(coming) > 1 else ""
    return f"EC2 takes {short_instance(instance)} in {duration(deadline - now)}{more}"


def short_instance(instance: str) -> str:
    """`i-0c5a…12`, as people tell instances apart."""
    return f"{instance[:6]}…{instance[-2:]}" if len(instance) > 12 else instance


def saved_text(world: World, now: float) -> str:
    """`3 moves save $0.31/h, $0.012 so far`: what is known to be saved where that is known, else what was said."""
    moves = [move for move in world.ledger.moves if move.said < 0]
    if not moves:
        return ""
    hourly = sum(-(move.said if move.real is None else move.real) for move in moves)
    so_far = sum(-(move.said if move.real is None else move.real) * max(now - move.at, 0.0) / 3600.0 for move in moves)
    return (
        f"{plural(len(moves), 'move')} save{'s' if len(moves) == 1 else ''} ${amount(hourly)}/h, ${so_far:.3f} so far"
    )
