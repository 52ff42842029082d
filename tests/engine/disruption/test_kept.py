"""What passes over one cluster keep for each other, and when it no longer holds."""

import sys
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from karptui.engine.disruption import Kept, disrupt, survey
from karptui.model.disruption import Hold
from karptui.model.nodepool import Budget
from karptui.model.snapshot import Snapshot
from tests.engine.cluster import pod, requests
from tests.engine.disruption.fleet import NOW, dynamic_pool, fleet, running
from tests.engine.disruption.test_properties import fleets, many

SMALL = requests("200m", "256Mi")
HOUR = 3600.0


def encoded(answer: Any) -> bytes:
    return msgspec.json.encode(answer, order="sorted")


def later(snapshot: Snapshot, seconds: float) -> Snapshot:
    return replace(snapshot, number=snapshot.number + 1, now=snapshot.now + seconds)


def with_new_versions(snapshot: Snapshot) -> Snapshot:
    """Every object as a watch delivers it after a write that changed nothing which decides."""

    def newer(entry: Any) -> Any:
        metadata = replace(entry.metadata, resource_version=f"{entry.metadata.resource_version}9", generation=7)
        return replace(entry, metadata=metadata)

    kinds = ("pods", "nodes", "node_claims", "node_pools")
    return replace(
        snapshot,
        **{kind: {key: newer(entry) for key, entry in getattr(snapshot, kind).items()} for kind in kinds},
    )


def test_a_cluster_in_which_nothing_has_changed_gets_the_same_answer_without_a_pass() -> None:
    cluster, kept = fleet(dynamic_pool(), running("a"), running("b"), pod("p", SMALL, node="a")), Kept()
    first, looked_at = kept.disrupt(cluster), kept.survey(cluster)
    assert kept.disrupt(with_new_versions(later(cluster, 300))) is first
    assert kept.survey(later(cluster, 300)) is looked_at


def test_a_pod_that_came_makes_a_new_pass() -> None:
    cluster, kept = fleet(dynamic_pool(), running("a", "huge"), running("b")), Kept()
    assert kept.disrupt(cluster).commands[0].nodes == ("a", "b")
    newcomer = pod("p", SMALL, node="b")
    busier = replace(later(cluster, 1), pods={newcomer.key: newcomer})
    assert kept.disrupt(busier).commands[0].nodes == ("a",)


def test_a_budget_that_opens_makes_a_new_pass_though_no_object_has_changed() -> None:
    # NOW is 13:46:40 of a Monday; the window closes the pool from 13:00 to 14:00.
    closed = dynamic_pool("default", Budget("0", schedule="0 13 * * *", duration=HOUR))
    cluster, kept = fleet(closed, running("a")), Kept()
    assert kept.disrupt(cluster).held["a"].code is Hold.BUDGET
    assert kept.disrupt(later(cluster, 800)).commands[0].nodes == ("a",)


def test_a_budget_that_closes_during_the_validation_is_seen_in_time() -> None:
    closing = dynamic_pool("default", Budget("0", schedule="0 14 * * *", duration=HOUR))
    cluster, kept = fleet(closing, running("a")), Kept()
    assert kept.disrupt(cluster).commands
    assert kept.disrupt(later(cluster, 790)).commands == ()


def test_the_limits_of_a_pass_are_part_of_the_question() -> None:
    cluster = fleet(dynamic_pool(), running("a", "huge"), running("b"), pod("p", SMALL, node="a"))
    kept = Kept()
    assert kept.disrupt(cluster, 0, 0).commands != () or kept.disrupt(cluster).commands != ()
    assert encoded(kept.disrupt(cluster, 0, 0)) == encoded(disrupt(cluster, 0, 0))
    assert encoded(kept.disrupt(cluster)) == encoded(disrupt(cluster))


@many
@given(
    fleets(), st.lists(st.sampled_from((0.0, 1.0, 14.0, 16.0, 300.0, 3599.0, 3601.0, 90000.0)), max_size=4), st.data()
)
def test_what_is_kept_never_differs_from_a_pass_from_nothing(
    cluster: Snapshot, steps: list[float], data: st.DataObject
) -> None:
    kept = Kept()
    windows = data.draw(st.sampled_from(((), ("0 14 * * *", HOUR), ("47 13 * * *", 60.0))))
    if windows:
        pools = {
            key: replace(pool, budgets=(*pool.budgets, Budget("1", schedule=windows[0], duration=windows[1])))
            for key, pool in cluster.node_pools.items()
        }
        cluster = replace(cluster, node_pools=pools)
    claims = {
        key: replace(claim, last_pod_event=NOW - 3590.0) if data.draw(st.booleans()) else claim
        for key, claim in cluster.node_claims.items()
    }
    after = data.draw(st.sampled_from((0.0, HOUR)))
    pools = {key: replace(pool, consolidate_after=after) for key, pool in cluster.node_pools.items()}
    cluster = replace(cluster, node_claims=claims, node_pools=pools)
    for step in (0.0, *steps):
        cluster = later(cluster, step)
        assert encoded(kept.disrupt(cluster)) == encoded(disrupt(cluster))
        ours, fresh = kept.survey(cluster), survey(cluster)
        assert {name: _gist(entry) for name, entry in ours.nodes.items()} == {
            name: _gist(entry) for name, entry in fresh.nodes.items()
        }


def _gist(entry: Any) -> object:
    """What is said of a node, without the time at which it ends: an opening may be told ahead or be there."""
    return encoded(replace(entry, until=None)) if hasattr(entry, "until") else encoded(entry)


def test_objects_of_an_answer_that_still_holds_are_let_go_once_there_are_newer_ones() -> None:
    cluster, kept = fleet(dynamic_pool(), running("a"), running("b"), pod("p", SMALL, node="a")), Kept()
    [old] = cluster.pods.values()
    kept.survey(cluster)
    newer = with_new_versions(later(cluster, 300))
    assert kept.still_holds(newer)
    del cluster
    assert sys.getrefcount(old) == 2  # this name, and the argument
