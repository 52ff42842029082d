"""Limits that a person sets on a controller: how fast, how much, how dear, and whether it may take nodes away."""

from collections.abc import Callable
from dataclasses import dataclass, field

from karptui.control.safety.gate import Withheld
from karptui.model.decision import PlannedClaim
from karptui.world import events
from karptui.world.world import World

MINUTE = 60.0
UNSEEN_SECONDS = 30.0  # after which a NodeClaim that was never seen counts as gone again


@dataclass(slots=True)
class Brakes:
    """None: no limit. `launches_per_minute` and `nodes` count NodeClaims, `dollars_per_hour` what all nodes cost;
    `held` names nodes to which nothing is done, or `events.LAUNCHES`.

    May be changed while the controllers run; `disruption` off ends neither a drain that has begun nor an interruption.
    """

    launches_per_minute: int | None = None
    nodes: int | None = None
    dollars_per_hour: float | None = None
    disruption: bool = True
    held: set[str] = field(default_factory=set)


@dataclass(slots=True)
class UnderWay:
    """A NodeClaim that is being created, or has been (`name`) and is not in the World yet."""

    price: float
    since: float
    name: str = ""


class Pace:
    """Holds new NodeClaims to the brakes, counting those that the World has not shown yet."""

    def __init__(self, brakes: Brakes, world: World, sink: Callable[[events.Event], None]) -> None:
        self.brakes = brakes
        self._world = world
        self._sink = sink
        self._begun: list[float] = []
        self._under_way: list[UnderWay] = []
        self._said = ""

    def admit(self, claim: PlannedClaim, decision: str, now: float) -> None:
        """Count one more NodeClaim. Raises Withheld if a brake does not allow it."""
        self._begun = [at for at in self._begun if now - at < MINUTE]
        seen = self._world.of("nodeclaims")
        self._under_way = [
            entry for entry in self._under_way if entry.name not in seen and now - entry.since < UNSEEN_SECONDS
        ]
        text = self._refusal(claim)
        if text:
            self._say(text, f"provision {decision}", now)
            raise Withheld(text)
        self._said = ""
        self._begun.append(now)
        self._under_way.append(UnderWay(claim.price, now))

    def holds(self, claim: PlannedClaim, what_for: str, now: float) -> bool:
        """Whether a brake would hold one more NodeClaim back; nothing is counted, and it is said once."""
        text = self._refusal(claim)
        if text:
            self._say(text, what_for, now)
        return bool(text)

    def _say(self, text: str, where: str, now: float) -> None:
        if text != self._said:
            self._said = text
            self._sink(events.Problem(now, where, text))

    def created(self, claim: PlannedClaim, name: str) -> None:
        """It has been created under this name, which the World will show soon."""
        for entry in self._under_way:
            if not entry.name and entry.price == claim.price:
                entry.name = name
                return

    def failed(self, claim: PlannedClaim) -> None:
        """It will not be created."""
        for entry in self._under_way:
            if not entry.name and entry.price == claim.price:
                self._under_way.remove(entry)
                return

    def _refusal(self, claim: PlannedClaim) -> str:
        brakes = self.brakes
        if events.LAUNCHES in brakes.held:
            return "launches are held by hand: new nodes wait until they are let go"
        if brakes.launches_per_minute is not None and len(self._begun) >= brakes.launches_per_minute:
            return f"the brake of {brakes.launches_per_minute} launches a minute holds a new node back"
        claims = self._world.of("nodeclaims")
        nodes = len(claims) + len(self._under_way)
        if brakes.nodes is not None and nodes >= brakes.nodes:
            return f"the brake of {brakes.nodes} nodes holds a new node back: there are {nodes}"
        if brakes.dollars_per_hour is not None:
            cost = self._cost() + sum(entry.price for entry in self._under_way)
            if cost + claim.price > brakes.dollars_per_hour:
                return (
                    f"the brake of ${brakes.dollars_per_hour:g}/h holds a new node of ${claim.price:.4f}/h back: "
                    f"${cost:.4f}/h are spent already"
                )
        return ""

    def _cost(self) -> float:
        """USD an hour of all NodeClaims; one that is not launched yet counts as what was decided for it."""
        total = 0.0
        for name, claim in self._world.of("nodeclaims").items():
            price = self._world.claim_price(claim)
            if price is None:
                decision = self._world.decisions.get(self._world.decision_of_claim.get(name, ""))
                asked = decision.claims if decision is not None else ()
                price = sum(entry.price for entry in asked) / len(asked) if asked else 0.0
            total += price
        return total
