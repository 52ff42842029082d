"""What a person does in active mode: the actions of the screens on which nodes and acts are shown."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from karptui.failure import Failure
from karptui.views.lists.acts import ActRow

if TYPE_CHECKING:
    from karptui.control.by_hand import ByHand
    from karptui.tui.screens.frame import Frame

    Base = Frame
else:
    Base = object

NOT_ACTIVE = "karptui does not act here: only active mode does."


class Acting(Base):
    """Mixed into a Frame. Whatever writes asks first, and takes nothing but the typed name for a yes."""

    def action_hold_act(self) -> None:
        """Hold the act under the cursor, or let it go on."""
        by_hand = self._by_hand()
        row: Any = self.listing.item if self.listing is not None else None
        if by_hand is None:
            return
        if not isinstance(row, ActRow):
            self.live.tell("Only what stands under Next acts can be held: tab leads there.")
        elif not row.holds:
            self.live.tell("Nobody can hold that: EC2 takes the instance.", "warn")
        else:
            held = by_hand.hold(row.holds)
            self.live.tell(f"held: {row.text}" if held else f"goes on: {row.text}", "warn" if held else "strong")

    def action_switch_disruption(self) -> None:
        """Disruption off, and on again."""
        by_hand = self._by_hand()
        if by_hand is not None:
            on = by_hand.switch_disruption()
            words = "on: nodes may be taken away" if on else "OFF: no node is taken away to save money or for drift"
            self.live.tell(f"disruption is {words}", "strong" if on else "warn")

    def action_cordon_node(self) -> None:
        """Cordon the node, or uncordon it, after a typed confirmation."""
        name = self._node()
        by_hand = self._by_hand()
        if name is None or by_hand is None:
            return
        cordoned = self.live.picture.world.of("nodes")[name].unschedulable
        verb = "Uncordon" if cordoned else "Cordon"
        told = (
            "Pods may be scheduled to it again." if cordoned else "No more pods are scheduled to it; those on it stay."
        )

        async def write() -> str:
            return f"{name} is {'cordoned' if await by_hand.cordon(name) else 'open to pods again'}"

        self._confirmed(f"{verb} {name}?", (told,), name, write)

    def action_delete_node(self) -> None:
        """Drain the node and end its instance, after a typed confirmation."""
        name = self._node()
        by_hand = self._by_hand()
        if name is None or by_hand is None:
            return
        pods = sum(not pod.daemon and not pod.mirror for pod in self.live.picture.world.usage.on(name).values())
        told = (
            "Its NodeClaim is deleted: it is drained as its PodDisruptionBudgets allow, then its instance ends."
            " Disruption budgets of the NodePool do not hold this back.",
            f"Pods that must find another place: {pods}.",
        )

        async def write() -> str:
            return f"deleted {await by_hand.delete(name)}"

        self._confirmed(f"Delete node {name}?", told, name, write)

    def _by_hand(self) -> "ByHand | None":
        by_hand = self.live.run_shown.by_hand
        if by_hand is None:
            self.live.tell(NOT_ACTIVE, "warn")
        return by_hand

    def _node(self) -> str | None:
        """The node under the cursor, or that of the act there."""
        row: Any = self.listing.item if self.listing is not None else None
        subject = self.subject
        names = row.nodes if isinstance(row, ActRow) else (subject.key,) if subject and subject.kind == "node" else ()
        there = self.live.picture.world.of("nodes")
        if len(names) != 1 or names[0] not in there:
            self.live.tell("The cursor is on no node: this acts on one node.")
            return None
        return names[0]

    def _confirmed(self, title: str, told: tuple[str, ...], name: str, write: Callable[[], Awaitable[str]]) -> None:
        async def act() -> None:
            try:
                self.live.tell(await write())
            except Failure as error:
                self.live.tell(str(error), "bad")

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(act(), exit_on_error=False)
            else:
                self.live.tell("Not confirmed; nothing was changed.")

        self.live.confirm.about(title, told, name)
        self.app.push_screen(self.live.confirm, answered)
