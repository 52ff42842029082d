"""The script of a day: what is asked of a real Karpenter, step by step."""

import asyncio
from typing import Any

from tests.control_plane.client import Client, Document
from tests.shadow.workloads import (
    ARCH,
    CPUS,
    FAMILY,
    ZONE,
    apart,
    beside_pods,
    daemon_set,
    deployment,
    job,
    on_port,
    only_in,
    pool,
    rather_apart,
    rather_in,
    requirements,
    spread,
    volume_in,
    with_volume,
)

POOLS = "/apis/karpenter.sh/v1/nodepools"
BOTH = ("spot", "on-demand")


class Day:
    """One scripted day. Every step is a method; `played` is their order. `pause` is in seconds."""

    def __init__(self, api: Client, namespace: str, pause: float) -> None:
        self._api, self._pause = api, pause
        self._namespace = namespace
        self._apps = f"/apis/apps/v1/namespaces/{namespace}"
        self._core = f"/api/v1/namespaces/{namespace}"
        self._replicas: dict[str, int] = {}

    async def played(self) -> None:
        """Bursts of every feature, nodes badly used, drift, a budget that holds, NodePools edited, everything gone."""
        await self._bursts()
        await self._chosen()
        await self._guarded()
        await self._lean()
        await self._scaled(first=1, zonal=1, alone=1, lean=3, leaner=3)
        await self._rest(3.5)
        await self._edited("general", {"template": {"metadata": {"labels": {"team": "data"}}}, **_drifting("0")})
        await self._rest(1.5)
        await self._edited("general", _drifting("50%"))
        await self._rest(1)
        await self._scaled(lean=1, leaner=1)
        await self._edited("slow", {"disruption": {"budgets": [{"nodes": "1"}]}})
        await self._rest(3.5)
        await self._scaled(first=8, zonal=5, lean=6, wishing=5)
        await self._rest(1)
        await self._scaled(leaner=7)
        await self._rest(1)
        others = [{"key": FAMILY, "operator": "NotIn", "values": ["c"]}]
        await self._edited("steady", {"template": {"spec": {"requirements": requirements(["on-demand"], more=others)}}})
        await self._edited("wide", {"limits": {"cpu": "40"}})
        await self._rest(1)
        await self._scaled(first=2, zonal=2, lean=1, leaner=1, wishing=2, armed=6)
        await self._rest(4)
        await self._edited("slow", {"disruption": {"budgets": [{"nodes": "100%"}]}})
        await self._rest(2)
        await self._scaled(**dict.fromkeys(self._replicas, 0))

    async def _bursts(self) -> None:
        """Requests, spread over zones, replicas apart, pods beside others; spot and on-demand."""
        await self._api.create(f"{self._apps}/daemonsets", daemon_set("agent"))
        await self._deploy("first", 6, "1")
        await self._rest(0.4)
        await self._deploy("zonal", 4, "2", spread("zonal"))
        await self._rest(0.4)
        await self._deploy("alone", 3, "500m", apart("alone"))
        await self._rest(0.4)
        await self._deploy("beside", 2, "1", beside_pods("zonal"))
        await self._rest(0.4)

    async def _chosen(self) -> None:
        """Node selectors, host ports, preferences, priorities, a Job, a volume, minValues; pods that fit nowhere."""
        bigger = {"key": CPUS, "operator": "Gt", "values": ["3"]}
        kinds = {"key": FAMILY, "operator": "Exists", "minValues": 2}
        await self._api.create(POOLS, pool("wide", BOTH, architectures=("amd64", "arm64"), more=[bigger, kinds]))
        priority = {"metadata": {"name": f"{self._namespace}-urgent"}, "value": 1000}
        await self._api.create("/apis/scheduling.k8s.io/v1/priorityclasses", priority)
        volume, claim = volume_in("test-zone-b", "data", self._namespace)
        await self._api.create("/api/v1/persistentvolumes", volume)
        await self._api.create(f"{self._core}/persistentvolumeclaims", claim)
        await self._rest(0.2)
        await self._deploy("armed", 3, "1", {"nodeSelector": {ARCH: "arm64"}})
        await self._deploy("pinned", 2, "700m", {"nodeSelector": {ZONE: "test-zone-c"}}, on_port(8080))
        await self._rest(0.5)
        await self._deploy("wishing", 3, "1", rather_in("test-zone-d"), rather_apart("wishing"))
        await self._deploy("urgent", 2, "3", {"priorityClassName": priority["metadata"]["name"]})
        await self._rest(0.5)
        await self._api.create(f"/apis/batch/v1/namespaces/{self._namespace}/jobs", job("batch", 3, "4"))
        await self._deploy("stored", 1, "1", with_volume("data"))
        await self._deploy("nowhere", 1, "1", {"nodeSelector": {ZONE: "the-moon"}})
        await self._rest(0.5)

    async def _guarded(self) -> None:
        """A NodePool of on-demand nodes with a PodDisruptionBudget, one whose budget lets no node go."""
        await self._api.create(POOLS, pool("steady", ["on-demand"], taint="steady", weight=10))
        await self._api.create(POOLS, pool("slow", ["spot"], taint="slow", weight=5, nodes="0"))
        await self._rest(0.2)
        await self._deploy("kept", 3, "3", *only_in("steady"))
        guard = {"minAvailable": 2, "selector": {"matchLabels": {"app": "kept"}}}
        budgets = f"/apis/policy/v1/namespaces/{self._namespace}/poddisruptionbudgets"
        await self._api.create(budgets, {"metadata": {"name": "kept"}, "spec": guard})
        await self._rest(0.4)
        await self._deploy("held", 2, "2", *only_in("slow"), apart("held"))
        await self._rest(0.4)

    async def _lean(self) -> None:
        """A NodePool of on-demand nodes, each full of a Deployment's pods of which few will stay."""
        await self._api.create(POOLS, pool("thrifty", ["on-demand"], taint="thrifty", weight=8))
        await self._rest(0.2)
        await self._deploy("lean", 6, "1", *only_in("thrifty"))
        await self._rest(0.5)
        await self._deploy("leaner", 6, "1", *only_in("thrifty"))
        await self._rest(0.5)

    async def _deploy(self, name: str, replicas: int, cpu: str, *parts: Document) -> None:
        self._replicas[name] = replicas
        await self._api.create(f"{self._apps}/deployments", deployment(name, replicas, cpu, *parts))

    async def _scaled(self, **replicas: int) -> None:
        for name, number in replicas.items():
            await self._api.patch(f"{self._apps}/deployments/{name}", {"spec": {"replicas": number}})

    async def _edited(self, name: str, spec: dict[str, Any]) -> None:
        await self._api.patch(f"{POOLS}/{name}", {"spec": spec})

    async def _rest(self, pauses: float) -> None:
        await asyncio.sleep(pauses * self._pause)


def _drifting(nodes: str) -> dict[str, Any]:
    """A NodePool of whose nodes so many may go at once for drift, and all for any other reason."""
    return {"disruption": {"budgets": [{"nodes": nodes, "reasons": ["Drifted"]}, {"nodes": "100%"}]}}
