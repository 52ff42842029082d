"""Active mode put together: every controller of one cluster."""

import asyncio

from karptui.control.consolidatable import Consolidatable
from karptui.control.disrupt import Disruption
from karptui.control.drain import NodeTermination
from karptui.control.hands import Hands
from karptui.control.interruption import Interruptions
from karptui.control.launch import Launch
from karptui.control.loop import ControlLoop
from karptui.control.offerings import Offerings
from karptui.control.provision import Provisioner
from karptui.control.readiness import NodeClassReadiness, NodePoolReadiness
from karptui.control.register import Initialization, Registration
from karptui.control.terminate import ClaimTermination
from karptui.model.decision import Decision


class Controllers:
    """Runs them all; `take` is given what the planner decided."""

    def __init__(self, hands: Hands) -> None:
        self._provisioner = Provisioner(hands)
        reconcilers = [
            NodeClassReadiness(hands),
            NodePoolReadiness(hands),
            Launch(hands),
            Registration(hands),
            Initialization(hands),
            Consolidatable(hands),
            NodeTermination(hands),
            ClaimTermination(hands),
        ]
        self._loop = ControlLoop(hands, reconcilers)
        self._interruptions = Interruptions(hands)
        self._disruption = Disruption(hands, self._provisioner)
        self._offerings = Offerings(hands)

    def take(self, decisions: list[Decision]) -> None:
        """Carry out the decisions of one provisioning round."""
        self._provisioner.take(decisions)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._offerings.run())
            tasks.create_task(self._loop.run())
            tasks.create_task(self._interruptions.run())
            tasks.create_task(self._disruption.run())
