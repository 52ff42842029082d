"""A cluster whose controller is another process, to be killed and followed by the next one."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from karptui.cloud.ec2.own_tags import CLAIM_UID_TAG
from karptui.kube.connect import Connection, connect
from karptui.kube.source import KubeSource
from karptui.lab import manifests
from karptui.lab.lab import Lab, start_lab
from karptui.model.quantity import NANO
from karptui.world import events
from tests.chaos.audit import Audit
from tests.chaos.controller import Controller
from tests.control.active_cluster import ActiveCluster, settled

REPLICAS = 3
PATIENCE = 300.0  # real seconds for each step: on a busy machine a death costs a minute
GARBAGE_SECONDS = 240.0  # of the cluster: the collector looks every two minutes
DELAYS = {"boot": (3.0, 5.0), "node_ready": (1.0, 2.0), "image_pull": (0.5, 1.0)}
BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {"selector": {"matchLabels": {"app": "web"}}, "maxUnavailable": 1},
}
WATCHED = ("pods", "nodes", "nodeclaims", "nodepools")
BRIEF = {"key": "brief", "value": "true", "effect": "NoSchedule"}
"""Taint of the pool whose nodes live for `BRIEF_LIFE`."""
BRIEF_LIFE = "90s"


class Stage(ActiveCluster):
    """`world` is what the test itself sees, whoever controls; `controller` is never missing while an act is played."""

    def __init__(self, lab: Lab, connection: Connection) -> None:
        super().__init__(lab, connection)
        self.patience = PATIENCE
        self.audit = Audit("web", REPLICAS - 1)
        self.controller: Controller | None = None
        self._known: set[str] = set()

    def sink(self, event: events.Event) -> None:
        self.audit.see(event)
        self.world.apply(event)

    async def watch(self) -> None:
        """Begin to look."""
        source = KubeSource(self.connection, clock=self.lab.clock.now, kind="lab", heartbeat=60.0)
        self._tasks = [asyncio.create_task(source.run(self.sink, WATCHED))]
        await self.until(self.world.synced, "the first look")

    async def begin(self) -> Controller:
        """A controller at work: the one there is, or a new one."""
        if self.controller is None or self.controller.died.is_set():
            if self.controller is not None:
                self.controller.kill()
            self.controller = Controller(self.lab)
            await self.controller.arm(None)
        return self.controller

    async def leave(self) -> None:
        if self.controller is not None:
            self.controller.kill()
        await super().leave()

    def settled(self) -> bool:
        """Nothing waits, nothing is on its way, nothing is marked to go."""
        return settled(self.world)

    def claims(self, app: str) -> set[str]:
        """NodeClaims on whose nodes an app's pods run."""
        pods = [pod for pod in self.world.of("pods").values() if pod.metadata.labels.get("app") == app]
        nodes = {pod.node_name for pod in pods}
        return {key for key, claim in self.world.of("nodeclaims").items() if claim.node_name in nodes}

    def largest(self, app: str) -> int:
        """vCPUs of the largest node on which an app's pods run; 0 for none."""
        found = self.world.of("nodeclaims")
        return max((found[key].capacity.get("cpu", 0) // NANO for key in self.claims(app)), default=0)

    def gone(self, claims: set[str]) -> bool:
        """Whether none of these NodeClaims is left."""
        return not set(self.world.of("nodeclaims")) & claims

    async def unequal(self) -> list[str]:
        """Instances without a claim, claims without an instance; garbage is given the time to be collected."""
        end, patience = self.lab.clock.now() + GARBAGE_SECONDS, time.monotonic() + PATIENCE / 5
        while True:
            instances = {entry.instance_id for entry in await self.instances()}
            claims = {claim.provider_id.rpartition("/")[2] for claim in self.world.of("nodeclaims").values()}
            if instances == claims:
                return []
            if self.lab.clock.now() > end and time.monotonic() > patience:
                leaked, empty = sorted(instances - claims), sorted(claims - instances)
                return [f"instances without a claim {leaked}, claims without an instance {empty}"]
            await asyncio.sleep(0.2)

    async def doubles(self) -> list[str]:
        """NodeClaims for which more than one instance was ever launched, ended ones counted; each is told once."""
        uids = Counter(
            tag["Value"]
            for instance in await self.ever_launched()
            for tag in instance.get("Tags") or []
            if tag["Key"] == CLAIM_UID_TAG
        )
        found = {uid: count for uid, count in uids.items() if count > 1 and uid not in self._known}
        self._known |= found.keys()
        return [f"{count} instances for the NodeClaim {uid}" for uid, count in found.items()]


@asynccontextmanager
async def stage(speed: float) -> AsyncIterator[Stage]:
    """A cluster without a controller; the app `web` is to have its replicas and a budget, the others are at zero."""
    lab = await start_lab(speed=speed, delays=DELAYS)
    try:
        async with connect(str(lab.kubeconfig)) as connection:
            found = Stage(lab, connection)
            try:
                for manifest in _manifests():
                    await found.apply(manifest)
                await found.watch()
                yield found
            finally:
                await found.leave()
    finally:
        await lab.stop()


def _manifests() -> list[dict[str, Any]]:
    capacity = manifests.requirement("karpenter.sh/capacity-type", "In", "on-demand")
    family = manifests.requirement("karpenter.k8s.aws/instance-category", "In", "c", "m")
    brief = manifests.node_pool("brief", [capacity, family], taints=[BRIEF])
    brief["spec"]["template"]["spec"]["expireAfter"] = BRIEF_LIFE
    toleration = {"key": BRIEF["key"], "operator": "Exists"}
    return [
        manifests.node_class(),
        *manifests.node_pools(),
        brief,
        manifests.deployment("web", {"cpu": "500m"}, replicas=REPLICAS, nodeSelector=_pool("general", "spot")),
        manifests.deployment("wide", {"cpu": "3500m"}, nodeSelector=_pool("general", "on-demand")),
        manifests.deployment(
            "short", {"cpu": "500m"}, nodeSelector=_pool("brief", "on-demand"), tolerations=[toleration]
        ),
        BUDGET,
    ]


def _pool(name: str, capacity_type: str) -> dict[str, str]:
    return {"karpenter.sh/nodepool": name, "karpenter.sh/capacity-type": capacity_type}
