"""Manifests from files: everything that can be read is, and everything else is one sentence."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from karptui.kube.manifests import Manifests, read_manifests
from karptui.kube.pending_pods import pending_pods_of, planned_objects
from karptui.model.quantity import NANO
from karptui.model.workload import Workload

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: main
    resources: {requests: {cpu: 1, memory: 1Gi}}
"""
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "inflate", "namespace": "shop"},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "inflate"}},
        "template": {
            "metadata": {"labels": {"app": "inflate"}},
            "spec": {"containers": [{"name": "main", "resources": {"limits": {"cpu": "1"}}}]},
        },
    },
}


def reading(folder: Path, text: str, name: str = "file.yaml") -> Manifests:
    path = folder / name
    path.write_text(text)
    return read_manifests([str(path)])


def names(found: Manifests) -> list[str]:
    return [manifest["metadata"]["name"] for _, manifest in found.objects]


def test_several_documents_lists_and_json_are_read(tmp_path: Path) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(POD), DEPLOYMENT]}
    typed = {"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "inner"}, "spec": {}}]}
    text = f"# a comment\n---\n{POD}\n---\n{yaml.safe_dump(listed)}\n--- # more\n{json.dumps(typed)}\n---\n"
    found = reading(tmp_path, text)
    assert names(found) == ["web", "web", "inflate", "inner"]
    assert found.objects[3][1]["kind"] == "Pod"
    assert (found.problems, found.warnings, found.notes) == ([], [], [])
    assert found.objects[1][0].endswith("file.yaml, document 2")


def test_json_objects_one_after_the_other_are_read(tmp_path: Path) -> None:
    objects = [yaml.safe_load(POD), DEPLOYMENT]
    found = reading(tmp_path, "\n".join(json.dumps(entry) for entry in objects), "many.json")
    assert names(found) == ["web", "inflate"]
    broken = reading(tmp_path, json.dumps(DEPLOYMENT) + '{"kind": ', "cut.json")
    assert not broken.objects
    assert "cut.json line 1: not valid YAML or JSON" in broken.problems[0]


def test_folders_are_read_recursively_in_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "one.yml").write_text(POD)
    (tmp_path / "a.json").write_text(json.dumps(DEPLOYMENT))
    (tmp_path / "README.md").write_text("# not a manifest")
    found = read_manifests([str(tmp_path)])
    assert names(found) == ["inflate", "web"]
    (tmp_path / "empty").mkdir()
    assert "no file ending in" in read_manifests([str(tmp_path / "empty")]).problems[0]


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(POD))
    found = read_manifests(["-"])
    assert found.objects[0][0] == "standard input"


def test_a_broken_document_is_one_problem_and_the_others_are_read(tmp_path: Path) -> None:
    found = reading(tmp_path, f"{POD}\n---\na: [1\n---\n- 7\n---\n{POD}")
    assert names(found) == ["web", "web"]
    first, second = found.problems
    assert "document 2 line 1" in first
    assert "not valid YAML" in first
    assert "document 3" in second


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: Pod\nmetadata: {name: a}", "without apiVersion"),
        ("a: b", "without apiVersion and kind"),
        ("apiVersion: v1\nkind: Pod\nspec: {}", "without metadata.name"),
        ("apiVersion: v1\nkind: NodePool\nmetadata: {name: a}", "use karpenter.sh/v1"),
    ],
)
def test_what_an_object_lacks_is_told(tmp_path: Path, text: str, said: str) -> None:
    found = reading(tmp_path, text)
    assert said in found.problems[0]
    assert not found.objects


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x01")
    found = read_manifests([str(tmp_path / "missing.yaml"), str(tmp_path / "binary.yaml")])
    assert "No such file" in found.problems[0]
    assert "UTF-8" in found.problems[1]


def test_unknown_kinds_are_noted_once(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n---\n"
        "apiVersion: karpenter.sh/v1\nkind: NodePol\nmetadata: {name: c}\n",
    )
    path = tmp_path / "file.yaml"
    assert found.notes == [
        f"{path}, document 1 and 1 more: ignored, as karptui does not look at kind ConfigMap",
        f"{path}, document 3: ignored, as karptui does not look at kind NodePol; did you mean NodePool?",
    ]
    assert not found.problems


@pytest.mark.parametrize(
    ("manifest", "path", "meant"),
    [
        ("NodePool", "spec.template.spec.requirments", "requirements"),
        ("NodePool", "spec.disruption.consolidateAftr", "consolidateAfter"),
        ("NodePool", "spec.limit", "limits"),
        ("Pod", "spec.tolerations[0].efect", "effect"),
        ("Pod", "spec.nodeSelektor", "nodeSelector"),
        ("Deployment", "spec.template.spec.containers[0].resources.request", "requests"),
    ],
)
def test_a_mistyped_field_is_warned_of_with_what_was_meant(
    tmp_path: Path, manifest: str, path: str, meant: str
) -> None:
    version = {"NodePool": "karpenter.sh/v1", "Pod": "v1", "Deployment": "apps/v1"}[manifest]
    document: dict[str, Any] = {"apiVersion": version, "kind": manifest, "metadata": {"name": "a"}}
    place, *rest = path.split(".")
    at = document
    for part in rest:
        at[place.removesuffix("[0]")] = [{}] if place.endswith("[0]") else {}
        at = at[place.removesuffix("[0]")]
        at = at[0] if isinstance(at, list) else at
        place = part
    at[place] = None
    found = reading(tmp_path, yaml.safe_dump(document))
    assert found.warnings == [f"{tmp_path}/file.yaml: {manifest} a has an unknown field {path}; did you mean {meant}?"]
    assert len(found.objects) == 1


