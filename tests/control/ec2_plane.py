"""karptui against EC2 and a real control plane: moto answers for AWS, KWOK plays the kubelets of what it launches."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self

from karptui.cloud.ec2.api.client import Account, AwsClients
from karptui.kube.connect import Connection, connect
from karptui.kube.errors import ApiError, KubeError
from karptui.kube.timestamps import rfc3339
from karptui.lab import manifests
from karptui.lab.cluster.instances import Instance
from karptui.lab.cluster.node_object import node_object
from karptui.lab.ec2.feed import Ec2Instances
from karptui.lab.ec2.process import Ec2LabError
from tests.control_plane.plane import ControlPlane

PARTS = ("scheduler", "controller-manager", "kwok")
REGION = "us-east-1"
PATIENCE = 120.0
KWOK_NODE = "kwok.x-k8s.io/node"
SERVICES = "10.96.0.0/16"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def node_class_crd() -> dict[str, Any]:
    """An EC2NodeClass as far as its clients see it; what Karpenter's own definition validates is not repeated."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": anything, "status": anything}}},
    }
    names = {"plural": "ec2nodeclasses", "singular": "ec2nodeclass", "kind": "EC2NodeClass"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "ec2nodeclasses.karpenter.k8s.aws"},
        "spec": {"group": "karpenter.k8s.aws", "scope": "Cluster", "names": names, "versions": [version]},
    }


class Moto:
    """AWS on loopback, with one cluster's subnets, group, images, role and queue in it."""

    def __init__(self) -> None:
        settings = {
            "region": REGION,
            "zones": [f"{REGION}{letter}" for letter in "abcd"],
            "seed": "talk",
            "cluster": manifests.CLUSTER,
            "kubernetes": "1.35",
            "clock": None,
        }
        command = [sys.executable, "-m", "karptui.lab.ec2.server"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(settings).encode() + b"\n")
        self._process.stdin.flush()
        made = json.loads(self._process.stdout.readline())
        self.endpoint: str = made["endpoint"]
        self.queue_url: str = made["queue_url"]
        self.subnets: dict[str, str] = made["subnets"]

    def account(self, endpoint: str = "") -> Account:
        return Account(REGION, endpoint or self.endpoint, access_key_id="test", secret_access_key="test")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def moto() -> Iterator[Moto]:
    found = Moto()
    try:
        yield found
    finally:
        found.stop()


