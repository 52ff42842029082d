"""The sandbox: what comes of a change, on a copy of the recorded cluster."""

import pytest

from karptui.model.labels import ZONE
from karptui.model.snapshot import Snapshot
from karptui.views.line import plain
from karptui.views.lists.overview import nodes
from karptui.views.lists.packing import packing_lines
from karptui.views.spending.changes import ChangeFault, apply_changes
from karptui.views.spending.what_if import what_if
from karptui.views.wording import percent
from tests.world.recorded import STARTED, world_until


@pytest.fixture(scope="module")
def full() -> Snapshot:
    """After the first pods are bound: some nodes, all of them in use."""
    seconds = 60.0
    return world_until(seconds).snapshot(STARTED + seconds)


def _used(snapshot: Snapshot) -> str:
    return next(pod.node_name for pod in snapshot.pods.values() if pod.node_name and not pod.daemon)


def test_a_removed_node_sends_its_pods_elsewhere_and_changes_nothing(full: Snapshot) -> None:
    node = _used(full)
    pods, nodes = dict(full.pods), dict(full.nodes)
    found = what_if(full, [f"remove {node}"])
    moving = [pod for pod in full.pods.values() if pod.node_name == node and not pod.daemon and not pod.terminal]
    assert found.gone == (node,)
    assert found.moved == len(moving)
    assert found.after.nodes == found.before.nodes - 1 + len(found.new) - found.anyway
    assert (full.pods, full.nodes) == (pods, nodes)


def test_it_is_packed_as_the_map_has_it(full: Snapshot) -> None:
    world = world_until(60.0)
    told = plain(packing_lines(world, [], list(nodes(world)))[0])
    assert told.startswith(f"packed {percent(what_if(full, ['price spot x1']).before.packed)} ")


def test_pods_that_nothing_can_hold_are_refused_with_the_reason(full: Snapshot) -> None:
    pool = next(iter(full.node_pools))
    found = what_if(full, [f"limit {pool} cpu 0", f"remove {' '.join(full.nodes)}"])
    assert found.refused == found.moved > 0
    assert found.after.nodes == 0
    assert all(row.status.startswith(("REFUSED: ", "NO PLACE: ")) for row in found.rows)
    assert "would have no place" in found.sentence


def test_dearer_prices_are_counted_before_and_after(full: Snapshot) -> None:
    found = what_if(full, ["price spot x2", "price on-demand x2"])
    assert found.after.hourly == pytest.approx(2 * found.before.hourly)
    assert not found.moved


def test_added_pods_are_placed_like_their_own(full: Snapshot) -> None:
    pod = next(pod for pod in full.pods.values() if pod.node_name and not pod.daemon)
    workload = pod.metadata.name.rpartition("-")[0]
    sandbox = apply_changes(full, [f"add 7 {pod.metadata.namespace}/{workload}"])
    assert len(sandbox.snapshot.pods) == len(full.pods) + 7
    found = what_if(full, [f"add 7 {pod.metadata.namespace}/{workload}"])
    assert found.after.nodes > found.before.nodes or found.after.packed > found.before.packed


def test_a_lost_zone_takes_its_nodes_and_its_offers(full: Snapshot) -> None:
    zone = full.nodes[_used(full)].zone
    sandbox = apply_changes(full, [f"lose zone {zone}"])
    assert all(node.zone != zone for node in sandbox.snapshot.nodes.values() if node.node_pool)
    offered = [o for type_ in sandbox.snapshot.catalogue.types for o in type_.offerings if o.zone == zone]
    assert offered
    assert not any(offering.available for offering in offered)


def test_a_requirement_of_a_pool_decides_which_nodes_come(full: Snapshot) -> None:
    pool = full.node_pools[full.nodes[_used(full)].node_pool]
    required = apply_changes(full, [f"require {pool.key} {ZONE} test-zone-b"]).snapshot.node_pools[pool.key]
    assert [entry.values for entry in required.template.requirements if entry.key == ZONE] == [("test-zone-b",)]
    found = what_if(full, [f"require {pool.key} {ZONE} nowhere", f"remove {_used(full)}"])
    assert found.refused
    freed = apply_changes(full, [f"require {pool.key} {ZONE} nowhere", f"require {pool.key} {ZONE} any"])
    assert all(entry.key != ZONE for entry in freed.snapshot.node_pools[pool.key].template.requirements)


def test_a_pool_gets_the_weight_that_is_asked_for(full: Snapshot) -> None:
    pool = next(iter(full.node_pools))
    assert apply_changes(full, [f"weight {pool} 100"]).snapshot.node_pools[pool].weight == 100


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("explode", "there is no change 'explode'; write one of remove"),
        ("remove nowhere", "remove: there is no node nowhere"),
        ("remove", "which node?"),
        ("limit nopool cpu 4", "which NodePool?"),
        ("weight nopool 4", "which NodePool?"),
        ("weight default 101", "write a number from 0 to 100"),
        ("require default", "write require default KEY VALUE"),
        ("price spot 1.5", "write price spot x1.5"),
        ("add many a/b", "write add 20"),
        ("add 3 no/such", "no pod of no/such"),
        ("lose zone atlantis", "nothing is on offer there"),
        ("lose heart", "write lose zone ZONE"),
    ],
)
def test_a_change_that_cannot_be_made_is_one_sentence(full: Snapshot, change: str, words: str) -> None:
    with pytest.raises(ChangeFault, match=None) as fault:
        what_if(full, [change])
    assert words in str(fault.value)
