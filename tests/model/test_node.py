"""What a Node says of itself by its labels."""

import pytest

from karptui.model.metadata import Metadata
from karptui.model.node import Node


@pytest.mark.parametrize(
    ("labels", "capacity_type"),
    [
        ({"karpenter.sh/capacity-type": "reserved"}, "reserved"),
        ({"karpenter.sh/capacity-type": "on-demand", "eks.amazonaws.com/capacityType": "SPOT"}, "on-demand"),
        ({"eks.amazonaws.com/capacityType": "SPOT"}, "spot"),
        ({"eks.amazonaws.com/capacityType": "ON_DEMAND"}, "on-demand"),
        ({"eks.amazonaws.com/compute-type": "fargate"}, "fargate"),
        ({"eks.amazonaws.com/compute-type": "auto"}, ""),
        ({}, ""),
    ],
)
def test_a_node_that_is_not_karpenters_has_the_capacity_type_that_eks_gives_it(
    labels: dict[str, str], capacity_type: str
) -> None:
    assert Node(Metadata(name="n", labels=labels)).capacity_type == capacity_type
