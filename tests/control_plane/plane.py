"""A control plane of one's own: real Kubernetes components on loopback, with TLS and RBAC."""

import asyncio
import json
import ssl
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tests.control_plane import components as start
from tests.control_plane import etcd
from tests.control_plane.build import crds_json
from tests.control_plane.client import Client, RequestRefused
from tests.control_plane.credentials import ADMIN, Credentials
from tests.control_plane.polling import until
from tests.control_plane.processes import Process, free_ports, make_folder, remove_folder

OPTIONAL = frozenset({"scheduler", "controller-manager", "kwok", "karpenter"})
CORE = frozenset({"scheduler", "controller-manager"})
RBAC = "/apis/rbac.authorization.k8s.io/v1"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class ControlPlane:
    """etcd and kube-apiserver, and those of `components` a test needs (any of OPTIONAL).

    `crds` says whether Karpenter's CustomResourceDefinitions are installed (`karpenter` needs them), `users` who has a
    token, `apiserver_flags` what else kube-apiserver is told, `instance_types` and `karpenter_environment` Karpenter.
    Use it in `async with`, or call `start` and `stop`; it belongs to no event loop. Raises ControlPlaneError, with the
    end of the component's log, when a component does not start.
    """

    def __init__(
        self,
        components: Collection[str] = CORE,
        *,
        crds: bool = True,
        users: Sequence[str] = (ADMIN, "limited"),
        apiserver_flags: Sequence[str] = (),
        instance_types: Path | None = None,
        karpenter_environment: Mapping[str, str] | None = None,
    ) -> None:
        unknown = set(components) - OPTIONAL - {"etcd", "apiserver"}
        if unknown:
            raise ValueError(f"no such component: {', '.join(sorted(unknown))}")
        self.components = frozenset(components) & OPTIONAL
        self.metrics_port: int | None = None  # of Karpenter, once it runs
        self._crds = crds
        self._users = tuple(users)
        self._apiserver_flags = tuple(apiserver_flags)
        self._instance_types = instance_types
        self._karpenter_environment = karpenter_environment
        self._processes: dict[str, Process] = {}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self.folder = make_folder()
        try:
            self._credentials = Credentials(self.folder / "credentials", self._users)
            self._credentials.write()
            (self._port,) = free_ports(1)
            self._processes["etcd"] = start.start_etcd(self.folder)
            await self.start_apiserver()
            if self._crds:
                await self.install_crds()
            await self._start_rest()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End every process and remove the folder. Does nothing the second time."""
        processes = list(reversed(self._processes.values()))
        self._processes.clear()
        for process in processes:
            process.terminate()
        for process in processes:
            await asyncio.to_thread(process.kill if process.name == "etcd" else process.stop)
        remove_folder(self.folder)

    @property
    def url(self) -> str:
        """Address of the API server."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def ca_file(self) -> Path:
        """The CA that signed the API server's certificate, PEM."""
        return self._credentials.ca_file

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by component: `kube-apiserver`, `etcd`, `kube-scheduler`, ..."""
        return {name: process.pid for name, process in self._processes.items()}

    def kubeconfig(self, user: str = ADMIN) -> Path:
        """A kubeconfig for `user`: with a token for those of `users`, with a client certificate for anybody else."""
        return self._credentials.write_kubeconfig(self.url, user)

    def client(self, user: str = ADMIN) -> Client:
        """A bare client for a test's own requests, to be used in `async with`."""
        tls = ssl.create_default_context(cafile=self._credentials.ca_file)
        token = self._credentials.tokens.get(user)
        if token is None:
            tls.load_cert_chain(self._credentials.certificate_file(user))
        return Client(self.url, tls, token)

    def log(self, component: str) -> str:
        """All that `component` (`kube-apiserver`, `karpenter`, ...) wrote so far."""
        return (self.folder / f"{component}.log").read_text(errors="replace")

    # What can happen to it.

    async def kill_apiserver(self) -> None:
        """Let the API server crash: every connection breaks, and new ones are refused."""
        await asyncio.to_thread(self._processes.pop("kube-apiserver").kill)

    async def start_apiserver(self) -> None:
        """Start the API server, again after `kill_apiserver`, at the same address; returns when it is ready."""
        server = start.start_apiserver(
            self.folder,
            self._port,
            self._credentials,
            taint_new_nodes="controller-manager" in self.components,
            more=self._apiserver_flags,
        )
        self._processes["kube-apiserver"] = server
        await server.wait_ready(f"{self.url}/readyz", self._credentials.ca_file)

    def freeze_apiserver(self) -> None:
        """Let the API server stop answering without closing a connection, until `thaw_apiserver`."""
        self._processes["kube-apiserver"].freeze()

    def thaw_apiserver(self) -> None:
        self._processes["kube-apiserver"].thaw()

    async def compact(self) -> int:
        """Let every resourceVersion seen so far expire: a watch or a list continued from one gets 410 Gone.

        etcd forgets its history, and the API server, which would still serve it from its watch cache, is started
        anew; so connections break too, as when a client was away for long. Returns etcd's revision.
        """
        revision = await etcd.compact(self.folder / "etcd.sock")
        await self.kill_apiserver()
        await self.start_apiserver()
        return revision

    async def install_crds(self) -> None:
        """Install Karpenter's CustomResourceDefinitions and wait until they are Established."""
        definitions = json.loads(await asyncio.to_thread(crds_json))
        async with self.client() as api:
            await asyncio.gather(*(api.create(CRDS, definition) for definition in definitions))
            for definition in definitions:
                await self._wait_established(api, definition["metadata"]["name"])

    async def grant(self, user: str, rules: Sequence[Mapping[str, Any]], namespace: str | None = None) -> None:
        """Give `user` RBAC `rules`: a ClusterRole, bound in `namespace` alone when one is given."""
        name = f"test-{time.time_ns()}"
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
        binding = {"metadata": {"name": name}, "roleRef": role, "subjects": [subject]}
        within = f"/namespaces/{namespace}/rolebindings" if namespace else "/clusterrolebindings"
        async with self.client() as api:
            await api.create(f"{RBAC}/clusterroles", {"metadata": {"name": name}, "rules": list(rules)})
            await api.create(RBAC + within, binding)

    async def _start_rest(self) -> None:
        kubeconfig = self.kubeconfig()
        starting: list[asyncio.Task[Process]] = []
        if "kwok" in self.components:
            self._processes["kwok"] = start.start_kwok(kubeconfig, self.folder)
        if "scheduler" in self.components:
            starting.append(asyncio.ensure_future(start.start_scheduler(kubeconfig, self.folder)))
        if "controller-manager" in self.components:
            heartbeats = "kwok" in self.components
            manager = start.start_controller_manager(kubeconfig, self.folder, heartbeats=heartbeats)
            starting.append(asyncio.ensure_future(manager))
        if "karpenter" in self.components:
            starting.append(asyncio.ensure_future(self._start_karpenter(kubeconfig)))
        results = await asyncio.gather(*starting, return_exceptions=True)
        for result in results:
            if isinstance(result, Process):
                self._processes[result.name] = result
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _start_karpenter(self, kubeconfig: Path) -> Process:
        karpenter, self.metrics_port = await start.start_karpenter(
            kubeconfig, self.folder, self._instance_types, self._karpenter_environment
        )
        return karpenter

    @staticmethod
    async def _wait_established(api: Client, name: str) -> None:
        group, plural = name.split(".", 1)[1], name.split(".", 1)[0]

        async def established() -> bool:
            definition = await api.get(f"{CRDS}/{name}")
            conditions = definition["status"].get("conditions") or []  # null at first
            if not any(one["type"] == "Established" and one["status"] == "True" for one in conditions):
                return False
            version = definition["spec"]["versions"][0]["name"]
            try:  # Established comes a little before the path does
                await api.get(f"/apis/{group}/{version}/{plural}")
            except RequestRefused:
                return False
            return True

        await until(established, f"{name} Established")
