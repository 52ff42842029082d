"""The NodePool hash against annotations that Karpenter itself has written."""

import json
from typing import Any

import pytest

from karptui.engine.disruption.nodepool_hash import nodepool_hash
from karptui.kube.decode_node import decode_node_pool
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


KWOK = {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"}
TAINTS = [{"key": "k", "value": "v", "effect": "NoSchedule"}, {"key": "k2", "effect": "NoExecute"}]
FULL = {
    "expireAfter": "1h30m",
    "terminationGracePeriod": "45s",
    "taints": TAINTS,
    "startupTaints": [{"key": "s", "effect": "NoSchedule"}],
}


@pytest.mark.parametrize(
    ("metadata", "spec", "text"),
    [
        (None, {"expireAfter": "720h"}, "12745407319442031341"),
        ({}, {"expireAfter": "720h"}, "12745407319442031341"),
        ({"labels": {}}, {"expireAfter": "720h"}, "5327702334917744615"),
        ({"labels": {}, "annotations": {}}, {"expireAfter": "720h"}, "4194485230119281011"),
        ({"labels": {"a": "b"}, "annotations": {}}, {"expireAfter": "720h"}, "10594682912218214938"),
        (None, {"expireAfter": "720h", "taints": []}, "845502862369909111"),
        ({"labels": {"a": "b"}}, {"expireAfter": "720h", "startupTaints": []}, "16424406190459811025"),
        (None, {"expireAfter": "Never"}, "7428780003907761376"),
        (None, {"expireAfter": "90m15s"}, "15711726297083084784"),
        (None, {"expireAfter": "0s", "terminationGracePeriod": "0s"}, "11201156090959835969"),
        (
            {"labels": {"a": "b", "c": "d"}, "annotations": {"x": "multi\nline \u0007", "y": ""}},
            FULL,
            "15649401618695721099",
        ),
    ],
)
def test_what_karpenter_itself_wrote_on_such_a_nodepool(metadata: Any, spec: dict[str, Any], text: str) -> None:
    template: dict[str, Any] = {"spec": {"nodeClassRef": KWOK, "requirements": [], **spec}}
    if metadata is not None:
        template["metadata"] = metadata
    manifest = {"metadata": {"name": "default"}, "spec": {"template": template}}
    assert nodepool_hash(decode_node_pool(json.dumps(manifest).encode(), "v1")) == text
