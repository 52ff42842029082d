"""Features that a Snapshot asks for and that this engine does not weigh; a Plan names them."""

from karptui.engine.provisioning.pending import Batch
from karptui.model.snapshot import Snapshot


def not_modelled(snapshot: Snapshot, batch: Batch) -> tuple[str, ...]:
    """What the answer leaves out, one phrase each."""
    missing: list[str] = []
    if not snapshot.options.ignore_dra_requests and any(pod.spec.resource_claims for pod in batch.pods):
        missing.append("dynamic resource allocation")
    if snapshot.options.gate("CapacityBuffer"):
        missing.append("CapacityBuffer")
    return tuple(missing)
