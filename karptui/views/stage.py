"""Where a NodeClaim stands on its way."""

from msgspec import Struct

from karptui.model.metadata import condition
from karptui.model.node import NodeClaim
from karptui.world.timeline import ClaimTimeline


class Stage(Struct, frozen=True):
    """What a NodeClaim is at. `role` names the stage for a theme; `since` is when it began (epoch seconds)."""

    name: str
    role: str
    since: float


def stage_of(claim: NodeClaim, timeline: ClaimTimeline | None) -> Stage:
    """The stage a NodeClaim is in, from its conditions; times from its timeline where karptui saw them."""
    created = created_at(claim, timeline)
    if claim.metadata.deleted is not None:
        ending = condition(claim.conditions, "InstanceTerminating")
        if ending is not None and ending.status == "True":
            return Stage("terminating", "draining", ending.changed)
        return Stage("draining", "draining", claim.metadata.deleted)
    reached = {entry.type: entry.changed for entry in claim.conditions if entry.status == "True"}
    if timeline is not None:
        for type_ in ("Launched", "Registered", "Initialized"):
            reached[type_] = getattr(timeline, type_.lower()) or reached.get(type_, 0.0)
        reached = {type_: at for type_, at in reached.items() if at}
    if "Initialized" in reached:
        return Stage("ready", "ready", reached["Initialized"])
    if "Registered" in reached:
        return Stage("starting", "starting", reached["Registered"])
    if "Launched" in reached:
        return Stage("booting", "booting", reached["Launched"])
    if timeline is not None and timeline.fleet_called is not None:
        return Stage("CreateFleet", "launching", timeline.fleet_called)
    return Stage("launching", "launching", created)


def created_at(claim: NodeClaim, timeline: ClaimTimeline | None) -> float:
    """When it was created, to the fraction of a second where that was seen."""
    return timeline.created if timeline is not None else claim.metadata.created
