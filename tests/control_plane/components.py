"""How each component is started: its flags, its files and the address that says it is ready."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.control_plane.build import command_of
from tests.control_plane.credentials import Credentials
from tests.control_plane.processes import Process, free_ports
from tests.control_plane.toolchain import ControlPlaneError

PROTOBUF = "application/vnd.kubernetes.protobuf"
JSON = "application/json"
CONTROLLERS = (
    "deployment",
    "replicaset",
    "statefulset",
    "daemonset",
    "job",
    "cronjob",
    "ttl-after-finished",
    "disruption",
    "namespace",
    "garbage-collector",
    "pod-garbage-collector",
    "serviceaccount",
    "node-lifecycle",
    "taint-eviction",
    "persistentvolume-binder",
    "persistentvolume-attach-detach",
    "persistentvolumeclaim-protection",
    "persistentvolume-protection",
)


def start_etcd(folder: Path) -> Process:
    """etcd behind the Unix socket `etcd.sock` in `folder`; kube-apiserver waits for it, so nothing here does."""
    client, peer = f"unix://{folder}/etcd.sock", "unix://peer:0"  # etcd insists on host:port for a peer
    flags = [
        "--data-dir=etcd",
        "--unsafe-no-fsync",
        f"--listen-client-urls={client}",
        "--advertise-client-urls=unix://client:0",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--heartbeat-interval=10",
        "--election-timeout=100",
        "--log-level=warn",
    ]
    return Process("etcd", [*_command("etcd"), *flags], folder)


def start_apiserver(
    folder: Path, port: int, credentials: Credentials, *, taint_new_nodes: bool, more: Sequence[str] = ()
) -> Process:
    """kube-apiserver on `port` of 127.0.0.1; `more` are flags after ours, so the later one counts."""
    left_out = ["ServiceAccount"]  # pods may come before a controller makes the `default` account
    if not taint_new_nodes:
        left_out.append("TaintNodesByCondition")  # nobody would take node.kubernetes.io/not-ready off again
    flags = [
        f"--etcd-servers=unix://{folder}/etcd.sock",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--tls-cert-file={credentials.server_file}",
        f"--tls-private-key-file={credentials.server_file}",
        f"--client-ca-file={credentials.ca_file}",
        f"--token-auth-file={credentials.token_file}",
        "--authorization-mode=RBAC",
        f"--service-account-key-file={credentials.service_account_file}",
        f"--service-account-signing-key-file={credentials.service_account_file}",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--endpoint-reconciler-type=none",  # a loopback address cannot be an endpoint
        f"--disable-admission-plugins={','.join(left_out)}",
        "--allow-privileged",
    ]
    return Process("kube-apiserver", [*_command("kube-apiserver"), *flags, *more], folder)


async def start_scheduler(kubeconfig: Path, folder: Path, content_type: str = PROTOBUF) -> Process:
    """A ready kube-scheduler for the API server of `kubeconfig`; its files go to `folder`, which must exist.

    `content_type` is what it speaks with that server: JSON for one that knows no protobuf. End it with `stop()`.
    Raises ControlPlaneError when it cannot be started.
    """
    config = folder / "scheduler.json"
    connection = {"kubeconfig": str(kubeconfig), "qps": 1000, "burst": 2000, "contentType": content_type}
    if content_type == JSON:
        connection["acceptContentTypes"] = JSON
    document = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "leaderElection": {"leaderElect": False},
        "clientConnection": connection,
    }
    config.write_text(json.dumps(document, indent=1))
    (port,) = free_ports(1)
    flags = [f"--config={config}", "--bind-address=127.0.0.1", f"--secure-port={port}"]
    scheduler = Process("kube-scheduler", [*_command("kube-scheduler"), *flags], folder)
    return await _ready(scheduler, f"https://127.0.0.1:{port}/readyz")


async def start_controller_manager(
    kubeconfig: Path,
    folder: Path,
    content_type: str = PROTOBUF,
    *,
    controllers: Sequence[str] = CONTROLLERS,
    heartbeats: bool = False,
) -> Process:
    """A ready kube-controller-manager for the API server of `kubeconfig`; its files go to `folder`.

    `controllers` are names without `-controller`. Without `heartbeats` no node is ever called unreachable, since no
    kubelet reports for it. `content_type` as for `start_scheduler`. Raises ControlPlaneError when it cannot be started.
    """
    (port,) = free_ports(1)
    flags = [
        f"--kubeconfig={kubeconfig}",
        f"--controllers={','.join(f'{name}-controller' for name in controllers)}",
        "--leader-elect=false",
        "--kube-api-qps=1000",
        "--kube-api-burst=2000",
        f"--kube-api-content-type={content_type}",
        "--node-monitor-period=1s",
        "--attach-detach-reconcile-sync-period=1s",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
    ]
    if not heartbeats:
        flags.append("--node-monitor-grace-period=24h")
    command = [*_command("kube-controller-manager"), *flags]
    return await _ready(Process("kube-controller-manager", command, folder), f"https://127.0.0.1:{port}/healthz")


def start_kwok(kubeconfig: Path, folder: Path, stages: Path | None = None) -> Process:
    """KWOK's controllers, kubelet of the nodes labelled kwok.x-k8s.io/node; `stages` is a file of others."""
    flags = [f"--kubeconfig={kubeconfig}", *([f"--stages={stages}"] if stages else [])]
    return Process("kwok", [*_command("kwok"), *flags], folder)


async def start_karpenter(
    kubeconfig: Path, folder: Path, instance_types: Path | None = None, environment: Mapping[str, str] | None = None
) -> tuple[Process, int]:
    """A ready Karpenter with the kwok provider, and the port of its metrics; the CRDs must be there.

    `instance_types` is a file in the kwok provider's JSON; `environment` holds further settings of Karpenter's.
    """
    metrics, health = free_ports(2)
    settings = {
        "KUBECONFIG": str(kubeconfig),
        "DISABLE_LEADER_ELECTION": "true",
        "METRICS_PORT": str(metrics),
        "HEALTH_PROBE_PORT": str(health),
        **({"INSTANCE_TYPES_FILE_PATH": str(instance_types)} if instance_types else {}),
        **(environment or {}),
    }
    karpenter = Process("karpenter", _command("karpenter"), folder, settings)
    return await _ready(karpenter, f"http://127.0.0.1:{health}/readyz"), metrics


async def _ready(process: Process, url: str) -> Process:
    try:
        await process.wait_ready(url)
    except BaseException:  # cancelled as well as failed: nobody else knows of this process yet
        process.stop()
        raise
    return process


def _command(part: str) -> list[str]:
    command = command_of(part)
    if command is None:
        raise ControlPlaneError(f"This test needs {part}, which the folder KUBEBUILDER_ASSETS names does not have.")
    return command
