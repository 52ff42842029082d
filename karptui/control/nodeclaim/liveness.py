"""NodeClaims that come to nothing, or to an age: they are deleted (spec/lifecycle.md 1.6, 4.4)."""

from collections.abc import Iterable

from karptui.control.hands import Hands
from karptui.control.nodeclaim.registration_health import RegistrationHealth
from karptui.model.metadata import condition, is_true
from karptui.model.node import NodeClaim
from karptui.world import events

LAUNCH_SECONDS = 300.0
REGISTRATION_SECONDS = 900.0


class Liveness:
    """Claims that are not launched after 5 minutes or not registered after 15."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands, health: RegistrationHealth) -> None:
        self._hands = hands
        self._health = health

    def due(self) -> Iterable[str]:
        """Those whose time is up."""
        for key, claim in self._hands.world.of("nodeclaims").items():
            if claim.metadata.deleted is None and self._late(claim):
                yield key

    async def reconcile(self, key: str) -> None:
        """Delete it, and say why."""
        claim: NodeClaim | None = self._hands.world.of("nodeclaims").get(key)
        if claim is None or not (late := self._late(claim)):
            return
        self._hands.sink(events.Problem(self._hands.now(), f"liveness {key}", f"NodeClaim {key} {late}: it is deleted"))
        await self._hands.kube.delete("nodeclaims", key, uid=claim.metadata.uid)
        self._health.failed(claim)

    def _late(self, claim: NodeClaim) -> str:
        if is_true(claim.conditions, "Registered"):
            return ""
        if not is_true(claim.conditions, "Launched") and self._since(claim, "Launched") >= LAUNCH_SECONDS:
            return f"was not launched in {LAUNCH_SECONDS / 60:.0f} minutes"
        if self._since(claim, "Registered") >= REGISTRATION_SECONDS:
            return f"was not registered by a node in {REGISTRATION_SECONDS / 60:.0f} minutes"
        return ""

    def _since(self, claim: NodeClaim, type_: str) -> float:
        known = condition(claim.conditions, type_)
        return self._hands.now() - (known.changed if known is not None else claim.metadata.created)


class Expiration:
    """Claims older than their expireAfter; without budgets and without replacement first."""

    resource = "nodeclaims"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def due(self) -> Iterable[str]:
        """Those that have expired."""
        now = self._hands.now()
        for key, claim in self._hands.world.of("nodeclaims").items():
            age = now - claim.metadata.created
            held = claim.node_name in self._hands.brakes.held
            old = claim.expire_after is not None and age >= claim.expire_after
            if claim.metadata.deleted is None and old and not held:
                yield key

    async def reconcile(self, key: str) -> None:
        """Delete it."""
        claim: NodeClaim | None = self._hands.world.of("nodeclaims").get(key)
        if claim is not None:
            await self._hands.kube.delete("nodeclaims", key, uid=claim.metadata.uid)
