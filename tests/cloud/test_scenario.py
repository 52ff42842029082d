"""Scenario files become Snapshots."""

from typing import Any

import pytest

from karptui.cloud.scenario import ScenarioError, catalogue_of, is_scenario, snapshot_of
from karptui.model.labels import CAPACITY_RESERVATION_ID, CAPACITY_TYPE, ZONE
from karptui.model.quantity import NANO, parse
from tests.conformance.corpus import catalog, names, scenario


def question(**more: Any) -> dict[str, Any]:
    return {"name": "test-000", "now": "2026-01-01T12:00:00Z", "instanceTypes": [], "objects": [], **more}


def named(**more: Any) -> dict[str, Any]:
    return question(instanceTypes={"catalog": ["m5.large"], **more})


def test_a_type_by_name_has_the_labels_prices_and_offerings_of_the_catalog() -> None:
    (type_,) = catalogue_of(named(), catalog()).types
    assert type_.capacity["cpu"] == 2 * NANO
    assert {offering.zone for offering in type_.offerings} == set(catalog()["zoneIDs"])
    assert {offering.capacity_type for offering in type_.offerings} == {"on-demand", "spot"}
    assert {offering.price for offering in type_.offerings if offering.capacity_type == "on-demand"} == {0.096}
    assert type_.requirements.of(CAPACITY_RESERVATION_ID).operator == "DoesNotExist"


def test_a_reservation_adds_an_offering_and_opens_the_requirements() -> None:
    override = {"reservation": {"id": "cr-1", "zone": "us-east-1a", "capacity": 2, "price": 0.01}}
    (type_,) = catalogue_of(named(overrides=[override]), catalog()).types
    reserved = type_.offerings[-1]
    assert (reserved.capacity_type, reserved.zone, reserved.reservation_capacity) == ("reserved", "us-east-1a", 2)
    assert type_.requirements.of(CAPACITY_RESERVATION_ID).values == {"cr-1"}
    assert "reserved" in type_.requirements.of(CAPACITY_TYPE).values


def test_overrides_reach_only_the_offerings_that_they_name() -> None:
    override = {"zones": ["us-east-1b"], "capacityTypes": ["spot"], "available": False, "price": 7}
    (type_,) = catalogue_of(named(overrides=[override]), catalog()).types
    changed = [offering for offering in type_.offerings if not offering.available]
    assert [(offering.zone, offering.capacity_type, offering.price) for offering in changed] == [
        ("us-east-1b", "spot", 7.0)
    ]


def test_a_type_written_out_is_read_in_full() -> None:
    entry = {
        "name": "own",
        "requirements": [{"key": ZONE, "operator": "In", "values": ["z"]}],
        "capacity": {"cpu": "2", "memory": "1Gi", "hugepages-2Mi": "100Mi"},
        "overhead": {"kubeReserved": {"cpu": "100m"}},
        "offerings": [
            {
                "requirements": [
                    {"key": ZONE, "operator": "In", "values": ["z"]},
                    {"key": CAPACITY_TYPE, "operator": "In", "values": ["spot"]},
                ],
                "price": 0.5,
                "available": True,
                "capacityOverride": {"cpu": "8"},
            }
        ],
    }
    (type_,) = catalogue_of(question(instanceTypes=[entry])).types
    assert type_.allocatable == {
        "cpu": parse("1900m"),
        "memory": parse("1Gi") - parse("100Mi"),
        "hugepages-2Mi": parse("100Mi"),
    }
    assert (type_.offerings[0].zone, type_.offerings[0].capacity_type) == ("z", "spot")
    assert type_.offerings[0].capacity_override == {"cpu": 8 * NANO}


def test_objects_are_put_by_key_where_the_engine_looks_for_them() -> None:
    snapshot = snapshot_of(scenario(names()[0]), catalog())
    assert snapshot.now == 1767268800.0
    assert "default" in snapshot.node_pools
    assert all(key == pod.key for key, pod in snapshot.pods.items())


def test_settings_come_through() -> None:
    options = {"preferencePolicy": "Ignore", "minValuesPolicy": "BestEffort", "featureGates": {"NodeOverlay": True}}
    read = snapshot_of(question(options=options)).options
    assert (read.preference_policy, read.min_values_policy, read.gate("NodeOverlay")) == ("Ignore", "BestEffort", True)


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (named(), "catalog.json"),
        (question(now="yesterday"), "malformed"),
        (question(objects=[{"apiVersion": "v1", "kind": "Ghost", "metadata": {"name": "x"}}]), "Ghost"),
        (question(objects=[3]), "malformed"),
        (question(instanceTypes=[{"name": "x", "capacity": {"cpu": "1.5Gx"}}]), "1.5Gx"),
        ({"name": "test-000", "instanceTypes": [], "objects": []}, "now"),
    ],
)
def test_a_scenario_that_cannot_be_read_gets_one_sentence(spoiled: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError) as error:
        snapshot_of(spoiled)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_scenario_is_told_from_a_manifest() -> None:
    assert is_scenario(question())
    assert not is_scenario({"apiVersion": "v1", "kind": "Pod"})
    assert not is_scenario([])
