"""A short scripted day on a real control plane with a real Karpenter, and karptui in its shadow.

python -m tests.shadow.beside [--pause N] [--keep DIR]      prints the report, which docs/shadow.md shows
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from karptui.control.permissions import cluster_role, observe_rules
from karptui.modes.shadow import Shadow
from karptui.report.shadow_report import decision_line, report_markdown
from tests.control_plane.client import Client, Document
from tests.control_plane.plane import ControlPlane
from tests.control_plane.polling import until

WATCHER = "shadow"
COMPONENTS = {"scheduler", "controller-manager", "kwok", "karpenter"}
POOLS = "/apis/karpenter.sh/v1/nodepools"
CLAIMS = "/apis/karpenter.sh/v1/nodeclaims"
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "rules": [{"level": "Metadata", "users": [WATCHER], "omitStages": ["RequestReceived"]}, {"level": "None"}],
}

ALL_BUT_ADMINISTRATORS = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "rules": [
        {"level": "None", "userGroups": ["system:masters"]},
        {"level": "Metadata", "omitStages": ["RequestReceived"]},
    ],
}


def audited(folder: Path, everybody: bool = False) -> tuple[str, ...]:
    """Flags with which the API server writes down every request of the watcher, or of everybody but administrators."""
    policy = folder / "policy.json"
    policy.write_text(json.dumps(ALL_BUT_ADMINISTRATORS if everybody else AUDIT_POLICY))
    return (f"--audit-policy-file={policy}", f"--audit-log-path={folder / 'audit.log'}")


def audited_verbs(folder: Path) -> set[str]:
    """The verbs that the watcher sent."""
    log = folder / "audit.log"
    return {json.loads(line)["verb"] for line in log.read_text().splitlines() if line.strip()}


def pool(
    name: str, capacity_types: list[str], *, after: str = "5s", taint: str = "", weight: int = 1, nodes: str = "100%"
) -> Document:
    """A NodePool of whose nodes so many may go at once."""
    taints = [{"key": taint, "effect": "NoSchedule"}] if taint else []
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": name},
        "spec": {
            "weight": weight,
            "disruption": {
                "consolidationPolicy": "WhenEmptyOrUnderutilized",
                "consolidateAfter": after,
                "budgets": [{"nodes": nodes}],
            },
            "template": {
                "spec": {
                    "expireAfter": "720h",
                    "nodeClassRef": {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"},
                    "taints": taints,
                    "requirements": [
                        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": capacity_types},
                        {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
                        {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]},
                    ],
                }
            },
        },
    }


def deployment(
    name: str,
    replicas: int,
    cpu: str,
    *,
    spread: bool = False,
    apart: bool = False,
    with_: str = "",
    tolerates: str = "",
) -> Document:
    """A Deployment; `spread` over zones, each replica `apart` on a node, `with_` the pods of another in a zone, or
    one that `tolerates` a pool's taint."""
    labels = {"app": name}
    constraint = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": labels},
    }
    spec: dict[str, Any] = {
        "containers": [{"name": "app", "image": "app", "resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}}],
        "topologySpreadConstraints": [constraint] if spread else [],
        "tolerations": [{"key": tolerates, "operator": "Exists"}] if tolerates else [],
    }
    affinity: dict[str, Any] = {}
    if apart:
        affinity["podAntiAffinity"] = _required("kubernetes.io/hostname", name)
    if with_:
        affinity["podAffinity"] = _required("topology.kubernetes.io/zone", with_)
    if affinity:
        spec["affinity"] = affinity
    return {
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def _required(key: str, app: str) -> dict[str, Any]:
    term = {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}}
    return {"requiredDuringSchedulingIgnoredDuringExecution": [term]}


class Day:
    """One scripted day. Every step is a method; `played` is their order."""

    def __init__(self, api: Client, namespace: str, pause: float) -> None:
        self._api, self._pause = api, pause
        self._namespace = namespace
        self._apps = f"/apis/apps/v1/namespaces/{namespace}/deployments"

    async def played(self) -> None:
        """Bursts of every feature, a budget that holds, scaling down, a NodePool edited, everything gone."""
        await self._bursts()
        await self._guarded()
        await self._scaled(first=1, zonal=1, alone=1)
        await self._rest(2)
        await self._edited("general", {"template": {"metadata": {"labels": {"team": "data"}}}})
        await self._rest(2)
        await self._edited("slow", {"disruption": {"budgets": [{"nodes": "1"}]}})
        await self._rest(1)
        await self._scaled(first=8, zonal=5)
        await self._rest(1)
        await self._scaled(first=2, zonal=2)
        await self._rest(3)
        await self._edited("slow", {"disruption": {"budgets": [{"nodes": "100%"}]}})
        await self._scaled(first=0, zonal=0, kept=0, alone=0, beside=0, held=0)

    async def _bursts(self) -> None:
        """Requests, spread over zones, replicas apart, pods beside others; spot and on-demand."""
        await self._deploy(deployment("first", 6, "1"))
        await self._rest(0.4)
        await self._deploy(deployment("zonal", 4, "2", spread=True))
        await self._rest(0.4)
        await self._deploy(deployment("alone", 3, "500m", apart=True))
        await self._rest(0.4)
        await self._deploy(deployment("beside", 2, "1", with_="zonal"))
        await self._rest(0.4)

    async def _guarded(self) -> None:
        """A NodePool of on-demand nodes with a PodDisruptionBudget, one whose budget lets no node go."""
        await self._api.create(POOLS, pool("steady", ["on-demand"], taint="steady", weight=10))
        await self._api.create(POOLS, pool("slow", ["spot"], taint="slow", weight=5, nodes="0"))
        await self._rest(0.2)
        await self._deploy(deployment("kept", 3, "3", tolerates="steady"))
        guard = {"minAvailable": 2, "selector": {"matchLabels": {"app": "kept"}}}
        budgets = f"/apis/policy/v1/namespaces/{self._namespace}/poddisruptionbudgets"
        await self._api.create(budgets, {"metadata": {"name": "kept"}, "spec": guard})
        await self._rest(0.4)
        await self._deploy(deployment("held", 2, "2", tolerates="slow", apart=True))
        await self._rest(1)

    async def _deploy(self, document: Document) -> None:
        await self._api.create(self._apps, document)

    async def _scaled(self, **replicas: int) -> None:
        for name, number in replicas.items():
            await self._api.patch(f"{self._apps}/{name}", {"spec": {"replicas": number}})

    async def _edited(self, name: str, spec: dict[str, Any]) -> None:
        await self._api.patch(f"{POOLS}/{name}", {"spec": spec})

    async def _rest(self, pauses: float) -> None:
        await asyncio.sleep(pauses * self._pause)


async def beside(folder: Path, pause: float = 20.0) -> Shadow:
    """Run the day; the shadow after it has stopped. `folder` gets the audit log, the journal and a recording."""
    flags = audited(folder)
    plane = ControlPlane(COMPONENTS, users=("admin", WATCHER), apiserver_flags=flags)
    async with plane, plane.client() as api:
        await plane.grant(WATCHER, cluster_role(WATCHER, observe_rules())["rules"])
        kind = {"apiVersion": "karpenter.kwok.sh/v1alpha1", "kind": "KWOKNodeClass"}
        await api.create("/apis/karpenter.kwok.sh/v1alpha1/kwoknodeclasses", {**kind, "metadata": {"name": "default"}})
        await api.create(POOLS, pool("general", ["spot", "on-demand"]))
        run = Shadow(
            str(plane.kubeconfig(WATCHER)),
            record=folder / "day.zst",
            journal=folder / "journal.jsonl",
            metrics_url=f"http://127.0.0.1:{plane.metrics_port}/metrics",
        )
        await run.start()
        try:
            await until(run.world.synced, "the first lists")
            await Day(api, await api.make_namespace(), pause).played()
            await until(lambda: _is_empty(api), "every node gone", limit=180.0)
            await asyncio.sleep(8.0)
        finally:
            await run.stop()
    return run


async def _is_empty(api: Client) -> bool:
    return not (await api.get(CLAIMS))["items"]


def main() -> None:
    """Print every verdict and the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.shadow.beside", description=__doc__)
    parser.add_argument("--pause", type=float, default=20.0, help="seconds between two steps of the day")
    parser.add_argument("--keep", type=Path, help="folder that keeps the recording (day.zst), journal and audit log")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder: Path = asked.keep or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        run = asyncio.run(beside(folder, asked.pause))
        verbs = audited_verbs(folder)
    for entry in run.judged:
        print(decision_line(entry))
    print()
    print(report_markdown(run.judged, "a scripted day", tuple(run.blind.values())))
    print(f"Verbs that were sent: {', '.join(sorted(verbs))}")


if __name__ == "__main__":
    main()
