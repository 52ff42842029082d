"""What an empty list says: why it is empty, and what to do about it."""

from karptui.world.events import StreamState
from karptui.world.world import World

_NAMES = {"pods": "pods", "nodes": "nodes", "nodepools": "NodePools", "nodeclaims": "NodeClaims",
          "nodeclasses": "NodeClasses", "poddisruptionbudgets": "PodDisruptionBudgets"}  # fmt: skip
_ABSENT = {
    "nodepools": "No Karpenter here: it has no NodePools. karptui plan -f FILE tries one.",
    "nodeclaims": "No Karpenter here: it has no NodeClaims. karptui demo shows some.",
    "nodeclasses": "No Karpenter here: it has no NodeClasses. karptui demo shows one.",
}
_NONE = {
    "nodepools": "No NodePools: karptui plan -f FILE tells what one would do.",
    "nodeclaims": "No NodeClaim is on its way: a pending pod brings one.",
    "nodeclasses": "No NodeClasses: a NodePool needs one to launch anything.",
    "poddisruptionbudgets": "No PodDisruptionBudgets: nothing keeps a pod from being evicted.",
    "nodes": "No nodes: a NodePool and a pending pod bring the first.",
    "pods": "No pods: karptui demo has a cluster full of them.",
    "pending": "Nothing is pending. : asks about any pod, w tries what-if.",
}


UNDECIDED = "Nothing decided since karptui looks: a pod that waits for a node brings a decision."


def nothing(world: World, what: str) -> str:
    """The words for an empty list of a resource, or of `pending` pods."""
    resource = "pods" if what == "pending" else what
    stream = world.streams.get(resource)
    if stream is None or (stream.state is not StreamState.FORBIDDEN and not world.synced()):
        return "Nothing yet: karptui is still listing the cluster."
    if stream.state is StreamState.FORBIDDEN:
        return f"{_NAMES[resource]} may not be read: karptui manifests --mode observe has the RBAC."
    if stream.state is StreamState.ABSENT:
        return _ABSENT.get(what, _NONE[what])
    return _NONE[what]