class Ec2Plane:
    """A control plane whose machines are moto's; `run` joins a node for each instance until it is left."""

    def __init__(self, plane: ControlPlane, aws: Moto, connection: Connection, clients: AwsClients) -> None:
        self.plane = plane
        self.aws = aws
        self.connection = connection
        self.clients = clients
        self._joined: set[str] = set()
        self._joining: asyncio.Future[Any] | None = None

    async def __aenter__(self) -> Self:
        self._joining = asyncio.ensure_future(self._join())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._joining is not None
        self._joining.cancel()
        await asyncio.gather(self._joining, return_exceptions=True)

    async def create(self, path: str, body: dict[str, Any]) -> None:
        await self.connection.request("POST", path, body)

    async def get(self, path: str) -> Any:
        return json.loads(await self.connection.request("GET", path))

    async def patch(self, path: str, body: dict[str, Any]) -> None:
        patch = json.dumps(body).encode()
        await self.connection.request("PATCH", path, patch, content_type="application/merge-patch+json")

    async def delete(self, path: str) -> None:
        await self.connection.request("DELETE", path)

    async def scale(self, deployment: str, replicas: int) -> None:
        path = f"/apis/apps/v1/namespaces/default/deployments/{deployment}/scale"
        await self.patch(path, {"spec": {"replicas": replicas}})

    async def deploy(self, name: str, replicas: int, cpu: str = "1", **pod: Any) -> None:
        body = manifests.deployment(name, {"cpu": cpu}, replicas=replicas, **pod)
        body["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 1
        await self.create("/apis/apps/v1/namespaces/default/deployments", body)

    async def claims(self) -> dict[str, dict[str, Any]]:
        """NodeClaims by name."""
        listed = await self.get("/apis/karpenter.sh/v1/nodeclaims")
        return {item["metadata"]["name"]: item for item in listed["items"]}

    async def pools_ready(self) -> bool:
        """Whether there are NodePools and all of them are Ready."""
        pools = (await self.get("/apis/karpenter.sh/v1/nodepools"))["items"]
        ready = [
            entry["status"] == "True"
            for pool in pools
            for entry in (pool.get("status") or {}).get("conditions") or []
            if entry["type"] == "Ready"
        ]
        return bool(pools) and len(ready) == len(pools) and all(ready)

    async def bound(self, app: str) -> list[str]:
        """The nodes of its pods that run and are not going."""
        listed = await self.get(f"/api/v1/namespaces/default/pods?labelSelector=app%3D{app}")
        live = [item for item in listed["items"] if "deletionTimestamp" not in item["metadata"]]
        return [item["spec"]["nodeName"] for item in live if item["spec"].get("nodeName")]

    async def events(self, reason: str, name: str) -> list[str]:
        """Messages of the Events with this reason about an object of this name."""
        query = f"fieldSelector=reason%3D{reason}%2CinvolvedObject.name%3D{name}"
        return [item["message"] for item in (await self.get(f"/api/v1/events?{query}"))["items"]]

    async def instances(self) -> list[dict[str, Any]]:
        """Every instance that ever was."""
        ec2 = await self.clients.get("ec2")
        found = await ec2.describe_instances()
        return [instance for entry in found["Reservations"] for instance in entry["Instances"]]

    async def running(self) -> set[str]:
        """Ids of the instances that run."""
        return {item["InstanceId"] for item in await self.instances() if item["State"]["Name"] == "running"}

    async def clear(self) -> None:
        """Remove what a test made: pods, pools, claims, nodes and instances, without asking any controller."""
        deployments = "/apis/apps/v1/namespaces/default/deployments"
        for path in (deployments, "/apis/policy/v1/namespaces/default/poddisruptionbudgets"):
            await self.connection.request("DELETE", path)
        for path in ("/apis/karpenter.sh/v1/nodepools", "/apis/karpenter.sh/v1/nodeclaims", "/api/v1/nodes"):
            for item in (await self.get(path))["items"]:
                name = item["metadata"]["name"]
                await self.patch(f"{path}/{name}", {"metadata": {"finalizers": None}})
                try:
                    await self.delete(f"{path}/{name}")
                except ApiError as error:
                    assert error.code == 404, error
        running = await self.running()
        if running:
            ec2 = await self.clients.get("ec2")
            await ec2.terminate_instances(InstanceIds=sorted(running))

        async def empty() -> bool:
            left = [await self.get(path) for path in ("/api/v1/namespaces/default/pods", "/api/v1/nodes")]
            return not any(entry["items"] for entry in left)

        await self.until(empty, "the cluster empty again")

    async def tell_queue(self, kind: str, detail: dict[str, Any], source: str = "aws.ec2") -> None:
        """Put a message into the interruption queue as EventBridge does."""
        body = {"version": "0", "source": source, "detail-type": kind, "detail": detail, "region": REGION}
        sqs = await self.clients.get("sqs")
        await sqs.send_message(QueueUrl=self.aws.queue_url, MessageBody=json.dumps(body))

    async def until(self, done: Callable[[], Any], what: str) -> Any:
        """Wait for an awaitable or plain condition; its value."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while True:
            found = done()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"{what} did not happen in {PATIENCE:.0f}s: {await self._state()}")
            await asyncio.sleep(0.1)

    async def _state(self) -> str:
        """What there is, for whoever has to find out why a test waited in vain."""
        lines: list[str] = []
        for name, claim in (await self.claims()).items():
            conditions = claim.get("status", {}).get("conditions", [])
            told = [f"{entry['type']}={entry['status']} {entry.get('reason')}" for entry in conditions]
            lines.append(f"NodeClaim {name} {claim['metadata'].get('deletionTimestamp', 'stays')}: {', '.join(told)}")
        for path in ("/api/v1/nodes", "/api/v1/namespaces/default/pods"):
            for item in (await self.get(path))["items"]:
                metadata, spec = item["metadata"], item["spec"]
                ready = [e for e in item.get("status", {}).get("conditions", []) if e["type"] == "Ready"]
                about = (metadata["name"], metadata["uid"], metadata.get("annotations"))
                lines.append(f"{path} {about} {metadata.get('deletionTimestamp', 'stays')}: {ready} {spec}")
        lines += [f"KWOK {line}" for line in self.plane.log("kwok").splitlines()[-30:]]
        for lease in (await self.get("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"))["items"]:
            lines.append(f"Lease {lease['metadata']['name']}: {lease['spec']}")
        told = (await self.get("/api/v1/events"))["items"][-20:]
        lines += [f"Event {item['involvedObject'].get('name')} {item['reason']}: {item['message']}" for item in told]
        lines.append(f"instances {await self.running()}, joined {self._joined}")
        return "\n".join(lines)

    async def _join(self) -> None:
        while True:
            try:
                async for picture in Ec2Instances(self.aws.endpoint, REGION).pictures():
                    for instance in picture:
                        if instance.up and instance.id not in self._joined:
                            await self._register(instance)
                            self._joined.add(instance.id)
            except (Ec2LabError, KubeError):
                await asyncio.sleep(0.5)  # machines do not forget to join because a server was slow once

    async def _register(self, instance: Instance) -> None:
        node = node_object(instance, rfc3339(0))
        node["metadata"]["labels"][KWOK_NODE] = "fake"
        node["metadata"]["annotations"][KWOK_NODE] = "fake"
        try:
            await self.create("/api/v1/nodes", node)
        except ApiError as error:
            assert error.code == 409, error


@asynccontextmanager
async def ec2_plane(plane: ControlPlane, aws: Moto) -> AsyncIterator[Ec2Plane]:
    """The plane with the EC2NodeClass' definition, joined to this AWS."""
    clients = AwsClients(aws.account())
    async with connect(str(plane.kubeconfig())) as connection:
        found = Ec2Plane(plane, aws, connection, clients)
        try:
            async with found:
                yield found
        finally:
            await clients.close()


async def install_node_class_crd(connection: Connection) -> None:
    """And wait until it is served."""
    try:
        await connection.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", node_class_crd())
    except ApiError as error:
        assert error.code == 409, error
    end = asyncio.get_running_loop().time() + PATIENCE
    while True:
        try:
            await connection.request("GET", "/apis/karpenter.k8s.aws/v1/ec2nodeclasses")
            return
        except ApiError:
            assert asyncio.get_running_loop().time() < end
            await asyncio.sleep(0.1)


def active_command(aws: Moto, plane: ControlPlane, *flags: str) -> list[str]:
    """karptui as a person starts it."""
    return [
        sys.executable,
        "-m",
        "karptui",
        "active",
        "--provider=ec2",
        f"--kubeconfig={plane.kubeconfig()}",
        f"--endpoint-url={aws.endpoint}",
        f"--cluster-name={manifests.CLUSTER}",
        f"--queue={manifests.CLUSTER}",
        "--shipped-prices",
        *flags,
    ]


def environment() -> dict[str, str]:
    """For such a process: credentials, and no settings of whoever runs the test."""
    return {**os.environ, **CREDENTIALS, "AWS_EC2_METADATA_DISABLED": "true"}
