"""Which types a launch asks for when spot is not always the cheaper way to buy."""

from msgspec.structs import replace

from karptui.cloud.catalogue import shipped
from karptui.cloud.ec2.instance.choice import choose, usable_offerings
from karptui.model import labels
from karptui.model.instance_type import InstanceType
from karptui.model.node import NodeClaim, RequirementSpec
from tests.cloud.ec2.cluster import claim

ZONE = "us-east-1a"
SMALL, LARGE = "m5.large", "m5.4xlarge"
"""Spot of the larger one costs more than the smaller one does on demand."""


def types(*, without: tuple[str, str] = ("", ""), only_spot: str = "") -> list[InstanceType]:
    """`without` (type, capacity type) cannot be bought now, `only_spot` is not sold on demand at all."""
    found: list[InstanceType] = []
    for entry in shipped(zones=[ZONE]).types:
        if entry.name in (SMALL, LARGE):
            offerings = tuple(
                replace(offering, available=(entry.name, offering.capacity_type) != without)
                for offering in entry.offerings
                if entry.name != only_spot or offering.capacity_type == labels.SPOT
            )
            found.append(replace(entry, offerings=offerings))
    return found


def wanted() -> NodeClaim:
    zone = RequirementSpec(labels.ZONE, "In", (ZONE,))
    return claim((SMALL, LARGE), ("spot", "on-demand"), requirements=[zone])


def asked(sold: list[InstanceType]) -> tuple[list[str], list[tuple[str, str]]]:
    """The types kept, and (type, capacity type) of every override."""
    choice = choose(wanted(), sold)
    overrides = usable_offerings(wanted(), choice, {ZONE: {}})
    return [entry.type.name for entry in choice.candidates], [(t.name, o.capacity_type) for t, o in overrides]


def test_spot_dearer_than_the_cheapest_on_demand_is_not_asked_for() -> None:
    assert asked(types()) == ([SMALL, LARGE], [(SMALL, "spot")])


def test_a_type_that_lost_its_dear_spot_stays_last_while_it_has_another_offering_of_any_kind() -> None:
    assert asked(types(without=(LARGE, "on-demand"))) == ([SMALL, LARGE], [(SMALL, "spot")])


def test_a_type_with_nothing_but_dear_spot_goes() -> None:
    assert asked(types(only_spot=LARGE)) == ([SMALL], [(SMALL, "spot")])


def test_where_only_dear_spot_is_left_on_demand_is_bought() -> None:
    assert asked(types(without=(SMALL, "spot"))) == ([SMALL, LARGE], [(SMALL, "on-demand"), (LARGE, "on-demand")])
