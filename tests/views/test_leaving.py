"""A decision that takes nodes away says why, which nodes, where their pods go and what that makes of the bill."""

import pytest
from msgspec.structs import replace

from karptui.engine.disruption import disrupt
from karptui.model.decision import Decision
from karptui.model.metadata import Condition
from karptui.model.snapshot import Snapshot
from karptui.report.answer import answer_text
from karptui.views.lists.leaving import leaving_lines
from karptui.world import events
from karptui.world.world import World
from tests.engine.cluster import pod
from tests.engine.disruption.fleet import NOW, dynamic_pool, fleet, running
from tests.engine.disruption.test_passes import SMALL, on_demand_pool


def decided(cluster: Snapshot) -> Decision:
    (command,) = disrupt(cluster).commands
    return command.decided("D-00001", NOW, cluster.number)


def told(decision: Decision) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in leaving_lines(decision)]


def test_a_deleted_node_says_where_its_pods_fit() -> None:
    nodes = running("a", "large"), running("b", "medium", conditions=())
    decision = decided(fleet(on_demand_pool(), *nodes, pod("p", SMALL, node="a")))
    why, by, goes, goes_to, bill = told(decision)
    assert why == "why underutilized: its pod fits on nodes that are there"
    assert by == "by single-node consolidation, looked at again after 15s"
    assert goes.startswith("goes a  large ") and goes.endswith("$0.420/h  1 pod")
    assert goes_to == "goes to b  1 pod"
    assert bill == "bill $0.420/h → $0.00/h"


def test_pods_that_wait_anyway_do_not_count_as_moved() -> None:
    nodes = running("a", "large"), running("b", "medium", conditions=())
    decision = decided(fleet(on_demand_pool(), *nodes, pod("p", SMALL, node="a")))
    beside = {node: (*pods, "default/waits") for node, pods in decision.placements.items()} | {"c": ("default/other",)}
    lines = told(replace(decision, placements=beside))
    assert [line for line in lines if line.startswith("goes to")] == ["goes to b  1 pod"]


def test_a_replaced_node_says_what_is_bought_for_its_pods() -> None:
    decision = decided(fleet(on_demand_pool(), running("a", "huge"), pod("p", SMALL, node="a")))
    lines = told(decision)
    assert lines[0] == "why underutilized: one cheaper node can hold its pod"
    assert any(line.startswith("goes to a new ") and line.endswith("1 pod") for line in lines)


def test_empty_nodes_are_named_each_with_its_price() -> None:
    decision = decided(fleet(dynamic_pool(), running("a", "small"), running("b", "huge")))
    lines = told(decision)
    assert lines[0] == "why empty: nothing runs on them that would have to move"
    assert [line.split()[1] for line in lines if line.startswith("goes ")] == ["a", "b"]
    assert decision.price_change == pytest.approx(-sum(entry.price for entry in decision.departures))


def test_a_drifted_node_says_what_has_changed() -> None:
    node, claim = running("a", "small")
    drifted = replace(claim, conditions=(*claim.conditions, Condition("Drifted", "True", "NodePoolDrifted")))
    lines = told(decided(fleet(on_demand_pool(), (node, drifted), pod("p", SMALL, node="a"))))
    assert lines[0] == "why drifted: NodePoolDrifted, its NodePool's template has changed since"
    assert lines[1] == "by drift"


def test_of_many_nodes_the_first_are_named_and_the_others_counted() -> None:
    decision = decided(fleet(dynamic_pool(), *(running(f"n{number:02d}", "small") for number in range(30))))
    decision = replace(decision, departures=decision.departures * 2)
    lines = told(decision)
    assert sum(line.startswith("goes ") for line in lines) == 20
    assert any(line.startswith("and ") and line.endswith(" more nodes") for line in lines)


def test_a_decision_of_an_earlier_recording_names_its_nodes() -> None:
    old = replace(decided(fleet(dynamic_pool(), running("a", "small"))), departures=(), placements={}, method="")
    world = World()
    world.apply(events.DecisionMade(NOW, old))
    assert "goes a" in answer_text(world, "D-00001", NOW)
