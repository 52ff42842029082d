"""Host ports that pods take on a node (spec/scheduling.md 3.7)."""

from collections.abc import Sequence

from karptui.model.containers import HostPort


def clash(wanted: Sequence[HostPort], taken: Sequence[HostPort]) -> bool:
    """Whether any wanted port is taken."""
    return any(port.clashes(other) for port in wanted for other in taken)
