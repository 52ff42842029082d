"""What every cluster has before anyone has made anything."""

from __future__ import annotations

import copy

from karptui.lab.apiserver.custom import KARPENTER
from karptui.lab.apiserver.registry import Registry
from karptui.lab.apiserver.writes import Writes

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
PRIORITY_CLASSES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
"""Name → value, as kube-apiserver creates them."""


def seed(writes: Writes, registry: Registry) -> None:
    """Make the namespaces, the system priority classes, the Kubernetes service and Karpenter's definitions."""
    for name in NAMESPACES:
        writes.create(registry.of("", "namespaces"), "", {"metadata": {"name": name}})
    for name, value in PRIORITY_CLASSES.items():
        writes.create(
            registry.of("scheduling.k8s.io", "priorityclasses"),
            "",
            {
                "metadata": {"name": name},
                "value": value,
                "description": "Used for system critical pods that must not be moved from their current node.",
            },
        )
    service = {
        "metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443}]},
    }
    writes.create(registry.of("", "services"), "default", service)
    for definition in KARPENTER:
        writes.create(registry.of("apiextensions.k8s.io", "customresourcedefinitions"), "", copy.deepcopy(definition))
