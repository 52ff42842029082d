"""The NodeClaim that would be created, field by field."""

from typing import Any

import pytest

from karptui.engine.disruption.nodepool_hash import nodepool_hash
from karptui.engine.explain.event_text import failed_text, nominated_text
from karptui.engine.provisioning import plan
from karptui.engine.provisioning.node_claim import go_duration, node_claim_object, short_duration
from karptui.model.labels import NODEPOOL, NODEPOOL_HASH, ZONE
from karptui.model.nodepool import NodePool
from karptui.model.taints import Taint, Toleration
from tests.engine.cluster import asks, pod, pool, requests, snapshot


def written(given: NodePool, **constraints: Any) -> dict[str, Any]:
    cluster = snapshot(given, pod("web-0", requests("1500m", "2Gi"), **constraints))
    (claim,) = plan(cluster).claims
    return node_claim_object(claim, given)


def test_a_node_claim_belongs_to_its_pool_and_is_named_by_it() -> None:
    metadata = written(pool("general"))["metadata"]
    assert metadata["generateName"] == "general-"
    assert metadata["labels"][NODEPOOL] == "general"
    (owner,) = metadata["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["blockOwnerDeletion"]) == ("NodePool", "general", True)
    assert "controller" not in owner
    assert metadata["annotations"][NODEPOOL_HASH] == nodepool_hash(pool("general"))


def test_its_requests_are_written_as_kubernetes_writes_them() -> None:
    assert written(pool("general"))["spec"]["resources"]["requests"] == {"cpu": "1500m", "memory": "2Gi", "pods": "1"}


def test_it_asks_for_the_types_that_were_kept_and_for_what_they_offer() -> None:
    spec = written(pool("general", asks(ZONE, "In", "zone-a", "zone-b")), node_selector={ZONE: "zone-b"})["spec"]
    by_key = {entry["key"]: entry for entry in spec["requirements"]}
    assert by_key[ZONE]["values"] == ["zone-b"]
    assert set(by_key["karpenter.sh/capacity-type"]["values"]) <= {"on-demand", "spot"}
    assert by_key["node.kubernetes.io/instance-type"]["values"]
    assert "kubernetes.io/hostname" not in by_key


def test_labels_of_its_own_get_a_value_and_well_known_ones_do_not() -> None:
    own = [
        asks("example.com/tier", "In", "gold", "bronze"),
        asks("example.com/rack", "Exists"),
        asks("example.com/row", "Gt", "7"),
        asks("example.com/none", "DoesNotExist"),
    ]
    labels = written(pool("general", *own, asks(ZONE, "In", "zone-a")))["metadata"]["labels"]
    assert labels["example.com/tier"] == "bronze"
    assert labels["example.com/rack"] == "0"
    assert labels["example.com/row"] == "8"
    assert "example.com/none" not in labels
    assert ZONE not in labels


def test_taints_come_from_the_template() -> None:
    taint = Taint("team", "a", "NoSchedule")
    spec = written(pool("general", taints=(taint,)), tolerations=(Toleration("team", "Exists"),))["spec"]
    assert spec["taints"] == [{"key": "team", "value": "a", "effect": "NoSchedule"}]
    assert "startupTaints" not in spec


@pytest.mark.parametrize(
    ("seconds", "go", "short"),
    [
        (2592000, "720h0m0s", "720h"),
        (5400, "1h30m0s", "1h30m"),
        (330, "5m30s", "5m30s"),
        (300, "5m0s", "5m"),
        (55, "55s", "55s"),
        (0, "0s", "0s"),
        (1.5, "1.5s", "1.5s"),
        (0.25, "250ms", "250ms"),
        (3601, "1h0m1s", "1h0m1s"),
    ],
)
def test_durations_are_written_as_go_and_as_people_write_them(seconds: float, go: str, short: str) -> None:
    assert (go_duration(seconds), short_duration(seconds)) == (go, short)


def test_events_say_where_a_pod_goes_or_why_nowhere() -> None:
    assert nominated_text("nodeclaim/a", "node/b") == "Pod should schedule on: nodeclaim/a, node/b"
    answer = plan(snapshot(pool("general"), pod("big-0", requests("900", "1Gi"))))
    assert failed_text(answer.errors["default/big-0"]).startswith("Failed to schedule pod, pool general: cpu 900 > ")
