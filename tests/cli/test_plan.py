"""`karptui plan`: manifests and scenarios in, decisions out."""

import json
from pathlib import Path
from typing import Any

import yaml

from tests.cli.commands import karptui

POOL = {
    "apiVersion": "karpenter.sh/v1",
    "kind": "NodePool",
    "metadata": {"name": "default"},
    "spec": {
        "template": {
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"},
                "requirements": [
                    {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]},
                    {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
                ],
            }
        }
    },
}


def deployment(name: str, replicas: int, cpu: str, selector: dict[str, str] | None = None) -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": [{"name": "m", "image": "m", "resources": {"requests": {"cpu": cpu}}}]}
    if selector:
        spec["nodeSelector"] = selector
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "demo"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
        },
    }


def written(folder: Path, *manifests: dict[str, Any]) -> str:
    path = folder / "manifests.yaml"
    path.write_text(yaml.safe_dump_all(manifests))
    return str(path)


def test_pods_of_a_deployment_are_decided_about(tmp_path: Path) -> None:
    file = written(tmp_path, POOL, deployment("inflate", 5, "1"), deployment("stuck", 1, "1", {"team": "nobody"}))
    done = karptui(tmp_path, "plan", "-f", file)
    assert done.returncode == 0, done.stderr
    assert karptui(tmp_path, "plan", file).stdout == done.stdout
    assert "1 new node for 5 pods" in done.stdout
    assert "1 pod fits nowhere: pool default: its nodes have no label team" in done.stdout
    assert "shipped" in done.stdout


def test_json_is_the_shape_of_a_scenarios_answer(tmp_path: Path) -> None:
    file = written(tmp_path, POOL, deployment("inflate", 5, "1"))
    done = karptui(tmp_path, "plan", "--file", file, "-o", "json")
    answer = json.loads(done.stdout)
    assert set(answer) == {"newNodeClaims", "existingNodes", "errors", "ignored"}
    (claim,) = answer["newNodeClaims"]
    assert claim["nodePool"] == "default"
    assert len(claim["pods"]) == 5
    assert claim["requests"]["cpu"] == "5"
    assert all(pod.startswith("demo/inflate-") for pod in claim["pods"])


def test_reasons_show_the_funnel_and_the_types(tmp_path: Path) -> None:
    file = written(tmp_path, POOL, deployment("inflate", 5, "1"))
    done = karptui(tmp_path, "plan", "-f", file, "--reasons")
    assert "types left" in done.stdout
    assert "chosen" in done.stdout
    assert "dearer" in done.stdout


def test_reasons_as_json_are_pod_by_pod_and_type_by_type(tmp_path: Path) -> None:
    zoned = deployment("zoned", 1, "1", {"topology.kubernetes.io/zone": "us-east-1b"})
    here = json.loads(json.dumps(POOL))
    requirements = here["spec"]["template"]["spec"]["requirements"]
    requirements.append({"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["us-east-1a"]})
    file = written(tmp_path, here, deployment("inflate", 2, "1"), zoned)
    answer = json.loads(karptui(tmp_path, "plan", "-f", file, "-o", "json", "--reasons").stdout)
    (claim,) = answer["newNodeClaims"]
    left = [step["remaining"] for step in claim["reasons"]["funnel"]]
    assert left == sorted(left, reverse=True)
    assert len(claim["reasons"]["instanceTypes"]) == left[0]
    assert sum(row["code"] == "chosen" for row in claim["reasons"]["instanceTypes"]) == 1
    (stuck,) = answer["errors"]
    assert all(entry.get("newNodeClaim") == 0 for pod, entry in answer["podReasons"].items() if pod != stuck)
    assert [row["code"] for row in answer["podReasons"][stuck]["refused"]] == ["requirement-conflict"]
    sentences = {remedy["sentence"] for remedy in answer["podReasons"][stuck]["remedies"]}
    assert sentences == {"add zone us-east-1b to default", "drop the selector zone = us-east-1b"}


def test_manifests_without_a_nodepool_say_so(tmp_path: Path) -> None:
    done = karptui(tmp_path, "plan", "-f", written(tmp_path, deployment("inflate", 1, "1")))
    assert done.returncode == 1
    assert "there is no NodePool among the manifests" in done.stderr
    assert "1 pod fits nowhere" in done.stdout


def test_what_cannot_be_read_is_said_and_the_rest_is_planned(tmp_path: Path) -> None:
    broken = deployment("broken", 1, "1.5Gx")
    file = written(tmp_path, POOL, deployment("inflate", 2, "1"), broken, {"apiVersion": "v1", "kind": "Service"})
    done = karptui(tmp_path, "plan", "-f", file)
    assert done.returncode == 1
    assert "1.5Gx" in done.stderr
    assert "Service" in done.stderr
    assert "1 new node for 2 pods" in done.stdout


def test_a_nodepool_that_karpenter_would_refuse_is_told_with_the_reason(tmp_path: Path) -> None:
    pool = json.loads(json.dumps(POOL))
    pool["spec"]["template"]["spec"]["requirements"][0]["operator"] = "Inn"
    done = karptui(tmp_path, "plan", "-f", written(tmp_path, pool, deployment("inflate", 2, "1")))
    assert done.returncode == 1
    assert "NodePool default: key karpenter.sh/capacity-type has an unsupported operator Inn" in done.stderr
    assert "2 pods fit nowhere" in done.stdout


def test_manifests_may_come_from_standard_input(tmp_path: Path) -> None:
    text = yaml.safe_dump_all([POOL, deployment("inflate", 2, "1")])
    done = karptui(tmp_path, "plan", "-f", "-", input=text)
    assert "1 new node for 2 pods" in done.stdout


def scenario(**change: object) -> dict[str, Any]:
    pool = json.loads(json.dumps(POOL))
    pool["status"] = {
        "conditions": [
            {"type": type_, "status": "True"} for type_ in ("ValidationSucceeded", "NodeClassReady", "Ready")
        ]
    }
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "default", "uid": "1"},
        "spec": {"containers": [{"name": "m", "image": "m", "resources": {"requests": {"cpu": "1"}}}]},
        "status": {"phase": "Pending", "conditions": [condition]},
    }
    return {
        "name": "own-001",
        "kind": "scheduling",
        "now": "2026-01-01T12:00:00Z",
        "options": {},
        "instanceTypes": {"catalog": ["m5.large"]},
        "objects": [pool, pod],
        **change,
    }


