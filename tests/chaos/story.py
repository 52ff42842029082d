"""The acts in which controllers are killed, each from the same rest to the same rest, and what must hold after each."""

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct

from tests.chaos.controller import Controller
from tests.chaos.death import Point
from tests.chaos.stage import REPLICAS, Stage

WIDE = 4
SMALL = 4
"""vCPUs of the smallest node that takes one pod of `wide`."""


class Outcome(Struct):
    """One act. `faults` is empty when all held; `calls` counts what the first controller wrote and asked of AWS, if it
    lived; `where` is the call at which it died, `evictions` what the audit saw let go through the budget."""

    act: str
    point: Point | None
    died: bool
    calls: int
    where: str
    evictions: int
    faults: list[str]


class Act(Struct, frozen=True):
    """`play` ends when the cluster is where it should be; `ready` brings it where the act begins, without a death.

    Both raise AssertionError where that does not come about.
    """

    play: Callable[[Stage], Awaitable[None]]
    ready: Callable[[Stage], Awaitable[None]]


async def play(stage: Stage, name: str, point: Point | None) -> Outcome:
    """One act with the death of its controller at `point`; whoever is alive at the end plays the next."""
    act, audit = ACTS[name], stage.audit
    faults: list[str] = []
    evictions, breaches = audit.evictions, len(audit.breaches)
    first: Controller | None = None
    calls = 0
    try:
        first = await stage.begin()
        await act.ready(stage)
        await first.arm(point)
        follow = asyncio.create_task(_follow(stage, first))
        try:
            await act.play(stage)
        finally:
            follow.cancel()
            await asyncio.gather(follow, return_exceptions=True)
        faults += await stage.unequal()
        if not first.died.is_set():
            calls = await first.calls()
            await first.arm(None)
    except AssertionError as error:
        faults.append(f"at {(first and first.where) or 'no death'}: {error}")
    faults += await stage.doubles() + audit.breaches[breaches:]
    died = first is not None and first.died.is_set()
    if died and first is not None and first.fault:
        faults.append(f"the controller ended by itself: {first.fault}")
    where = first.where if first is not None else ""
    return Outcome(name, point, died, calls, where, audit.evictions - evictions, faults)


async def _follow(stage: Stage, first: Controller) -> None:
    """When the first has died, another one starts that knows nothing of it."""
    await first.died.wait()
    await stage.begin()


async def _rest(stage: Stage, wide: int = 0) -> None:
    """`web` and `wide` have their pods, and nothing else is going on."""
    await stage.scale("wide", wide)
    await stage.scale("short", 0)

    def still() -> bool:
        bound = (stage.bound("default/web"), stage.bound("default/wide"), stage.bound("default/short"))
        return bound == (REPLICAS, wide, 0) and stage.settled() and len(stage.claims("short")) == 0

    await stage.until(still, "the cluster at rest")
    stage.audit.scaling = False


async def _alone(stage: Stage) -> None:
    """The same, and no node but that of `web`."""
    await _rest(stage)
    await stage.until(lambda: stage.gone(set(stage.world.of("nodeclaims")) - stage.claims("web")), "empty nodes gone")


async def _interrupted(stage: Stage) -> None:
    """EC2 takes a spot instance back: a warning, and the end two minutes later."""
    victims = stage.claims("web")
    victim = stage.world.of("nodeclaims")[min(victims)]
    stage.audit.taken.add(victim.node_name)
    await stage.lab.interrupt(victim.provider_id.rpartition("/")[2])
    await stage.until(lambda: stage.gone({victim.key}), "the interrupted claim gone")
    await _rest(stage)


async def _drifted(stage: Stage) -> None:
    """The NodePool's template changes: every node is replaced."""
    before = set(stage.world.of("nodeclaims"))
    await stage.edit_pool("general", {"round": stage.next_round()})
    await stage.until(lambda: stage.gone(before), "the drifted claims gone")
    await _rest(stage)


async def _provisioned(stage: Stage) -> None:
    """Pods come that fit nowhere."""
    await _rest(stage, WIDE)


async def _wide(stage: Stage) -> None:
    await _rest(stage, WIDE)


async def _shrunk(stage: Stage) -> None:
    """Most of them go: what is left gets a smaller node, and the large one goes when that is ready."""
    await stage.scale("wide", 1)
    await stage.until(lambda: stage.largest("wide") == SMALL, "a small node for what is left")
    await _rest(stage, 1)


async def _one_wide(stage: Stage) -> None:
    await _rest(stage, 1)


async def _emptied(stage: Stage) -> None:
    """The last of them goes: so does its node."""
    empty = stage.claims("wide")
    await stage.scale("wide", 0)
    await stage.until(lambda: stage.gone(empty), "the empty node gone")
    await _rest(stage)


async def _expired(stage: Stage) -> None:
    """A node reaches its age; its pod gets another one."""
    await stage.scale("short", 1)
    await stage.until(lambda: stage.bound("default/short") == 1 and bool(stage.claims("short")), "the pod bound")
    old = stage.claims("short")
    await stage.until(lambda: stage.gone(old), "the expired claim gone")
    await stage.until(lambda: stage.bound("default/short") == 1, "the pod bound again")
    await _alone(stage)


ACTS = {
    "interruption": Act(_interrupted, _alone),
    "drift": Act(_drifted, _alone),
    "provisioning": Act(_provisioned, _alone),
    "replacement": Act(_shrunk, _wide),
    "emptiness": Act(_emptied, _one_wide),
    "expiration": Act(_expired, _alone),
}
"""In the order in which each begins where the one before it ends."""
