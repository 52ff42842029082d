"""Nodes that come from instances and go with them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
import yaml

from karptui.lab.clock import Clock
from karptui.lab.cluster import Cluster, Instance
from karptui.lab.cluster.api import Api
from karptui.lab.cluster.kinds import (
    DAEMONSETS,
    LEASES,
    NODES,
    PODS,
    Object,
)
from karptui.lab.cluster.node_object import node_object
from karptui.lab.cluster.pod_conditions import condition_of, node_name, ready
from tests.lab.cluster.bench import FAST, Bench, Server, eventually, pod_spec, workload


class Instances:
    """A feed that a test changes."""

    def __init__(self) -> None:
        self._now: dict[str, Instance] = {}
        self._changed = asyncio.Event()

    def put(self, instance: Instance) -> None:
        self._now[instance.id] = instance
        self._changed.set()

    def drop(self, instance: Instance) -> None:
        del self._now[instance.id]
        self._changed.set()

    async def pictures(self) -> AsyncIterator[Sequence[Instance]]:
        while True:
            self._changed.clear()
            yield list(self._now.values())
            await self._changed.wait()


@pytest.fixture
async def instances() -> Instances:
    return Instances()


@pytest.fixture
async def cloud(server: Server, api: Api, clock: Clock, instances: Instances) -> AsyncIterator[Bench]:
    """As `bench`, with nodes that come from instances."""
    cluster = Cluster(server.url, server.token, clock, seed="test", profile=FAST, feed=instances, tls=server.tls)
    running = asyncio.create_task(cluster.run())
    bench = Bench(api, clock, server)
    await bench.open()
    yield bench
    await bench.close()
    await cluster.stop()
    await asyncio.gather(running, return_exceptions=True)


def instance(number: int, clock: Clock) -> Instance:
    return Instance(
        id=f"i-{number:017x}",
        zone="us-east-1a",
        instance_type="m7i.large",
        private_dns_name=f"ip-10-0-0-{number}.ec2.internal",
        private_ip=f"10.0.0.{number}",
        capacity={"cpu": "2", "memory": "8Gi", "pods": "29"},
        allocatable={"cpu": "1930m", "memory": "7Gi", "pods": "29"},
        launched=clock.now(),
        labels={"karpenter.sh/nodepool": "default"},
        taints=({"key": "node.cilium.io/agent-not-ready", "value": "true", "effect": "NoExecute"},),
    )


async def node_of(bench: Bench, one: Instance) -> Object | None:
    return await bench.get(NODES, one.private_dns_name)


def taint_keys(node: Object) -> set[str]:
    return {taint["key"] for taint in node["spec"].get("taints") or ()}


async def test_a_running_instance_becomes_a_ready_node(cloud: Bench, instances: Instances, clock: Clock) -> None:
    one = instance(1, clock)
    instances.put(one)
    node = await eventually(lambda: node_of(cloud, one), "the Node")
    assert clock.now() - one.launched >= FAST.boot[0]
    assert node["spec"]["providerID"] == f"aws:///us-east-1a/{one.id}"
    assert {"karpenter.sh/unregistered", "node.cilium.io/agent-not-ready"} <= taint_keys(node)
    labels = node["metadata"]["labels"]
    assert labels["topology.kubernetes.io/region"] == "us-east-1"
    assert labels["karpenter.sh/nodepool"] == "default"

    async def usable() -> Object | None:
        found = await node_of(cloud, one)
        return found if found and ready(found) and taint_keys(found) == {"karpenter.sh/unregistered"} else None

    node = await eventually(usable, "a ready Node without startup taint")
    assert node["status"]["allocatable"]["cpu"] == "1930m"
    lease = await cloud.api.get(LEASES, "kube-node-lease", one.private_dns_name)
    assert lease["spec"]["holderIdentity"] == one.private_dns_name


def test_what_identifies_a_machine_is_text_also_where_it_is_written_without_quotes(clock: Clock) -> None:
    for number in range(500):
        info = node_object(instance(number, clock), "2026-11-01T00:00:00Z")["status"]["nodeInfo"]
        for name in ("machineID", "systemUUID", "bootID"):
            assert yaml.safe_load(f"value: {info[name]}") == {"value": info[name]}


async def test_a_startup_taint_waits_for_its_daemon(cloud: Bench, instances: Instances, clock: Clock) -> None:
    """cilium is in kube-system; the DaemonSet there decides."""
    spec = workload("cilium", 1, pod_spec(tolerations=[{"operator": "Exists"}]))
    del spec["replicas"]
    item = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "cilium", "namespace": "kube-system"},
        "spec": spec,
    }
    item["spec"]["template"]["metadata"]["annotations"] = {"lab.karptui.io/ready-seconds": "3"}
    daemon = await cloud.api.create(DAEMONSETS, item)
    try:
        one = instance(2, clock)
        instances.put(one)

        async def waits() -> bool:
            found = await node_of(cloud, one)
            return bool(found and ready(found) and "node.cilium.io/agent-not-ready" in taint_keys(found))

        await eventually(waits, "a ready node that still has its startup taint")

        async def free() -> Object | None:
            found = await node_of(cloud, one)
            return found if found and "node.cilium.io/agent-not-ready" not in taint_keys(found) else None

        await eventually(free, "the startup taint to go")
        pods, _ = await cloud.api.list(PODS, "kube-system")
        assert any(node_name(pod) == one.private_dns_name and ready(pod) for pod in pods)
    finally:
        await cloud.api.delete(DAEMONSETS, daemon)


async def test_a_node_goes_not_ready_with_its_instance_and_then_away(
    cloud: Bench, instances: Instances, clock: Clock
) -> None:
    one = instance(3, clock)
    instances.put(one)

    async def is_ready(status: str) -> bool:
        found = await node_of(cloud, one)
        return bool(found) and (condition_of(found, "Ready") or {}).get("status") == status

    await eventually(lambda: is_ready("True"), "a ready node")
    instances.put(replace(one, state="shutting-down"))
    await eventually(lambda: is_ready("False"), "a node that is not ready")
    instances.drop(one)

    async def gone() -> bool:
        return await node_of(cloud, one) is None

    await eventually(gone, "the Node to be gone")


async def test_a_node_that_falls_silent_is_unknown_and_unreachable(
    cloud: Bench, instances: Instances, clock: Clock
) -> None:
    one = instance(4, clock)
    instances.put(one)

    async def is_ready(status: str) -> bool:
        found = await node_of(cloud, one)
        return bool(found) and (condition_of(found, "Ready") or {}).get("status") == status

    await eventually(lambda: is_ready("True"), "a ready node")
    # Stopped without a word, and still known to the cloud.
    instances.put(replace(one, state="stopped"))
    await eventually(lambda: is_ready("Unknown"), "a node in the unknown")

    async def tainted() -> bool:
        found = await node_of(cloud, one)
        return bool(found) and "node.kubernetes.io/unreachable" in taint_keys(found)

    await eventually(tainted, "the taint")
