"""What is kept of an object, in the shape in which kubectl prints it."""

import pytest
import yaml

from karptui.model.decision import Decision, DecisionKind
from karptui.views.answers.manifest import OWN_RECORD, RESOURCE_OF, kept_object, remarks, yaml_lines
from karptui.views.line import plain
from karptui.world import events
from karptui.world.world import World
from tests.world.recorded import STARTED, world_until

KINDS = {"pod": "Pod", "node": "Node", "claim": "NodeClaim", "pool": "NodePool", "pdb": "PodDisruptionBudget"}


@pytest.fixture(scope="module")
def world() -> World:
    """With an object of every kind."""
    return world_until(60.0)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_has_the_shape_of_the_api(world: World, kind: str) -> None:
    for key in world.of(RESOURCE_OF[kind]):
        found = kept_object(world, kind, key)
        assert found is not None
        assert found["kind"] == KINDS[kind] and "apiVersion" in found
        assert found.keys() <= {"apiVersion", "kind", "metadata", "spec", "status"}
        assert found["metadata"]["creationTimestamp"].endswith("Z")
        text = "\n".join(plain(line) for line in yaml_lines(found, remarks(kind)))
        assert yaml.safe_load(text) == found
        assert text.startswith("# What karptui keeps of it")
        for foreign in ("resource_version", "1970-01-01", "{}", "[]", "null"):
            assert foreign not in text


def test_amounts_and_times_are_written_as_kubernetes_writes_them(world: World) -> None:
    node = next(iter(world.of("nodes")))
    found = kept_object(world, "node", node)
    assert found is not None
    assert found["status"]["allocatable"]["memory"].endswith("Mi")
    assert "." not in found["metadata"]["creationTimestamp"]


def test_a_decision_is_said_to_be_no_object_of_kubernetes() -> None:
    world = World()
    made = Decision("D-00001", STARTED, DecisionKind.DELETE, nodes=("node-1",), cause="Empty", price_change=-0.04)
    world.apply(events.DecisionMade(STARTED, made))
    found = kept_object(world, "decision", "D-00001")
    assert found is not None and found["at"] == "2026-11-21T12:29:02.172000Z"
    assert "compared" not in found
    assert remarks("decision") == [OWN_RECORD]


def test_what_is_gone_has_no_manifest(world: World) -> None:
    assert kept_object(world, "node", "no-such-node") is None
    assert kept_object(world, "decision", "D-99999") is None
