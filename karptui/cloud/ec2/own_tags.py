"""Tags by which Karpenter and karptui know what is theirs; those that users may not set (spec/aws.md 3.7)."""

from collections.abc import Mapping
from typing import Any

from karptui.model import labels

CLAIM_TAG = "karpenter.sh/nodeclaim"
CLAIM_UID_TAG = "karptui/nodeclaim-uid"
"""karptui's own: which claim an instance was launched for, so that after a crash it is found and not launched again."""
NODE_CLASS_TAG = labels.EC2_NODE_CLASS
CLUSTER_TAG = "eks:eks-cluster-name"
RESTRICTED_TAGS = (CLUSTER_TAG, labels.NODEPOOL, CLAIM_TAG, NODE_CLASS_TAG)
RESTRICTED_TAG_PREFIX = "kubernetes.io/cluster"


def restricted_tag(spec: Mapping[str, Any]) -> str:
    """The first tag of the spec that users may not set, or ""."""
    tags: Mapping[str, str] = spec.get("tags") or {}
    return next((key for key in tags if key in RESTRICTED_TAGS or key.startswith(RESTRICTED_TAG_PREFIX)), "")
