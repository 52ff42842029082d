"""Features that a Snapshot asks for and that this engine does not weigh; a Plan names them."""

from karptui.engine.provisioning.pending import Batch
from karptui.model.snapshot import Snapshot


def not_modelled(snapshot: Snapshot, batch: Batch) -> tuple[str, ...]:
    """What the answer leaves out, one phrase each."""
    missing: list[str] = []
    if not snapshot.options.ignore_dra_requests and any(pod.spec.resource_claims for pod in batch.pods):
        missing.append("dynamic resource allocation")
    if snapshot.options.gate("NodeOverlay"):
        missing.append("NodeOverlay")
    if snapshot.options.gate("CapacityBuffer"):
        missing.append("CapacityBuffer")
    if snapshot.options.gate("StaticCapacity"):
        # Their nodes are made by a controller of their own, whatever is pending; those that run are existing nodes.
        static = sorted(pool.key for pool in snapshot.node_pools.values() if pool.replicas is not None)
        missing += [f"nodes that static NodePool {name} is about to make" for name in static]
    return tuple(missing)
