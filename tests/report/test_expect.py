"""Plans in the shape of scenario files."""

import json

from karptui.engine.provisioning import plan
from karptui.model.labels import ZONE
from karptui.report.expect import expect_of
from tests.engine.cluster import ZONES, asks, node, pod, pool, requests, snapshot


def test_a_plan_is_written_as_a_scenario_expects_it() -> None:
    cluster = snapshot(
        pool("default", asks(ZONE, "In", ZONES[0])),
        node("n1", cpu="1100m"),
        pod("a", requests("3", "1500Mi")),
        pod("b"),
        pod("c", requests("100", "1Gi")),
        pod("d", node_selector={"kubernetes.io/hostname": "n1"}),
    )
    written = json.loads(json.dumps(expect_of(plan(cluster))))
    assert written["existingNodes"] == {"n1": ["default/b"]}
    assert written["errors"] == {"default/c": "pool default: cpu 100 > 31.9"}
    assert list(written["ignored"]) == ["default/d"]
    (claim,) = written["newNodeClaims"]
    assert claim["pods"] == ["default/a"]
    assert claim["requests"] == {"cpu": "3", "memory": "1500Mi", "pods": "1"}
    assert {"key": ZONE, "operator": "In", "values": [ZONES[0]]} in claim["requirements"]
    assert "notModelled" not in written
    assert "deferred" not in written
