"""Which nodes go, when, for what, and why the others stay."""

from karptui.engine.disruption.consolidation import disrupt

__all__ = ["disrupt"]