CATALOG = {
    "region": "us-east-1",
    "zoneIDs": {"us-east-1a": "use1-az1"},
    "doesNotExist": [],
    "types": [
        {
            "name": "m5.large",
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": "m5.large",
            },
            "capacity": {"cpu": "2", "memory": "7577Mi", "pods": "29", "ephemeral-storage": "20Gi"},
            "overhead": {"kubeReserved": {"cpu": "70m"}},
            "zones": ["us-east-1a"],
            "onDemand": 0.096,
            "spot": {},
        }
    ],
}


def test_a_scenario_is_answered_with_the_types_of_the_catalogue_beside_it(tmp_path: Path) -> None:
    (tmp_path / "scheduling").mkdir()
    file = tmp_path / "scheduling" / "own-001.json"
    file.write_text(json.dumps(scenario()))
    (tmp_path / "catalog.json").write_text(json.dumps(CATALOG))
    done = karptui(tmp_path, "plan", "-f", str(file), "-o", "json")
    assert done.returncode == 0, done.stderr
    (claim,) = json.loads(done.stdout)["newNodeClaims"]
    assert claim["pods"] == ["default/a"]
    assert claim["instanceTypes"] == ["m5.large"]


def test_a_scenario_that_cannot_be_answered_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    for change in ({"kind": "disruption"}, {"now": "yesterday"}, {"instanceTypes": {"catalog": ["m9.huge"]}}):
        file.write_text(json.dumps(scenario(**change)))
        done = karptui(tmp_path, "plan", "-f", str(file))
        assert done.returncode == 1
        assert done.stderr.startswith("karptui: ")
        assert done.stderr.count("\n") == 1


def test_what_takes_no_part_is_said_and_a_pool_without_types_has_its_reason(tmp_path: Path) -> None:
    picky = {"key": "karpenter.k8s.aws/instance-family", "operator": "Exists", "minValues": 5000}
    pool = json.loads(json.dumps(POOL))
    pool["spec"]["template"]["spec"]["requirements"].append(picky)
    container = {"name": "m", "image": "m", "resources": {"requests": {"cpu": "1"}}}
    pods = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container], **spec}}
        for name, spec in (("gated", {"schedulingGates": [{"name": "example.com/quota"}]}), ("free", {}))
    ]
    below = {"name": "m", "image": "m", "resources": {"requests": {"cpu": "-1"}}}
    pods.append({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "below"}, "spec": {"containers": [below]}})
    buffer = {"apiVersion": "autoscaling.x-k8s.io/v1beta1", "kind": "CapacityBuffer", "metadata": {"name": "b"}}
    done = karptui(tmp_path, "plan", "-f", written(tmp_path, pool, buffer, *pods))
    assert "default/gated is not planned for: it waits for its scheduling gate example.com/quota" in done.stdout
    assert "values of instance-family are left, minValues asks for 5000" in done.stdout
    assert "not modelled: capacity buffers (CapacityBuffer)" in done.stderr
    assert "Pod default/below asks for less than nothing of cpu: it is left out" in done.stderr


def test_a_pod_that_others_crowd_out_is_told_to_wait(tmp_path: Path) -> None:
    pool = {**POOL, "spec": {**POOL["spec"], "limits": {"cpu": "4"}}}
    done = karptui(
        tmp_path, "plan", "-o", "json", "--reasons", "-f", written(tmp_path, pool, deployment("web", 2, "3"))
    )
    answer = json.loads(done.stdout)
    (crowded,) = answer["errors"]
    assert answer["podReasons"][crowded]["remedies"][0]["changes"] == []
    assert answer["podReasons"][crowded]["remedies"][0]["sentence"].startswith("wait for a later round")