def test_the_fields_of_both_api_versions_are_known(tmp_path: Path) -> None:
    beta = {
        "apiVersion": "karpenter.sh/v1beta1",
        "kind": "NodePool",
        "metadata": {"name": "a"},
        "spec": {"template": {"spec": {"kubelet": {"maxPods": 1}}}, "disruption": {"expireAfter": "1h"}},
    }
    assert reading(tmp_path, yaml.safe_dump(beta)).warnings == []
    assert len(reading(tmp_path, yaml.safe_dump({**beta, "apiVersion": "karpenter.sh/v1"})).warnings) == 2


def test_known_pod_fields_are_those_of_the_api() -> None:
    from kubernetes_asyncio.client import models

    from karptui.kube.manifest_fields import POD_SPEC, SPECS

    kinds = {kind: SPECS[kind] for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")}
    for kind, fields in {"Pod": POD_SPEC, **kinds}.items():
        assert set(fields) == set(getattr(models, f"V1{kind}Spec").attribute_map.values())


def test_a_deployment_becomes_its_pending_pods() -> None:
    objects, problems = planned_objects([("file", DEPLOYMENT)], now=1000.0)
    assert problems == []
    (resource, workload), *pods = objects
    assert resource == "deployments"
    assert isinstance(workload, Workload)
    assert len(pods) == 3
    for _, pod in pods:
        assert pod.provisionable
        assert pod.unschedulable_since() == 1000.0
        assert pod.metadata.namespace == "shop"
        assert pod.requests["cpu"] == NANO
        assert pod.metadata.controller().kind == "ReplicaSet"
        assert "pod-template-hash" in pod.metadata.labels
        assert pod.spec is pods[0][1].spec
    assert len({pod.key for _, pod in pods} | {pod.metadata.uid for _, pod in pods}) == 6
    again, _ = planned_objects([("file", DEPLOYMENT)], now=1000.0)
    assert [found.key for _, found in again] == [found.key for _, found in objects]


def test_a_stateful_set_brings_its_claims() -> None:
    template = {"metadata": {"name": "data"}, "spec": {"storageClassName": "gp3"}}
    manifest = {
        **DEPLOYMENT,
        "kind": "StatefulSet",
        "spec": {**DEPLOYMENT["spec"], "replicas": 2, "volumeClaimTemplates": [template]},
    }
    objects, problems = planned_objects([("file", manifest)])
    assert problems == []
    claims = [found.key for resource, found in objects if resource == "persistentvolumeclaims"]
    pods = [found for resource, found in objects if resource == "pods"]
    assert claims == ["shop/data-inflate-0", "shop/data-inflate-1"]
    assert [pod.spec.volumes[0].claim for pod in pods] == ["data-inflate-0", "data-inflate-1"]


@pytest.mark.parametrize(
    ("parallelism", "completions", "count"), [(3, 2, 2), (None, 4, 4), (None, None, 1), (5, None, 5)]
)
def test_a_job_runs_as_many_pods_as_it_may_at_once(parallelism: int, completions: int, count: int) -> None:
    spec = {"template": DEPLOYMENT["spec"]["template"], "parallelism": parallelism, "completions": completions}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": spec}
    assert len(pending_pods_of(job)) == count


def test_a_pod_gets_its_priority_and_a_gated_one_is_not_pending() -> None:
    pod = yaml.safe_load(POD)
    pod["spec"]["priorityClassName"] = "high"
    gated = {**yaml.safe_load(POD), "metadata": {"name": "gated"}}
    gated["spec"]["schedulingGates"] = [{"name": "wait"}]
    high = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 50}
    objects, _ = planned_objects([("f", pod), ("f", gated), ("f", high)])
    found = {entry.key: entry for resource, entry in objects if resource == "pods"}
    assert found["default/web"].priority == 50
    assert found["default/web"].provisionable
    assert not found["default/gated"].provisionable


def test_a_pool_without_status_is_ready_and_expires_by_default() -> None:
    pool = {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": "p"},
        "spec": {"template": {"spec": {}}},
    }
    ((_, found),), _ = planned_objects([("f", pool)])
    assert found.template.expire_after == 720 * 3600
    assert {condition.type: condition.status for condition in found.conditions}["Ready"] == "True"


def test_a_bad_quantity_in_a_template_is_one_problem() -> None:
    broken = json.loads(json.dumps(DEPLOYMENT).replace('"cpu": "1"', '"cpu": "1.5Gx"'))
    objects, problems = planned_objects([("file.yaml", broken), ("file.yaml", yaml.safe_load(POD))])
    assert len(problems) == 1
    assert problems[0].startswith("file.yaml: Pod shop/inflate-")
    assert "1.5Gx" in problems[0]
    assert any(resource == "pods" and found.key == "default/web" for resource, found in objects)
