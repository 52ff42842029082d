"""Whether a NodeClass lets anything be launched by it (spec/aws.md 3.1)."""

from karptui.cloud.ec2.own_tags import restricted_tag
from karptui.cloud.provider import CreateError, InsufficientCapacity, NodeClassNotReady
from karptui.model.metadata import condition
from karptui.model.nodepool import NodeClass


def check_ready(node_class: NodeClass) -> None:
    """Raises InsufficientCapacity, NodeClassNotReady or CreateError where it does not."""
    if node_class.metadata.deleted is not None:
        raise InsufficientCapacity(f"the NodeClass {node_class.name} is being deleted")
    ready = condition(node_class.conditions, "Ready")
    if ready is not None and ready.status == "False":
        raise NodeClassNotReady(f"the NodeClass {node_class.name} is not ready: {ready.message or ready.reason}")
    if ready is None or ready.status != "True":
        message = f"the NodeClass {node_class.name} is not resolved yet"
        raise CreateError("NodeClassReadinessUnknown", message, "NodeClass is in Ready=Unknown")
    generation = node_class.metadata.generation
    if ready.observed_generation and ready.observed_generation < generation:
        raise NodeClassNotReady(f"the NodeClass {node_class.name} changed and is not resolved again yet")
    if tag := restricted_tag(node_class.spec):
        raise NodeClassNotReady(f"the NodeClass {node_class.name} sets the tag {tag}, which is Karpenter's own")
