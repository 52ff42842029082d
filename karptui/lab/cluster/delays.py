"""How long everything takes in the lab: every delay of the machinery in one place, in lab seconds."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

Span = tuple[float, float]
"""Shortest and longest, in lab seconds; drawn evenly between them."""


@dataclass(frozen=True, slots=True)
class StartupDaemon:
    """Who takes a startup taint away: the pod of a DaemonSet once it is Ready there, or (if "") somebody by time."""

    daemonset: str = ""
    after: Span = (2.0, 5.0)


def _startup_daemons() -> dict[str, StartupDaemon]:
    return {
        "node.cilium.io/agent-not-ready": StartupDaemon("kube-system/cilium", (0.5, 1.5)),
        "ebs.csi.aws.com/agent-not-ready": StartupDaemon("kube-system/ebs-csi-node", (0.5, 1.5)),
        "efs.csi.aws.com/agent-not-ready": StartupDaemon("kube-system/efs-csi-node", (0.5, 1.5)),
    }


@dataclass(frozen=True, slots=True)
class Delays:
    """All delays. The defaults are those of a usual EKS cluster with AL2023: 30-odd seconds from launch to Ready."""

    boot: Span = (20.0, 25.0)
    """From the launch of an instance until its kubelet registers the Node."""
    node_ready: Span = (3.0, 6.0)
    """From the registration until the Node is Ready: the network plugin has to come up."""
    node_shutdown: Span = (0.5, 1.0)
    """From the instance's shutting down until its kubelet says that the node is not ready."""
    startup_daemons: Mapping[str, StartupDaemon] = field(default_factory=_startup_daemons)
    """Startup taint key → who removes it. Taints of other keys stay until somebody else removes them."""

    sandbox: Span = (0.2, 0.6)
    """Network and sandbox of a pod."""
    image_pull: Span = (1.0, 4.0)
    """The first pull of an image on a node; each image has its own time in this span."""
    image_pull_of: Mapping[str, float] = field(default_factory=lambda: {"registry.k8s.io/pause": 0.4})
    """Image prefix → seconds, for images that are known to be small or large."""
    container_start: Span = (0.1, 0.4)
    readiness: Span = (0.5, 2.0)
    """From the start until Ready, for containers that have a readiness probe (its initialDelaySeconds come first)."""
    container_stop: Span = (0.3, 1.5)
    """How long a container takes to stop when it is asked to (never more than its grace period)."""
    job_run: float = 10.0
    """How long the containers of a pod that ends by itself run."""

    heartbeat: float = 10.0
    """Between renewals of a node's Lease."""
    node_monitor: float = 5.0
    """Between looks at the leases and at the instances of nodes that are not ready."""
    node_monitor_grace: float = 40.0
    """A node whose Lease is older than this is Unknown."""


def drawn(random_source: random.Random, span: Span) -> float:
    """A duration in the span, in lab seconds."""
    return random_source.uniform(*span)
