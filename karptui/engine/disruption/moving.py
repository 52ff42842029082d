"""Where the pods of nodes go that somebody else takes away (spec/lifecycle.md 4.6)."""

from collections.abc import Iterable, Mapping

from karptui.engine.disruption.budgets import UNDERUTILIZED
from karptui.engine.disruption.profile import profile_of
from karptui.engine.provisioning.simulation import Simulation
from karptui.model.snapshot import Snapshot


def placements_without(snapshot: Snapshot, nodes: Iterable[str], reason: str) -> Mapping[str, tuple[str, ...]]:
    """The nodes that stay and would get pods if these nodes went for a reason, each with its pods, sorted."""
    simulation = Simulation(snapshot)
    known = [name for name in nodes if name in simulation.state]
    if not known:
        return {}
    shield = reason == UNDERUTILIZED and profile_of(snapshot.options.karpenter_version).shields_targets
    simulated = simulation.without(known, shield)
    return simulated.placements if simulated is not None else {}
