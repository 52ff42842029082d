"""`karptui disrupt`: manifests and scenarios in, which nodes go out."""

import json
from pathlib import Path
from typing import Any

import yaml

from tests.cli.commands import karptui
from tests.cli.test_plan import POOL
from tests.conformance.corpus import DISRUPTION, catalog, scenario

LABELS = {
    "karpenter.sh/nodepool": "default",
    "karpenter.sh/capacity-type": "on-demand",
    "node.kubernetes.io/instance-type": "m5.4xlarge",
    "topology.kubernetes.io/zone": "us-east-1a",
    "kubernetes.io/arch": "amd64",
    "kubernetes.io/os": "linux",
}
SINCE = "2026-01-01T00:00:00Z"


def node(name: str) -> list[dict[str, Any]]:
    amounts = {"cpu": "16", "memory": "60Gi", "pods": "110"}
    own = {**LABELS, "karpenter.sh/registered": "true", "karpenter.sh/initialized": "true"}
    conditions = [
        {"type": kind, "status": "True", "reason": kind, "lastTransitionTime": SINCE}
        for kind in ("Launched", "Registered", "Initialized", "Consolidatable")
    ]
    return [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {**own, "kubernetes.io/hostname": name}},
            "spec": {"providerID": f"aws:///us-east-1a/{name}"},
            "status": {
                "capacity": amounts,
                "allocatable": amounts,
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        },
        {
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodeClaim",
            "metadata": {"name": f"claim-{name}", "labels": LABELS, "creationTimestamp": SINCE},
            "spec": {"nodeClassRef": POOL["spec"]["template"]["spec"]["nodeClassRef"], "requirements": []},
            "status": {"providerID": f"aws:///us-east-1a/{name}", "conditions": conditions, "capacity": amounts},
        },
    ]


def test_nodes_of_manifests_are_decided_about(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    ready = {"conditions": [{"type": kind, "status": "True"} for kind in ("ValidationSucceeded", "NodeClassReady")]}
    pool = {**POOL, "status": {"conditions": [*ready["conditions"], {"type": "Ready", "status": "True"}]}}
    file.write_text(yaml.safe_dump_all([pool, *node("a"), *node("b")]))
    done = karptui(tmp_path, "disrupt", "-f", str(file))
    assert done.returncode == 0, done.stderr
    # The default budget lets one of two nodes go.
    assert "emptiness (Empty) deletes 1 node: a" in done.stdout
    assert "b: the budgets of NodePool default let no more nodes go for Empty" in done.stdout


def test_a_scenario_gets_karpenters_answer(tmp_path: Path) -> None:
    question = scenario("multi-replace-001", DISRUPTION)
    (tmp_path / "catalog.json").write_text(json.dumps(catalog()))
    file = tmp_path / "question.json"
    file.write_text(json.dumps(question))
    done = karptui(tmp_path, "disrupt", "-f", str(file), "-o", "json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["commands"] == question["expect"]["commands"]
    assert answer["budgets"] == question["expect"]["budgets"]


def test_a_scheduling_scenario_is_refused_in_a_sentence(tmp_path: Path) -> None:
    question = {**scenario("multi-replace-001", DISRUPTION), "kind": "scheduling"}
    file = tmp_path / "question.json"
    file.write_text(json.dumps(question))
    done = karptui(tmp_path, "disrupt", str(file), "--catalog", str(file))
    assert done.returncode == 1
    assert "asks about scheduling: disrupt answers disruption only" in done.stderr


def test_no_file_is_said_so(tmp_path: Path) -> None:
    done = karptui(tmp_path, "disrupt")
    assert done.returncode == 2
    assert "needs at least one file" in done.stderr


def test_a_recorded_karpenter_is_foreseen_step_by_step(tmp_path: Path) -> None:
    done = karptui(tmp_path, "disrupt", "--recording", "karpenter-kwok")
    assert done.returncode == 0, done.stderr
    assert "delete Empty kwok-default-m9ln6" in done.stdout
    assert "6 of 6 commands foreseen (100%)" in done.stdout
    told = json.loads(karptui(tmp_path, "disrupt", "--recording", "karpenter-kwok", "-o", "json").stdout)
    assert (told["agreed"], told["judged"]) == (6, 6)
    assert [entry["reason"] for entry in told["commands"]].count("Drifted") == 2


def test_a_recording_among_the_files_is_read_as_one(tmp_path: Path) -> None:
    recording = Path(__file__).parents[2] / "recordings" / "karpenter-kwok.jsonl.zst"
    done = karptui(tmp_path, "disrupt", str(recording))
    assert done.stdout == karptui(tmp_path, "disrupt", "--recording", "karpenter-kwok").stdout


def test_a_recording_and_files_at_once_are_refused(tmp_path: Path) -> None:
    done = karptui(tmp_path, "disrupt", "cluster.yaml", "--recording", "karpenter-kwok")
    assert done.returncode == 1
    assert "disrupt answers for one of both" in done.stderr
