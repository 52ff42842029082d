"""The messages of the events that Karpenter publishes about a round (spec/scheduling.md 9.5)."""

from karptui.engine.explain.sentences import failure_sentence
from karptui.model.decision import PodFailure, Reason, Refusal

NO_COMPATIBLE_TYPES = "NodePool requirements filtered out all compatible available instance types"
"""NoCompatibleInstanceTypes, about a NodePool that no instance type suits."""

NO_COMPATIBLE_TYPES_FOR_MIN_VALUES = NO_COMPATIBLE_TYPES + " due to minValues incompatibility"


def no_types_text(reason: Reason) -> str:
    """NoCompatibleInstanceTypes; `reason` is one of a Plan's `typeless`."""
    return NO_COMPATIBLE_TYPES_FOR_MIN_VALUES if reason.code is Refusal.MIN_VALUES else NO_COMPATIBLE_TYPES


def nominated_text(*targets: str) -> str:
    """Nominated, about a pod. A target is `nodeclaim/NAME` or `node/NAME`; a NodeClaim that has a Node has both."""
    return f"Pod should schedule on: {', '.join(targets)}"


def failed_text(failure: PodFailure) -> str:
    """FailedScheduling, about a pod that was placed nowhere."""
    return f"Failed to schedule pod, {failure_sentence(failure)}"
