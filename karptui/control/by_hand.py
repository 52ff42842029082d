"""What a person does while the controllers run: hold an act, switch disruption off, cordon or delete a node."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from karptui.control.safety.brakes import Brakes
from karptui.failure import Failure
from karptui.model.node import Node
from karptui.world import events

if TYPE_CHECKING:
    from karptui.control.hands import Hands


class ByHand:
    """Changes the brakes of running controllers, and writes single acts through the same gate as theirs, for as long as
    this karptui may act: from `begin` to `end`."""

    def __init__(self, brakes: Brakes, sink: Callable[[events.Event], None], now: Callable[[], float]) -> None:
        self._hands: Hands | None = None
        self._brakes = brakes
        self._sink = sink
        self._now = now

    def begin(self, hands: "Hands") -> None:
        """From now on these may write."""
        self._hands = hands
        if not self._brakes.disruption or self._brakes.held:
            self._tell()

    def end(self) -> None:
        """Nothing may be written any more."""
        self._hands = None

    def hold(self, names: Collection[str]) -> bool:
        """Hold what is about to be done to these nodes (or `LAUNCHES`), or let it go on; whether it is held now."""
        held = not set(names) <= self._brakes.held
        (self._brakes.held.update if held else self._brakes.held.difference_update)(names)
        self._tell()
        return held

    def switch_disruption(self) -> bool:
        """Off, and on again; whether it is on now. Ends neither a drain that has begun nor an interruption."""
        self._brakes.disruption = not self._brakes.disruption
        self._tell()
        return self._brakes.disruption

    async def cordon(self, name: str) -> bool:
        """Let no more pods come to a node, or let them again; whether it is cordoned now. Raises Failure."""
        hands, node = self._found(name)
        # Not guarded: it says what is wanted, and a cordoned node is written by others in the same moment (its taint).
        await hands.kube.patch("nodes", name, {"spec": {"unschedulable": not node.unschedulable}})
        return not node.unschedulable

    async def delete(self, name: str) -> str:
        """Drain a node and end its instance: its NodeClaim is deleted, or the node that has none; what was deleted.
        Raises Failure."""
        hands, node = self._found(name)
        claim = hands.world.of("nodeclaims").get(hands.world.claim_of_provider_id.get(node.provider_id, ""))
        if claim is None:
            await hands.kube.delete("nodes", name, uid=node.metadata.uid)
            return f"node {name}"
        await hands.kube.delete("nodeclaims", claim.key, uid=claim.metadata.uid)
        return f"NodeClaim {claim.key}"

    def _found(self, name: str) -> "tuple[Hands, Node]":
        if self._hands is None:
            raise Failure("this karptui does not hold the Lease: it writes nothing now")
        node = self._hands.world.of("nodes").get(name)
        if node is None:
            raise Failure(f"node {name} is gone; nothing was done")
        return self._hands, node

    def _tell(self) -> None:
        self._sink(events.BrakesSet(self._now(), self._brakes.disruption, tuple(sorted(self._brakes.held))))
