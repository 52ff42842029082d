"""A Snapshot as a scenario file (cloud/scenario.py), which asks the same question again without a cluster."""

from typing import Any

from karptui.kube.encode import encoded, encoded_amounts, encoded_requirements, encoded_time
from karptui.model.instance_type import Catalogue, InstanceType, Offering, Overhead
from karptui.model.requirements import Requirements
from karptui.model.snapshot import Snapshot

Json = dict[str, Any]

_FIELDS = (
    "namespaces", "priority_classes", "node_classes", "node_pools", "node_overlays", "node_claims", "nodes",
    "csi_nodes", "storage_classes", "volumes", "volume_claims", "daemon_sets", "workloads", "budgets", "pods",
)  # fmt: skip


def scenario_from(snapshot: Snapshot, kind: str, name: str, about: str = "") -> Json:
    """The scenario of a Snapshot; `kind` is scheduling or disruption. `snapshot_of` makes a Snapshot of it again."""
    options = snapshot.options
    state: Json = {}
    if snapshot.nominated:
        state["nominated"] = sorted(snapshot.nominated)
    if snapshot.marked_for_deletion:
        state["markedForDeletion"] = sorted(snapshot.marked_for_deletion)
    if snapshot.provider_drift:
        state["providerDrift"] = dict(sorted(snapshot.provider_drift.items()))
    if snapshot.favoured:
        state["favoured"] = list(snapshot.favoured)
    return {
        "name": name,
        "kind": kind,
        "about": about,
        "now": encoded_time(snapshot.now),
        "options": {
            "preferencePolicy": options.preference_policy,
            "minValuesPolicy": options.min_values_policy,
            "ignoreDRARequests": options.ignore_dra_requests,
            "featureGates": dict(sorted(options.feature_gates.items())),
            "karpenterVersion": options.karpenter_version,
        },
        "state": state,
        "objects": [encoded(entry) for field in _FIELDS for entry in getattr(snapshot, field).values()],
        "instanceTypesByNodePool": {pool: list(names) for pool, names in snapshot.catalogue.by_pool.items()},
        "instanceTypes": written_types(snapshot.catalogue),
    }


def written_types(catalogue: Catalogue) -> list[Json]:
    """Instance types written out in full, in the provider's order."""
    return [_type(entry) for entry in catalogue.types]


def _type(entry: InstanceType) -> Json:
    return {
        "name": entry.name,
        "requirements": _requirements(entry.requirements),
        "capacity": encoded_amounts(entry.capacity),
        "overhead": _overhead(entry.overhead),
        "offerings": [_offering(offering) for offering in entry.offerings],
    }


def _requirements(requirements: Requirements) -> list[Json]:
    return encoded_requirements(spec for entry in requirements.values() for spec in entry.to_specs())


def _overhead(entry: Overhead) -> Json:
    return {
        "kubeReserved": encoded_amounts(entry.kube_reserved),
        "systemReserved": encoded_amounts(entry.system_reserved),
        "evictionThreshold": encoded_amounts(entry.eviction_threshold),
    }


def _offering(entry: Offering) -> Json:
    written: Json = {
        "requirements": _requirements(entry.requirements),
        "price": entry.price,
        "available": entry.available,
    }
    if entry.reservation_capacity:
        written["reservationCapacity"] = entry.reservation_capacity
    if entry.capacity_override is not None:
        written["capacityOverride"] = encoded_amounts(entry.capacity_override)
    if entry.overhead_override is not None:
        written["overheadOverride"] = _overhead(entry.overhead_override)
    return written
