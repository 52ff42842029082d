"""The bill, the ledger and the packing of the recorded cluster."""

import pytest

from karptui.model.decision import Decision, DecisionKind
from karptui.model.disruption import Command, Held, Hold, Survey
from karptui.report.twins.cost import cost_twin
from karptui.tui.segments.line import plain
from karptui.views.lists.open_savings import open_rows, saving, short_owner
from karptui.views.lists.overview import nodes
from karptui.views.lists.packing import packing, packing_lines
from karptui.views.spending.cost import (
    NodeCosts,
    average_text,
    averages,
    bill,
    bill_lines,
    history,
    ledger_line,
    move_rows,
    past_span,
    short_bill_lines,
)
from karptui.world import events
from karptui.world.bill_series import pack
from karptui.world.world import World
from tests.world.recorded import STARTED, world_until

SECONDS = 60.0
NOW = STARTED + SECONDS


@pytest.fixture
def world() -> World:
    return world_until(SECONDS)


def test_pools_spot_and_on_demand_add_up_to_the_bill(world: World) -> None:
    found = bill(NodeCosts().read(world))
    assert found.hourly == pytest.approx(world.ledger.hourly)
    assert sum(row.hourly for row in found.pools) == pytest.approx(found.hourly)
    assert sum(row.hourly for row in found.namespaces) == pytest.approx(found.asked)
    assert found.spot_nodes + found.on_demand_nodes == len(world.of("nodes"))


def test_both_forms_of_the_bill_say_what_is_not_in_the_sum(world: World) -> None:
    name = next(iter(world.ledger.nodes))
    entry = world.ledger.nodes[name]
    world.ledger.set_node(NOW, type(entry)(entry.node, entry.node_pool, entry.capacity_type, None))
    found = bill(NodeCosts().read(world))
    for lines in (bill_lines(world, found, NOW), short_bill_lines(world, found, NOW)):
        assert any("NOT in the sum" in plain(line) for line in lines)


def test_a_move_is_settled_when_its_nodes_are_gone(world: World) -> None:
    name = next(name for name, entry in world.ledger.nodes.items() if entry.price)
    price, node = world.ledger.nodes[name].price, world.of("nodes")[name]
    decision = Decision("D-00009", NOW, DecisionKind.DELETE, nodes=(name,), price_change=-1.0)
    world.apply(events.DecisionMade(NOW, decision))
    world.apply(events.DecisionCarriedOut(NOW, "D-00009", message="deleting"))
    assert move_rows(world)[0].real is None
    assert "under way" in ledger_line(world)
    world.apply(events.ObjectSeen(NOW + 9, "nodes", events.Change.DELETED, node))
    assert move_rows(world)[0].real == pytest.approx(-(price or 0.0))


def test_history_is_empty_before_the_first_price_and_ends_with_now(world: World) -> None:
    values = history(world, NOW, 3600.0, 60)
    assert values[0] is None
    assert values[-1] == pytest.approx(world.ledger.hourly)


@pytest.mark.parametrize("grouping", ["zone", "pool", "type"])
def test_the_map_has_every_node_once(world: World, grouping: str) -> None:
    groups = packing(world, nodes(world), None, grouping, "cpu", NOW)  # type: ignore[arg-type]
    keys = [cell.key for group in groups for cell in group.cells if cell.kind == "node"]
    assert sorted(keys) == sorted(world.of("nodes"))
    assert sum(group.hourly for group in groups) == pytest.approx(world.ledger.hourly)
    assert plain(packing_lines(world, groups, nodes(world))[0]).startswith("packed ")


def test_averages_reach_as_far_back_as_what_was_kept_and_say_what_of_it_is_known() -> None:
    world, now = world_until(60.0), STARTED + 60.0
    assert averages(world, now) == []
    assert past_span(world, now) is None
    world.apply(events.BillKnown(now, pack((now - 60.0 * minute, 2.0) for minute in range(120))))
    (day,) = averages(world, now)
    assert average_text(day) == "24 h $2.00/h (2h00m known)"
    assert past_span(world, now) == 6 * 3600.0
    world.apply(events.BillKnown(now, pack((now - 86400.0 - 60.0 * minute, 4.0) for minute in range(120))))
    assert [(found.name, round(found.hourly, 2)) for found in averages(world, now)] == [("24 h", 2.0), ("7 d", 3.0)]
    told = cost_twin(world, now)
    assert any("average  24 h $2.00/h (2h00m known)   7 d $3.00/h" in line for line in told.boxes[0].lines)
    assert [entry["period"] for entry in told.data["averages"]] == ["24 h", "7 d"]


def test_a_node_without_a_price_counts_for_its_pool_and_for_no_capacity_type(world: World) -> None:
    name = next(iter(world.ledger.nodes))
    entry = world.ledger.nodes[name]
    world.ledger.set_node(NOW, type(entry)(entry.node, entry.node_pool, entry.capacity_type, None))
    found = bill(NodeCosts().read(world))
    assert sum(row.nodes for row in found.pools) == len(world.of("nodes"))
    assert found.spot_nodes + found.on_demand_nodes + found.unpriced == len(world.of("nodes"))


def test_what_is_open_names_no_node_that_is_gone_and_adds_up_only_to_what_is_possible(world: World) -> None:
    snapshot = world.snapshot(NOW)
    here, other, gone = *list(world.of("nodes"))[:2], "gone"
    held: dict[str, Command | Held] = {
        name: Held(name, Hold.POD_DO_NOT_DISRUPT, ("default/left-since",), saves=0.25) for name in (here, other, gone)
    }
    (row,) = open_rows(snapshot, Survey(held), NOW, world.of("nodes"))
    assert (row.owner, row.nodes, row.brief) == (
        "Pod default/left-since",
        (here, other),
        "pod annotated do-not-disrupt",
    )
    assert saving(row) == "up to $0.500/h"
    (row,) = open_rows(snapshot, Survey({here: held[here]}), NOW, world.of("nodes"))
    assert saving(row) == "$0.250/h"


def test_a_budget_is_named_shortly_beside_what_it_does(world: World) -> None:
    here = next(iter(world.of("nodes")))
    held = Held(here, Hold.PDB, ("shop/api",), "shop/api-7", saves=0.25)
    (row,) = open_rows(world.snapshot(NOW), Survey({here: held}), NOW, world.of("nodes"))
    assert (short_owner(row.owner), row.brief) == ("PDB shop/api", "allows no eviction")


def test_a_node_that_its_claim_does_not_name_yet_is_on_the_map_once() -> None:
    world = world_until(11.0)
    unnamed = [claim for claim in world.of("nodeclaims").values() if not claim.node_name]
    joined = {node.provider_id for node in world.of("nodes").values()}
    assert any(claim.provider_id in joined for claim in unnamed)
    groups = packing(world, nodes(world), None, "zone", "cpu", STARTED + 11.0)
    assert sum(group.coming for group in groups) == sum(claim.provider_id not in joined for claim in unnamed)
