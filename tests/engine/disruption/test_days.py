"""A week of a cluster: it comes to rest after everything that happens, and never pays more for having been moved."""

import pytest

from karptui.engine.disruption import disrupt
from tests.engine.disruption.days import week


@pytest.mark.parametrize("seed", [1, 2])
def test_a_cluster_comes_to_rest_and_stays_near_a_fresh_packing(seed: int) -> None:
    # Every command is checked as it is carried out: no pod is left over, the bill has fallen, and the fleet is never
    # one that it was before since the last thing that happened (A, B and A again).
    days = week(seed, workloads=40, events_a_day=3)
    assert days.commands, "nothing was ever consolidated"
    assert disrupt(days.snapshot()).commands == ()
    assert all(entry.node_name for entry in days.pods.values())
    assert days.cost() <= 1.1 * days.packed_afresh()
