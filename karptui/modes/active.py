"""Active mode: karptui is the cluster's controller, as long as it holds its Lease."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from karptui.cloud.catalogue import DEFAULT_REGION
from karptui.control.by_hand import ByHand
from karptui.control.safety.brakes import Brakes
from karptui.control.safety.gate import Gate, Hook
from karptui.control.safety.leader import LEASE_NAME, Leadership, Timing
from karptui.engine.cheapest import Policy
from karptui.failure import Failure
from karptui.kube.connect import Connection, connect
from karptui.kube.errors import KubeError
from karptui.model.decision import Decision
from karptui.model.metadata import condition
from karptui.model.snapshot import Options
from karptui.modes.run import Run
from karptui.world.planning import Planner

if TYPE_CHECKING:
    from karptui.cloud.provider import CloudProvider
    from karptui.control.active import Controllers
    from karptui.control.hands import Hands
    from karptui.modes.providers import MakeProvider

WARM_UP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What a person allows. `lease_namespace` is where the Lease lies; `hook` is called at each write (tests)."""

    brakes: Brakes = field(default_factory=Brakes)
    dry_run: bool = False
    repair: bool = False
    policy: Policy = Policy.KARPENTER
    take_over: bool = False
    lease_namespace: str = "kube-system"
    lease_name: str = LEASE_NAME
    timing: Timing = field(default_factory=Timing)
    hook: Hook | None = None


class Active(Run):
    """Runs the cluster of a kubeconfig with a provider that `make_provider` gives once connected."""

    mode = "ACTIVE"

    def __init__(
        self,
        make_provider: "MakeProvider | None" = None,
        rules: Rules | None = None,
        kubeconfig: str | None = None,
        context: str | None = None,
        options: Options | None = None,
        record: Path | None = None,
        region: str = DEFAULT_REGION,
    ) -> None:
        super().__init__(options, record, region)
        self.rules = rules or Rules()
        self.gate = Gate(self.sink, self.now, dry_run=self.rules.dry_run, hook=self.rules.hook)
        self.by_hand = self._hand = ByHand(self.rules.brakes, self.sink, self.now)
        self.leadership: Leadership | None = None
        self._make_provider = make_provider
        self._kubeconfig = kubeconfig
        self._context = context
        self._controllers: Controllers | None = None
        self._cold = True
        self._acting = 0.0
        self._planner = Planner(
            self.world,
            self.sink,
            self.now,
            take=self._take,
            decides=False,
            waits=self._waits,
            again=not self.rules.dry_run,
            policy=self.rules.policy,
            leaving=self._leaving,
        )

    def planner(self) -> Planner:
        """Decisions are carried out while the Lease is held; else there are only previews."""
        return self._planner

    def warming_up(self) -> bool:
        """Whether decisions must wait: until every NodePool's readiness is known and there is something to buy.

        Not for ever: a NodeClass that cannot be resolved must not hold the other pools up.
        """
        if self._cold:
            pools = self.world.of("nodepools").values()
            ready = [condition(pool.conditions, "Ready") for pool in pools]
            known = all(entry is not None and entry.status != "Unknown" for entry in ready)
            late = self._acting and self.now() - self._acting > WARM_UP_SECONDS
            self._cold = not late and not (known and self.world.catalogue.types)
        return self._cold

    def _waits(self) -> bool:
        return self.warming_up() or (self._controllers is not None and self._controllers.making)

    def _leaving(self) -> frozenset[str]:
        return self._controllers.leaving if self._controllers is not None else frozenset()

    async def sleep(self, seconds: float) -> None:
        """Wait by the cluster's clock."""
        await asyncio.sleep(seconds)

    async def feed(self) -> None:
        """Be the controller until cancelled. Raises Failure beside another one."""
        from karptui.control.safety.other_controller import refuse_beside, take_over
        from karptui.kube.source import KubeSource

        assert self._make_provider is not None
        try:
            async with connect(self._kubeconfig, self._context) as connection:
                if self.rules.take_over:
                    await take_over(connection, self.sink, self.now)
                elif not self.rules.dry_run:
                    await refuse_beside(connection)
                source = KubeSource(connection, clock=self.now, keep_raw=lambda: self.recording)
                async with self._make_provider(connection) as provider:
                    await together(source.run(self.sink), self.control(connection, provider))
        except KubeError as error:
            raise Failure(str(error)) from error

    async def control(self, connection: Connection, provider: "CloudProvider") -> None:
        """Act while the Lease is held; until cancelled. A dry run writes no Lease either."""
        from karptui.control.hands import Hands
        from karptui.control.objects import Objects
        from karptui.control.provisioning.offerings import Offerings
        from karptui.control.safety.gated import GatedProvider

        self.connection = connection
        objects = Objects(connection, self.gate)
        hands = Hands(
            self.world,
            objects,
            GatedProvider(provider, self.gate),
            self.sink,
            self.now,
            self.sleep,
            self.rules.brakes,
            self.rules.dry_run,
        )
        offerings = Offerings(hands).run()  # also while another one holds the Lease: prices are only read
        if self.rules.dry_run:
            await together(offerings, self._act(hands))
            return
        self.leadership = leadership = Leadership(
            connection,
            namespace=self.rules.lease_namespace,
            name=self.rules.lease_name,
            timing=self.rules.timing,
            tell=self.sink,
            now=self.now,
        )
        self.gate.held = leadership.held
        await together(offerings, leadership.run(lambda: self._act(hands)))

    async def _act(self, hands: "Hands") -> None:
        """One term as the holder: controllers of its own, so that nothing is remembered from an earlier one."""
        from karptui.control.active import Controllers

        self._controllers = controllers = Controllers(hands, repair=self.rules.repair)
        self._hand.begin(hands)
        self._planner.decides = True
        self._cold, self._acting = True, self.now()
        try:
            await controllers.run()
        finally:
            self._planner.decides = False
            self._controllers = None
            self._hand.end()

    def _take(self, decisions: list[Decision]) -> None:
        if self._controllers is not None:
            self._controllers.take(decisions)


async def together(*parts: Coroutine[Any, Any, None]) -> None:
    """Run all until the end; the first Failure ends the others and is raised."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for part in parts:
                tasks.create_task(part)
    except* Failure as failures:
        raise failures.exceptions[0] from None
