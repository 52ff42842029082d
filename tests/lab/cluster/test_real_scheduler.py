"""The lab's scheduler beside the real one: the same nodes, the same pods, the same words."""

from __future__ import annotations

import json
import ssl
import uuid
from collections.abc import AsyncIterator

import pytest

from karptui.lab.cluster.api import Api
from karptui.lab.cluster.kinds import NAMESPACES, NODES, PODS, Object
from karptui.lab.cluster.pod_conditions import condition_of, node_name
from karptui.lab.cluster.scheduler.failure import unschedulable_message
from karptui.lab.cluster.scheduler.filters import FilterState, refusal
from karptui.lab.cluster.scheduler.node_info import SchedulerCache
from karptui.lab.cluster.scheduler.pod_info import pod_info
from tests.control_plane.plane import ControlPlane
from tests.lab.cluster.bench import eventually, pod_spec

ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
WEB = {"matchLabels": {"app": "web"}}


@pytest.fixture
async def api(control_plane: ControlPlane) -> AsyncIterator[Api]:
    token = json.loads(control_plane.kubeconfig().read_text())["users"][0]["user"]["token"]
    api = Api(control_plane.url, token, tls=ssl.create_default_context(cafile=control_plane.ca_file))
    yield api
    await api.close()


def node(name: str, pool: str, *, cpu: str = "2", pods: str = "20", zone: str = "a", taint: str = "") -> Object:
    room = {"cpu": cpu, "memory": "8Gi", "pods": pods}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "up"}
    labels = {HOST: name, "pool": pool} | ({ZONE: zone} if zone else {})
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": [{"key": taint, "effect": "NoSchedule"}] if taint else []},
        "status": {"capacity": room, "allocatable": room, "conditions": [ready]},
    }


def hard(pool: str) -> dict[str, Object]:
    """Pods that find no node in the pool, each for another reason."""
    here = {"nodeSelector": {"pool": pool}}
    spread = {"topologyKey": ZONE, "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": WEB}
    apart = {"podAntiAffinity": {REQUIRED: [{"topologyKey": HOST, "labelSelector": WEB}]}}
    ghost = {"matchLabels": {"app": "nobody"}}
    together = {"podAffinity": {REQUIRED: [{"topologyKey": ZONE, "labelSelector": ghost}]}}
    port = pod_spec("10m", **here)
    port["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 8080}]
    return {
        "giant": pod_spec("64", **here),
        "large": pod_spec("1900m", **here),
        "elsewhere": pod_spec("10m", nodeSelector={"pool": "no-such-pool"}),
        "pinned": pod_spec(
            "10m",
            affinity={
                "nodeAffinity": {
                    REQUIRED: {
                        "nodeSelectorTerms": [
                            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["no-such-node"]}]}
                        ]
                    }
                }
            },
        ),
        "uneven": pod_spec("600m", topologySpreadConstraints=[spread], **here),
        "apart": pod_spec("10m", affinity=apart, **here),
        "together": pod_spec("10m", affinity=together, **here),
        "port": port,
    }


async def looked_at(api: Api, namespace: str, name: str) -> Object | None:
    """A pod that has a node, or was refused by all nodes that there are: the scheduler may know of none at first."""
    pod, nodes = await api.get(PODS, namespace, name), (await api.list(NODES))[0]
    said = condition_of(pod, "PodScheduled") or {}
    told = said.get("reason") == "Unschedulable" and said.get("message", "").startswith(f"0/{len(nodes)} nodes")
    return pod if told or node_name(pod) else None


async def refused(api: Api, namespace: str, name: str) -> Object:
    pod = await eventually(lambda: looked_at(api, namespace, name), f"{name} to be looked at")
    assert not node_name(pod), f"{name} found a node"
    return pod


async def test_the_lab_gives_the_reasons_of_the_real_scheduler_word_for_word(api: Api) -> None:
    mark = uuid.uuid4().hex[:8]
    pool, namespace = f"pool-{mark}", f"words-{mark}"
    await api.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    nodes = [
        node(f"a-{mark}", pool),
        node(f"b-{mark}", pool),
        node(f"c-{mark}", pool, cpu="1", zone=""),
        node(f"d-{mark}", pool, taint="special"),
        node(f"e-{mark}", pool, pods="1", zone="b"),
    ]
    made: list[Object] = []
    try:
        for item in nodes:
            await api.create(NODES, item)

        async def untainted() -> bool:
            found, _ = await api.list(NODES)
            mine = [one for one in found if one["metadata"]["labels"].get("pool") == pool]
            return not any("not-ready" in taint["key"] for one in mine for taint in one["spec"].get("taints") or ())

        await eventually(untainted, "nodes without the taint of new ones")
        for item in nodes:
            if item["metadata"]["name"].startswith("d"):
                continue
            # One web pod with the port on every node that takes any, placed by hand so that both see the same.
            spec = pod_spec("500m", nodeName=item["metadata"]["name"])
            spec["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 8080}]
            made.append(await make(api, namespace, f"on-{item['metadata']['name']}", spec))
        made += await seen_by_the_scheduler(api, namespace, pool)
        for name, spec in hard(pool).items():
            made.append(await make(api, namespace, name, spec))
        theirs = {name: await refused(api, namespace, name) for name in hard(pool)}
        cache = SchedulerCache()
        for item in (await api.list(NODES))[0]:
            cache.set_node(item)
        for item in (await api.list(PODS))[0]:
            if node_name(item):
                cache.place(pod_info(item), node_name(item))
        ours: dict[str, str] = {}
        for name, item in theirs.items():
            info = pod_info(item)
            state = FilterState(info, cache.nodes())
            found = [refusal(state, one) for one in cache.nodes()]
            ours[name] = unschedulable_message(info, [one for one in found if one is not None])
        assert ours == {name: (condition_of(item, "PodScheduled") or {})["message"] for name, item in theirs.items()}
    finally:
        for item in made:
            await api.delete(PODS, item, grace=0)
        for item in nodes:
            await api.delete(NODES, await api.get(NODES, "", item["metadata"]["name"]))


async def seen_by_the_scheduler(api: Api, namespace: str, pool: str) -> list[Object]:
    """Pods that want the port taken on every node, until one is refused: the placed pods are seen then.

    kube-scheduler takes placed and waiting pods from two queues, so that a waiting one may be looked at before a
    placed one that was made earlier. Those that found a node stay: both sides count them.
    """
    fences: list[Object] = []
    while True:
        spec = hard(pool)["port"]
        fences.append(await make(api, namespace, f"fence-{len(fences)}", spec, app="fence"))
        name = f"fence-{len(fences) - 1}"

        pod = await eventually(lambda name=name: looked_at(api, namespace, name), f"{name} to be looked at")
        if not node_name(pod):
            return fences


async def make(api: Api, namespace: str, name: str, spec: Object, *, app: str = "web") -> Object:
    meta = {"name": name, "namespace": namespace, "labels": {"app": app}}
    return await api.create(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})
