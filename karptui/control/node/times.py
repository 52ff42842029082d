"""Deadlines that NodeClaims carry."""

from datetime import datetime

from karptui.model.labels import TERMINATION_TIMESTAMP
from karptui.model.node import NodeClaim


def termination_time(claim: NodeClaim | None) -> float | None:
    """When the claim's node must be gone whatever holds it (epoch seconds), None for no such time."""
    text = claim.metadata.annotations.get(TERMINATION_TIMESTAMP) if claim is not None else None
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None  # written by hand, and wrongly: as if it were not there
