"""Active mode put together: every controller of one cluster."""

import asyncio

from karptui.control.disruption.disrupt import Disruption
from karptui.control.hands import Hands
from karptui.control.instance.garbage import Garbage
from karptui.control.instance.interruption import Interruptions
from karptui.control.instance.reservations import CapacityReservations
from karptui.control.instance.tagging import Tagging
from karptui.control.loop import ControlLoop
from karptui.control.node.drain import NodeTermination
from karptui.control.node.repair import Repair
from karptui.control.nodeclaim.consistency import Consistency
from karptui.control.nodeclaim.consolidatable import Consolidatable
from karptui.control.nodeclaim.drift import Drift
from karptui.control.nodeclaim.launch import Launch
from karptui.control.nodeclaim.liveness import Expiration, Liveness
from karptui.control.nodeclaim.pod_events import PodEvents
from karptui.control.nodeclaim.register import Initialization, Registration
from karptui.control.nodeclaim.registration_health import RegistrationHealth
from karptui.control.nodeclaim.terminate import ClaimTermination
from karptui.control.nodepool.hashes import NodePoolHash
from karptui.control.nodepool.node_class_termination import NodeClassTermination
from karptui.control.nodepool.node_overlays import NodeOverlayValidation
from karptui.control.nodepool.pool_status import PoolStatus
from karptui.control.nodepool.readiness import NodeClassReadiness, NodePoolReadiness
from karptui.control.nodepool.static_pools import StaticPools
from karptui.control.provisioning.provision import Provisioner
from karptui.model.decision import Decision


class Controllers:
    """Runs them all; `take` is given what the planner decided. `repair` also replaces nodes that stay unhealthy."""

    def __init__(self, hands: Hands, *, repair: bool = False) -> None:
        self._provisioner = Provisioner(hands)
        health = RegistrationHealth(hands)
        reconcilers = [
            NodeClassReadiness(hands),
            NodeClassTermination(hands),
            NodePoolHash(hands),
            NodePoolReadiness(hands),
            health,
            StaticPools(hands, self._provisioner),
            PoolStatus(hands),
            NodeOverlayValidation(hands),
            Launch(hands),
            Registration(hands, health),
            Initialization(hands),
            PodEvents(hands),
            Drift(hands),
            Consolidatable(hands),
            Tagging(hands),
            Consistency(hands),
            Liveness(hands, health),
            Expiration(hands),
            CapacityReservations(hands),
            NodeTermination(hands),
            ClaimTermination(hands),
        ]
        if repair:
            reconcilers.append(Repair(hands))
        self._loop = ControlLoop(hands, reconcilers)
        self._interruptions = Interruptions(hands)
        self._disruption = Disruption(hands, self._provisioner)
        self._garbage = Garbage(hands)

    def take(self, decisions: list[Decision]) -> None:
        """Carry out the decisions of one provisioning round."""
        self._provisioner.take(decisions)

    @property
    def making(self) -> bool:
        """Whether the next round has to wait for the NodeClaims of the last."""
        return self._provisioner.unseen

    @property
    def leaving(self) -> frozenset[str]:
        """Nodes of commands under way whose pods the next round plans for."""
        return self._disruption.leaving

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._loop.run())
                tasks.create_task(self._interruptions.run())
                tasks.create_task(self._disruption.run())
                tasks.create_task(self._garbage.run())
        finally:
            await self._provisioner.stop()
