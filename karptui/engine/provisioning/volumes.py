"""Where the volumes of a pod can be reached, and what they take of a node (spec/scheduling.md 3.8 and 10)."""

from collections.abc import Iterator

from karptui.engine.provisioning.requirement_sets import is_readable
from karptui.model.affinity import Expression
from karptui.model.labels import HOSTNAME
from karptui.model.pod import Pod, PodVolume
from karptui.model.requirements import NO_REQUIREMENTS, Requirements, from_selector_terms
from karptui.model.snapshot import Snapshot
from karptui.model.volume import PersistentVolume, PersistentVolumeClaim

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
IN_TREE_DRIVERS = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/azure-file": "file.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
    "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
}
"""In-tree provisioners and the CSI drivers that took over from them (k8s.io/csi-translation-lib)."""

VolumeUse = tuple[tuple[str, str], ...]
"""(driver, PVC key) of every volume that counts against a CSI limit."""


def claim_name(pod: Pod, volume: PodVolume) -> str:
    """The name of the PersistentVolumeClaim behind a volume."""
    return f"{pod.metadata.name}-{volume.name}" if volume.ephemeral else volume.claim


def _claims(pod: Pod, snapshot: Snapshot) -> Iterator[tuple[str, PersistentVolumeClaim | None]]:
    for volume in pod.spec.volumes:
        key = f"{pod.metadata.namespace}/{claim_name(pod, volume)}"
        yield key, snapshot.volume_claims.get(key)


def volume_errors(pod: Pod, snapshot: Snapshot) -> list[str]:
    """Why a pending pod's volumes keep it out of the round (10.3)."""
    errors: list[str] = []
    for key, claim in _claims(pod, snapshot):
        error = f"persistentvolumeclaim {key} is missing" if claim is None else _claim_error(claim, snapshot)
        if error:
            errors.append(error)
    return errors


def _claim_error(claim: PersistentVolumeClaim, snapshot: Snapshot) -> str:
    name = f"persistentvolumeclaim {claim.key}"
    if claim.metadata.deleted is not None:
        return f"{name} is being deleted"
    if claim.phase == "Lost":
        return f"{name} has lost its volume"
    if claim.volume_name:
        volume = snapshot.volumes.get(claim.volume_name)
        if volume is None or volume.metadata.deleted is not None:
            gone = "is missing" if volume is None else "is being deleted"
            return f"{name} is bound to persistentvolume {claim.volume_name}, which {gone}"
        if BIND_COMPLETED not in claim.metadata.annotations:
            return f"{name} is not yet bound for good"
        return ""
    if not claim.storage_class:
        return f"{name} is unbound and names no storage class"
    storage_class = snapshot.storage_classes.get(claim.storage_class)
    if storage_class is None:
        return f"{name} names storage class {claim.storage_class}, which is missing"
    if storage_class.binding_mode == "Immediate":
        return f"{name} waits for its volume, which storage class {claim.storage_class} makes at once"
    return ""


def volume_alternatives(pod: Pod, snapshot: Snapshot) -> list[Requirements] | None:
    """Where the volumes can be reached, as alternatives in the order tried; empty: anywhere (10.1).

    None where a volume cannot be resolved, which puts no constraint on the pod.
    """
    combined: list[Requirements] = []
    for _, claim in _claims(pod, snapshot):
        terms = _topology(claim, snapshot) if claim is not None else None
        if terms is None:
            return None
        if terms:
            pairs = [(left, right) for left in combined or [NO_REQUIREMENTS] for right in terms]
            # Volumes that cannot be reached together are asked for together all the same.
            compatible = [(left, right) for left, right in pairs if left.intersects(right)]
            combined = [left.merge(right) for left, right in compatible or pairs]
    return combined


def _topology(claim: PersistentVolumeClaim, snapshot: Snapshot) -> list[Requirements] | None:
    """The alternatives of one volume; None where an object is missing."""
    if claim.volume_name:
        volume = snapshot.volumes.get(claim.volume_name)
        return None if volume is None else _volume_terms(volume)
    if not claim.storage_class:
        return []
    storage_class = snapshot.storage_classes.get(claim.storage_class)
    if storage_class is None:
        return None
    return [from_selector_terms(term) for term in storage_class.allowed_topologies if term]


def _volume_terms(volume: PersistentVolume) -> list[Requirements]:
    terms: list[Requirements] = []
    for term in volume.node_terms:
        expressions: tuple[Expression, ...] = term.expressions
        if not expressions:
            continue
        if not all(is_readable(operator, values) for _, operator, values in expressions):
            continue
        if volume.local:
            expressions = tuple(entry for entry in expressions if entry[0] != HOSTNAME)
        terms.append(from_selector_terms(expressions))
    return terms


def volume_use(pod: Pod, snapshot: Snapshot) -> VolumeUse:
    """What a pod's volumes take of the CSI limits of its node (3.8)."""
    use: list[tuple[str, str]] = []
    for key, claim in _claims(pod, snapshot):
        driver = _driver(claim, snapshot) if claim is not None else ""
        if driver:
            use.append((driver, key))
    return tuple(use)


def _driver(claim: PersistentVolumeClaim, snapshot: Snapshot) -> str:
    if claim.volume_name:
        volume = snapshot.volumes.get(claim.volume_name)
        return volume.driver if volume is not None else ""
    storage_class = snapshot.storage_classes.get(claim.storage_class or "")
    if storage_class is None:
        return ""
    return IN_TREE_DRIVERS.get(storage_class.provisioner, storage_class.provisioner)
