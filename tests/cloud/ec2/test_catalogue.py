"""The shipped catalogue against the figures that Karpenter's AWS provider publishes, and against moto's EC2 answers."""

import gzip
import json
import zlib
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from karptui.cloud.catalogue import shipped
from karptui.cloud.ec2.instance_type.facts import from_description, shipped_facts
from karptui.cloud.ec2.instance_type.instance_types import NodeClassShape
from karptui.model import labels
from karptui.model.instance_type import Catalogue, InstanceType
from karptui.model.quantity import NANO, format_quantity, parse

PUBLISHED: dict[str, Any] = json.loads(
    zlib.decompress((Path(__file__).parent / "data" / "published.json.z").read_bytes())
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return shipped()


def named(catalogue: Catalogue, name: str) -> InstanceType:
    return next(entry for entry in catalogue.types if entry.name == name)


def test_every_type_is_as_large_as_karpenter_publishes(catalogue: Catalogue) -> None:
    assert len(catalogue.types) == len(PUBLISHED) == 1363
    expected = {
        name: {resource: parse(text) for resource, text in entry["allocatable"].items()}
        for name, entry in PUBLISHED.items()
    }
    assert {entry.name: entry.allocatable for entry in catalogue.types} == expected


def test_capacity_less_overhead_is_what_can_be_allocated(catalogue: Catalogue) -> None:
    for entry in catalogue.types:
        taken: Counter[str] = Counter()
        for part in (entry.overhead.kube_reserved, entry.overhead.system_reserved, entry.overhead.eviction_threshold):
            taken.update(part)
        assert {key: amount - taken[key] for key, amount in entry.capacity.items()} == entry.allocatable, entry.name


def test_every_label_of_every_type_is_the_published_one(catalogue: Catalogue) -> None:
    for entry in catalogue.types:
        found = {
            key: next(iter(requirement.values))
            for key, requirement in entry.requirements.items()
            if key in PUBLISHED[entry.name]["labels"] and len(requirement.values) == 1
        }
        assert found == PUBLISHED[entry.name]["labels"], entry.name


def test_a_type_without_a_gpu_says_so(catalogue: Catalogue) -> None:
    assert named(catalogue, "m5.large").requirements[labels.INSTANCE_GPU_COUNT].operator == "DoesNotExist"
    assert named(catalogue, "g4dn.xlarge").requirements[labels.INSTANCE_GPU_COUNT].values == {"1"}
    for entry in catalogue.types:
        assert entry.requirements[labels.CAPACITY_RESERVATION_ID].operator == "DoesNotExist"
        assert entry.requirements[labels.INSTANCE_TENANCY].values == {"default", "dedicated"}


def test_offerings_are_zone_by_zone_on_demand_then_spot(catalogue: Catalogue) -> None:
    entry = named(catalogue, "m5.large")
    assert [(offering.zone, offering.capacity_type) for offering in entry.offerings] == [
        (zone, kind)
        for zone in ("us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d")
        for kind in (labels.ON_DEMAND, labels.SPOT)
    ]
    assert entry.offerings[0].price == 0.096
    assert entry.offerings[0].requirements[labels.ZONE_ID].values == {"use1-az6"}


def test_made_up_spot_prices_are_labelled_plausible_and_repeatable(catalogue: Catalogue) -> None:
    assert catalogue.spot_synthetic
    shares: set[float] = set()
    for entry in catalogue.types:
        for on_demand, spot in zip(entry.offerings, entry.offerings[1:], strict=False):
            if spot.capacity_type == labels.SPOT and spot.price:
                share = spot.price / on_demand.price
                assert 0.249 <= share <= 0.701, (entry.name, spot.zone)
                shares.add(round(share, 2))
    assert len(shares) > 30
    again, other = shipped(), shipped(seed="another")
    assert [o.price for t in again.types for o in t.offerings] == [
        o.price for t in catalogue.types for o in t.offerings
    ]
    assert [o.price for t in other.types for o in t.offerings] != [
        o.price for t in catalogue.types for o in t.offerings
    ]


def test_a_type_without_a_price_is_there_but_cannot_be_launched(catalogue: Catalogue) -> None:
    assert not any(offering.available for offering in named(catalogue, "trn2.48xlarge").offerings)
    assert not any(offering.available for offering in named(catalogue, "a1.large").offerings), "AL2023 has no a1 image"


def test_another_region_has_its_own_zones(catalogue: Catalogue) -> None:
    west = shipped("us-west-2", ("us-west-2a", "us-west-2b"))
    entry = named(west, "m5.large")
    assert {offering.zone for offering in entry.offerings} == {"us-west-2a", "us-west-2b"}
    assert entry.requirements[labels.REGION].values == {"us-west-2"}
    assert {offering.zone for offering in named(west, "g4dn.xlarge").offerings} == {"us-west-2a", "us-west-2b"}


def test_what_just_ran_out_is_not_available() -> None:
    short = shipped(unavailable=lambda kind, name, zone: (kind, name, zone) == ("spot", "m5.large", "us-east-1b"))
    offerings = named(short, "m5.large").offerings
    assert [(o.zone, o.capacity_type) for o in offerings if not o.available] == [("us-east-1b", "spot")]


def test_kubelet_settings_of_the_node_class_change_what_a_node_offers() -> None:
    spec = {
        "kubelet": {
            "maxPods": 60,
            "podsPerCore": 20,
            "kubeReserved": {"cpu": "200m"},
            "systemReserved": {"memory": "100Mi"},
            "evictionHard": {"memory.available": "5%", "nodefs.available": "1Gi"},
        },
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": "100Gi"}}],
    }
    entry = named(shipped(shape=NodeClassShape("AL2023", spec)), "m5.large")
    assert entry.capacity["pods"] == 40 * NANO
    assert format_quantity(entry.allocatable["cpu"]) == "1800m"
    assert format_quantity(entry.allocatable["ephemeral-storage"], binary=True) == "98Gi"
    # kubeReserved memory follows the ENI figure (29), not maxPods; 5 % of 7577Mi is rounded up to a whole byte.
    left = (7577 - (11 * 29 + 255) - 100) * 2**20 - -(-7577 * 2**20 * 5 // 100)
    assert entry.allocatable["memory"] == left * NANO


def test_types_described_by_ec2_come_out_as_the_published_ones() -> None:
    packed = files("moto.ec2").joinpath("resources/instance_types.json.gz").read_bytes()
    described: dict[str, Any] = json.loads(gzip.decompress(packed))
    differing: Counter[str] = Counter()
    compared = 0
    for known in shipped_facts():
        if known.name not in described:
            continue
        compared += 1
        found = from_description(described[known.name])
        assert found.usage == known.usage
        for mine, theirs in ((found.labels, known.labels), (found.resources, known.resources)):
            differing.update(key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key))
        differing["pods"] += found.address_pods != known.address_pods
    assert compared == 1358
    # Types so new that the two sources were taken at different times: clock speeds of six families, network cards of
    # four sizes, three bandwidths, and which types can trunk.
    assert differing == {
        labels.INSTANCE_CPU_CLOCK_SPEED: 66,
        labels.INSTANCE_NETWORK_BANDWIDTH: 3,
        "vpc.amazonaws.com/pod-eni": 56,
        "pods": 4,
    }
