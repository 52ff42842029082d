"""The Lease by which a kubelet says that it is alive."""

from __future__ import annotations

from karptui.kube.timestamps import epoch, rfc3339_micro
from karptui.lab.cluster.kinds import LEASES, Object

LEASE_NAMESPACE = "kube-node-lease"
LEASE_SECONDS = 40


def lease_of(node: Object, now: float) -> Object:
    """The Lease of a node, renewed at `now` (epoch seconds)."""
    meta = node["metadata"]
    return {
        "apiVersion": LEASES.api_version,
        "kind": LEASES.kind,
        "metadata": {
            "name": meta["name"],
            "namespace": LEASE_NAMESPACE,
            "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": meta["name"], "uid": meta["uid"]}],
        },
        "spec": {
            "holderIdentity": meta["name"],
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": rfc3339_micro(now),
        },
    }


def renewed_at(lease: Object) -> float:
    """Epoch seconds of the last renewal."""
    return epoch((lease.get("spec") or {}).get("renewTime"))
