"""The NodePool hash against annotations that Karpenter itself has written."""

import pytest

from karptui.engine.disruption.nodepool_hash import nodepool_hash
from karptui.model.metadata import Metadata
from karptui.model.node import NodeClassReference, RequirementSpec
from karptui.model.nodepool import NodePool, NodeTemplate
from karptui.model.taints import Taint

DEFAULT = NodeClassReference("karpenter.k8s.aws", "EC2NodeClass", "default")
HOUR = 3600.0


def hash_of(template: NodeTemplate) -> str:
    return nodepool_hash(NodePool(Metadata("default"), template))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (NodeTemplate(node_class=DEFAULT, expire_after=720 * HOUR), "6821555240594823858"),
        (
            NodeTemplate(
                node_class=NodeClassReference("eks.amazonaws.com", "NodeClass", "default"),
                expire_after=336 * HOUR,
                termination_grace_period=24 * HOUR,
            ),
            "4012513481623584108",
        ),
        (NodeTemplate(node_class=DEFAULT), "17369979337536258260"),
    ],
)
def test_the_hash_is_that_of_a_live_nodepool(template: NodeTemplate, text: str) -> None:
    assert hash_of(template) == text


def test_the_order_of_taints_and_labels_does_not_matter_but_what_they_say_does() -> None:
    first, second = Taint("a", "1", "NoSchedule"), Taint("b", "", "NoExecute")
    one = NodeTemplate({"x": "1", "y": "2"}, node_class=DEFAULT, taints=(first, second))
    other = NodeTemplate({"y": "2", "x": "1"}, node_class=DEFAULT, taints=(second, first))
    assert hash_of(one) == hash_of(other)
    startup = NodeTemplate({"x": "1", "y": "2"}, node_class=DEFAULT, startup_taints=(first, second))
    swapped = NodeTemplate({"x": "2", "y": "1"}, node_class=DEFAULT, taints=(first, second))
    assert len({hash_of(one), hash_of(startup), hash_of(swapped)}) == 3


def test_requirements_are_not_part_of_it() -> None:
    asked = NodeTemplate(node_class=DEFAULT, requirements=(RequirementSpec("kubernetes.io/arch", "In", ("arm64",)),))
    assert hash_of(asked) == hash_of(NodeTemplate(node_class=DEFAULT))
