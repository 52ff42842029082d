"""Lists of one kind of object: what each row tells."""

from typing import Any

import pytest

from karptui.model.disruption import Held, Hold, Survey
from karptui.model.metadata import Condition, Metadata
from karptui.model.nodepool import NodeClass
from karptui.model.selectors import label_selector
from karptui.model.workload import PodDisruptionBudget
from karptui.views.answers.relations import relations
from karptui.views.answers.why import find, why
from karptui.views.line import plain
from karptui.views.lists.object_lists import all_claims, class_rows, pdb_rows
from karptui.views.lists.overview import in_flight, pools
from karptui.views.timelines.progress import waiting
from karptui.world import events
from karptui.world.world import World
from tests.world.recorded import STARTED, world_until

NOW = STARTED + 11.0


def told(world: World, resource: str, found: Any) -> None:
    world.apply(events.ObjectSeen(NOW, resource, events.Change.ADDED, found))


def ec2_class(status: dict[str, Any], **conditions: tuple[str, str]) -> NodeClass:
    entries = tuple(Condition(name, state, "", words, NOW) for name, (state, words) in conditions.items())
    spec = {"amiSelectorTerms": [{"alias": "al2023@latest"}]}
    return NodeClass(Metadata(name="default", uid="c", created=NOW - 60), "EC2NodeClass", spec, status, entries)


def test_a_node_class_tells_what_was_found_and_who_uses_it() -> None:
    world = world_until(11.0)
    told(world, "kwoknodeclasses", NodeClass(Metadata(name="default", uid="k"), "KWOKNodeClass"))
    status = {
        "amis": [{"id": "ami-1"}, {"id": "ami-2"}],
        "subnets": [{"id": "a", "zone": "us-west-2b"}, {"id": "b", "zone": "us-west-2a"}],
    }
    told(world, "ec2nodeclasses", ec2_class(status, Ready=("True", "")))
    ours, kwok = class_rows(world, pools(world))
    assert (ours.key, ours.ready, ours.wrong) == ("EC2NodeClass/default", True, "")
    assert (ours.amis, ours.image, ours.subnets, ours.zones, ours.groups) == (2, "al2023@latest", 2, ("2a", "2b"), 0)
    assert (ours.pools, ours.nodes) == ((), 0)
    assert (kwok.ready, kwok.amis, kwok.subnets) == (None, None, None)
    assert kwok.pools == ("default",)
    assert kwok.nodes == sum(node.node_pool == "default" for node in world.of("nodes").values()) > 0


def test_a_node_class_that_is_not_ready_names_the_condition_behind_it() -> None:
    world = world_until(11.0)
    groups = "SecurityGroupSelector did not match any SecurityGroups"
    found = ec2_class({}, AMIsReady=("True", ""), SecurityGroupsReady=("False", groups), Ready=("False", "not all"))
    told(world, "ec2nodeclasses", found)
    (row,) = [row for row in class_rows(world, pools(world)) if row.kind == "EC2NodeClass"]
    assert row.ready is False
    assert row.wrong == f"SecurityGroupsReady: {groups}"


def test_every_node_claim_is_listed_and_those_in_flight_as_the_overview_has_them() -> None:
    world = world_until(11.0)
    pending = waiting(world, NOW)
    rows = all_claims(world, pending, NOW)
    assert {row.key for row in rows} == set(world.of("nodeclaims"))
    by_key = {row.key: row for row in rows}
    for row in in_flight(world, pending, NOW):
        assert by_key[row.key] == row
    ready = [row for row in rows if row.stage == "ready"]
    assert all(row.pods == len(world.usage.on(world.of("nodeclaims")[row.key].node_name)) for row in ready)


@pytest.fixture
def guarded() -> World:
    """A budget over every pod of the namespace, and one over none."""
    world = world_until(11.0)
    selector = label_selector({})
    told(world, "poddisruptionbudgets", PodDisruptionBudget(Metadata(name="all", namespace="default"), selector, "1"))
    none = PodDisruptionBudget(
        Metadata(name="none", namespace="other"), selector, None, "50%", False, 3, current_healthy=6, desired_healthy=3,
        expected_pods=7,
    )  # fmt: skip
    told(world, "poddisruptionbudgets", none)
    return world


def test_a_budget_that_holds_nodes_comes_first_with_what_they_would_save(guarded: World) -> None:
    node = next(iter(guarded.of("nodes")))
    survey = Survey({node: Held(node, Hold.PDB, ("default/all",), "default/a", saves=0.25)})
    first, second = pdb_rows(guarded, survey)
    assert (first.key, first.rule, first.allows) == ("default/all", "at least 1 available", 0)
    assert (first.nodes, first.saves) == ((node,), 0.25)
    assert (first.short_rule, second.short_rule) == ("min 1 available", "max 50% unavailable")
    assert (second.rule, second.allows, second.nodes) == ("at most 50% unavailable", 3, ())
    assert (first.healthy, first.needed, first.pods) == (None, None, None)  # nobody has written its status
    assert (second.healthy, second.needed, second.pods) == (6, 3, 7)


def test_why_of_a_budget_tells_how_many_are_healthy_and_what_all_its_nodes_would_save(guarded: World) -> None:
    nodes = list(guarded.of("nodes"))[:2]
    survey = Survey({name: Held(name, Hold.PDB, ("other/none",), "other/a", saves=0.25) for name in nodes})
    lines = [plain(line) for line in why(guarded, "pdb", "other/none", NOW, survey=survey).lines]
    assert lines[:2] == ["allows 3 evictions now", "healthy 6 of 7 pods, 3 needed"]
    assert "holds 2 nodes, which keeps up to $0.500/h ($365/mo) from being saved" in lines


def test_why_of_a_budget_tells_what_it_allows_and_leads_to_its_pods(guarded: World) -> None:
    kind, key = find(guarded, "default/all") or ("", "")
    assert (kind, key) == ("pdb", "default/all")
    lines = [plain(line) for line in why(guarded, kind, key, NOW).lines]
    assert lines[:3] == ["allows 0 evictions now", "rule at least 1 available", "selects every pod of its namespace"]
    inside = {pod for pod in guarded.of("pods") if pod.startswith("default/")}
    assert {entry.name for entry in relations(guarded, "pdb", key, NOW)} == inside
    pod = next(iter(inside))
    assert ("pdb", "default/all") in {(entry.kind, entry.name) for entry in relations(guarded, "pod", pod, NOW)}
