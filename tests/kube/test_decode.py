"""JSON as clusters send it becomes model objects; what is broken is named and the rest goes on."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from karptui.kube.clean import REPLACEMENT
from karptui.kube.decode import RESOURCES, decode_list, decode_manifest, decode_object, read_page
from karptui.kube.encode import encoded
from karptui.kube.errors import AnswerError, DecodeError
from karptui.model.node import Node, NodeClaim
from karptui.model.nodepool import NodeClass
from karptui.model.pod import Pod
from karptui.model.quantity import NANO, parse

DATA = Path(__file__).parent / "data"


def recorded(resource: str) -> Iterator[bytes]:
    """Objects that a real API server and a real Karpenter 1.14.1 sent."""
    with gzip.open(DATA / "watched.jsonl.gz") as lines:
        for line in lines:
            entry = json.loads(line)
            if entry["resource"] == resource:
                yield json.dumps(entry["event"]["object"]).encode()


def pod(name: str = "web", **spec: Any) -> dict[str, Any]:
    containers = [{"name": "main", "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}}}]
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {"containers": containers, **spec}}


def read(manifest: dict[str, Any], resource: str = "pods", version: str = "v1") -> Any:
    return decode_object(resource, json.dumps(manifest).encode(), version)


@pytest.mark.parametrize("resource", ["pods", "nodes", "nodeclaims", "nodepools", "events"])
def test_what_a_real_cluster_sent_is_read(resource: str) -> None:
    objects = [decode_object(resource, raw) for raw in recorded(resource)]
    named = [found for found in objects if found.metadata.name]
    assert len(named) >= 10
    for found in named:
        assert found.metadata.uid
        assert found.metadata.created > 1_700_000_000
        assert found.metadata.resource_version


def test_a_real_unschedulable_pod_is_provisionable() -> None:
    pods: list[Pod] = [decode_object("pods", raw) for raw in recorded("pods")]
    waiting = [found for found in pods if found.provisionable]
    assert waiting
    first = waiting[0]
    assert first.requests["pods"] == NANO
    assert first.requests["cpu"] > 0
    since = first.unschedulable_since()
    assert since is not None
    assert since >= first.metadata.created


def test_only_a_pod_without_a_node_tells_when_it_was_changed_last() -> None:
    pods: list[Pod] = [decode_object("pods", raw) for raw in recorded("pods")]
    waiting = [found for found in pods if found.metadata.name and not found.bound]
    assert waiting
    assert all(found.changed is not None and found.changed >= found.metadata.created for found in waiting)
    assert all(found.changed is None for found in pods if found.bound)


def test_a_real_claim_and_its_node_agree() -> None:
    claims: list[NodeClaim] = [decode_object("nodeclaims", raw) for raw in recorded("nodeclaims")]
    nodes: list[Node] = [decode_object("nodes", raw) for raw in recorded("nodes")]
    by_provider = {node.provider_id: node for node in nodes if node.provider_id}
    joined = [(claim, by_provider[claim.provider_id]) for claim in claims if claim.provider_id in by_provider]
    assert joined
    for claim, node in joined:
        assert claim.node_pool == node.node_pool != ""
        assert claim.instance_type == node.instance_type
    assert any(claim.expire_after == 720 * 3600 for claim in claims)


def test_replicas_share_one_spec_whatever_their_tokens_are_called() -> None:
    def replica(number: int) -> dict[str, Any]:
        made = pod(f"web-{number}", nodeName=f"node-{number}", tolerations=[{"key": "a", "operator": "Exists"}])
        made["spec"]["volumes"] = [{"name": f"kube-api-access-{number}", "projected": {"sources": []}}]
        made["spec"]["containers"][0]["volumeMounts"] = [{"name": f"kube-api-access-{number}", "mountPath": "/x"}]
        return made

    first, second = read(replica(1)), read(replica(2))
    assert first.spec is second.spec
    assert (first.node_name, second.node_name) == ("node-1", "node-2")


def test_the_key_of_a_spec_is_its_content_not_its_spelling() -> None:
    plain = read(pod(nodeSelector={"a": "1", "b": "2"}))
    turned = read(pod(nodeSelector={"b": "2", "a": "1"}))
    other = read(pod(nodeSelector={"a": "1", "b": "3"}))
    assert plain.spec.key == turned.spec.key
    assert plain.spec is turned.spec
    assert plain.spec.key != other.spec.key


def test_everything_that_scheduling_asks_of_a_pod_is_read() -> None:
    term = {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "web"}}}
    expression = {"key": "arch", "operator": "In", "values": ["arm64"]}
    made = pod(
        affinity={
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [expression]}, {"matchFields": [expression]}]
                },
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {"weight": 5, "preference": {"matchExpressions": [expression]}}
                ],
            },
            "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]},
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 7, "podAffinityTerm": term}]
            },
        },
        topologySpreadConstraints=[{"topologyKey": "zone", "maxSkew": 2, "whenUnsatisfiable": "ScheduleAnyway"}],
        tolerations=[{"key": "gpu", "operator": "Exists", "effect": "NoSchedule", "tolerationSeconds": 3}],
        volumes=[
            {"name": "data", "persistentVolumeClaim": {"claimName": "data-0"}},
            {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": {"storageClassName": "gp3"}}}},
            {"name": "config", "configMap": {"name": "x"}},
        ],
        schedulingGates=[{"name": "wait"}],
        resourceClaims=[{"name": "gpu"}],
        overhead={"cpu": "10m"},
        priority=7,
        priorityClassName="high",
        initContainers=[{"name": "init", "resources": {"requests": {"cpu": "2"}}}],
    )
    made["spec"]["containers"][0]["ports"] = [{"hostPort": 80}, {"containerPort": 81}]
    found = read(made)
    spec = found.spec
    assert [term.expressions for term in spec.required_node_terms] == [(("arch", "In", ("arm64",)),), ()]
    assert spec.required_node_terms[1].match_fields
    assert spec.preferred_node_terms[0].weight == 5
    assert spec.affinity[0].selector.matches({"app": "web"})
    assert not spec.affinity[0].selector.matches({"app": "db"})
    assert spec.preferred_anti_affinity[0].weight == 7
    assert spec.topology_spread[0].max_skew == 2
    assert spec.tolerations[0].seconds == 3
    assert [(volume.claim, volume.ephemeral, volume.storage_class) for volume in spec.volumes] == [
        ("data-0", False, None),
        ("", True, "gp3"),
    ]
    assert [(port.ip, port.port, port.protocol) for port in spec.host_ports] == [("0.0.0.0", 80, "TCP")]
    assert spec.scheduling_gates == ("wait",)
    assert spec.resource_claims
    assert (found.priority, spec.priority_class_name) == (7, "high")
    assert spec.requests == {"cpu": parse("2010m"), "memory": parse("1Gi"), "pods": NANO}


def test_a_resize_under_way_counts_what_the_kubelet_still_holds() -> None:
    made = pod()
    held = {"cpu": "1", "memory": "1Gi"}
    made["status"] = {"containerStatuses": [{"name": "main", "resources": {"requests": held}}]}
    found = read(made)
    assert found.requests["cpu"] == parse("1")
    assert found.spec.requests["cpu"] == parse("250m")
    made["status"]["containerStatuses"][0]["resources"]["requests"]["cpu"] = "250m"
    settled = read(made)
    assert settled.requests is settled.spec.requests


def test_a_resized_pod_writes_its_amounts_as_the_kubelet_told_them() -> None:
    made = pod()
    made["status"] = {"containerStatuses": [{"name": "main", "resources": {"requests": {"memory": "8G"}}}]}
    found = read(made)
    assert (found.formats, found.spec.formats) == ({"memory": "DecimalSI"}, {})


def test_a_pod_has_started_when_its_last_container_has() -> None:
    made = pod(containers=[{"name": "a"}, {"name": "b"}])
    running = {"name": "a", "state": {"running": {"startedAt": "2026-01-01T00:00:05Z"}}}
    made["status"] = {"containerStatuses": [running, {"name": "b", "state": {"waiting": {}}}]}
    assert read(made).containers_started is None
    made["status"]["containerStatuses"][1]["state"] = {"running": {"startedAt": "2026-01-01T00:00:09Z"}}
    assert read(made).containers_started == 1767225609.0


def test_nulls_are_read_as_nothing() -> None:
    found = read({"metadata": {"name": "a", "labels": None, "ownerReferences": None}, "spec": {"containers": None}})
    assert found.requests == {"pods": NANO}
    found = read({"metadata": {"name": "a"}, "spec": None, "status": None})
    assert found.phase == "Pending"
    null = {"template": None, "limits": None, "disruption": None}
    assert read({"metadata": {"name": "a"}, "spec": null}, "nodepools").limits is None


def test_a_bad_quantity_names_kind_name_field_and_what_to_do() -> None:
    made = pod()
    made["spec"]["containers"][0]["resources"]["requests"]["memory"] = "1.5Gx"
    with pytest.raises(DecodeError) as caught:
        read(made)
    assert caught.value.name == "shop/web"
    assert caught.value.path == "spec.containers[0].resources.requests.memory"
    assert "1.5Gx" in str(caught.value)
    assert "correct that field" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("resource", "manifest", "path"),
    [
        ("pods", {"metadata": {"name": "a"}, "spec": {"nodeName": 7}}, "spec.nodeName"),
        ("pods", {"metadata": {"name": "a"}, "spec": {"tolerations": [{"key": 1}]}}, "spec.tolerations[0].key"),
        ("pods", {"metadata": {"name": "a", "labels": {"x": 1}}}, "metadata.labels[...]"),
        ("pods", {"metadata": {"name": "a", "creationTimestamp": "soon"}}, ""),
        ("pods", {"metadata": {"name": "a"}, "spec": {"affinity": {"nodeAffinity": []}}}, "spec.affinity.nodeAffinity"),
        ("nodes", {"metadata": {"name": "a"}, "status": {"capacity": {"cpu": True}}}, "status.capacity.cpu"),
        ("nodepools", {"metadata": {"name": "a"}, "spec": {"limits": {"cpu": "many"}}}, "spec.limits.cpu"),
        (
            "nodepools",
            {"metadata": {"name": "a"}, "spec": {"disruption": {"consolidateAfter": "soon"}}},
            "spec.disruption.consolidateAfter",
        ),
        ("ec2nodeclasses", {"metadata": {"name": "a"}, "status": {"conditions": [1]}}, "status.conditions"),
    ],
)
def test_a_wrongly_typed_field_is_named(resource: str, manifest: dict[str, Any], path: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read(manifest, resource)
    assert caught.value.path == path
    assert caught.value.name == "a"


def test_one_broken_item_does_not_spoil_the_list() -> None:
    broken = pod("broken", nodeName=[])
    text = json.dumps({"metadata": {"resourceVersion": "5"}, "items": [pod("a"), broken, pod("b")]}).encode()
    first, second, third = decode_list("pods", text)
    assert (first.key, third.key) == ("shop/a", "shop/b")
    assert isinstance(second, DecodeError)
    assert second.name == "shop/broken"


def test_a_page_of_html_is_no_list() -> None:
    with pytest.raises(AnswerError, match="proxy"):
        read_page(b"<html><title>502 Bad Gateway</title></html>")


def test_hostile_names_and_labels_are_text() -> None:
    made = pod("web\x1b[2J", nodeName="n\u202e1")
    made["metadata"]["labels"] = {"a\x07": "x" * 2**20, "markup": "[@click=app.quit]x[/]"}
    made["status"] = {"conditions": [{"type": "Ready\x00", "message": "\x1b]0;t\x07" + "y" * 10_000}]}
    found = read(made)
    assert found.metadata.name == f"web{REPLACEMENT}"
    assert found.node_name == f"n{REPLACEMENT}1"
    assert len(found.metadata.labels[f"a{REPLACEMENT}"]) == 256
    assert found.metadata.labels["markup"] == "[@click=app.quit]x[/]"
    assert "\x1b" not in found.conditions[0].message
    assert len(found.conditions[0].message) == 4096


def test_what_kubectl_applied_last_is_not_kept() -> None:
    made = pod()
    made["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "a": "b"}
    assert read(made).metadata.annotations == {"a": "b"}


REST: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "daemonsets",
        {
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod()["spec"]},
            "selector": {"matchLabels": {"a": "b"}},
        },
        {"template_labels": {"a": "b"}},
    ),
    ("deployments", {"replicas": 3}, {"replicas": 3, "kind": "Deployment"}),
    ("replicasets", {}, {"replicas": 1, "kind": "ReplicaSet"}),
    ("statefulsets", {"replicas": 0}, {"replicas": 0}),
    ("jobs", {"parallelism": 4}, {"replicas": 4, "kind": "Job"}),
    (
        "poddisruptionbudgets",
        {"minAvailable": 1, "maxUnavailable": "20%", "unhealthyPodEvictionPolicy": "AlwaysAllow"},
        {"min_available": "1", "max_unavailable": "20%", "always_allow_unhealthy": True},
    ),
    ("persistentvolumeclaims", {"storageClassName": "", "volumeName": "v"}, {"storage_class": "", "volume_name": "v"}),
    ("persistentvolumes", {"awsElasticBlockStore": {"volumeID": "x"}}, {"driver": "ebs.csi.aws.com", "local": False}),
    ("persistentvolumes", {"hostPath": {"path": "/x"}}, {"driver": "", "local": True}),
    (
        "csinodes",
        {"drivers": [{"name": "a", "allocatable": {"count": 25}}, {"name": "b"}]},
        {"drivers": {"a": 25, "b": None}},
    ),
]


@pytest.mark.parametrize(("resource", "spec", "expected"), REST)
def test_the_other_kinds_are_read(resource: str, spec: dict[str, Any], expected: dict[str, Any]) -> None:
    found = read({"metadata": {"name": "x", "namespace": "n"}, "spec": spec}, resource)
    assert {name: getattr(found, name) for name in expected} == expected


def test_kinds_without_a_spec_are_read() -> None:
    topology = [{"matchLabelExpressions": [{"key": "zone", "values": ["a", "b"]}]}]
    storage = {"metadata": {"name": "gp3"}, "provisioner": "ebs.csi.aws.com", "allowedTopologies": topology}
    assert read(storage, "storageclasses").allowed_topologies == ((("zone", "In", ("a", "b")),),)
    assert read({"metadata": {"name": "high"}, "value": 10, "globalDefault": True}, "priorityclasses").value == 10
    assert read({"metadata": {"name": "n", "labels": {"a": "b"}}}, "namespaces").metadata.labels == {"a": "b"}


def test_an_event_of_the_new_api_tells_who_said_what_when() -> None:
    series = {"count": 4, "lastObservedTime": "2026-01-01T00:00:30.500000Z"}
    found = read(
        {
            "metadata": {"name": "e", "namespace": "n"},
            "involvedObject": {"kind": "Pod", "namespace": "n", "name": "p"},
            "reason": "FailedScheduling",
            "reportingComponent": "karpenter",
            "source": {},
            "series": series,
            "eventTime": "2026-01-01T00:00:00Z",
            "type": "Warning",
        },
        "events",
    )
    assert (found.about, found.source, found.count, found.at) == ("n/p", "karpenter", 4, 1767225630.5)


def test_a_daemon_sets_requests_come_from_limits_where_absent() -> None:
    container = {"name": "a", "resources": {"limits": {"cpu": "1"}}}
    found = read({"metadata": {"name": "d"}, "spec": {"template": {"spec": {"containers": [container]}}}}, "daemonsets")
    assert found.spec.requests["cpu"] == NANO


def test_an_unknown_kind_is_no_resource() -> None:
    with pytest.raises(KeyError):
        decode_manifest({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})


@pytest.mark.parametrize("resource", sorted(RESOURCES))
@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"{}", b'{"metadata":null}', b"<html>", b"[" * 5000])
def test_rubbish_is_a_decode_error_for_every_resource(resource: str, raw: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_object(resource, raw)
    assert caught.value.kind == RESOURCES[resource].kind


def test_every_decoded_object_can_be_compared_by_key() -> None:
    for resource, table in RESOURCES.items():
        metadata = {"name": "x", "namespace": "n"} if table.namespaced else {"name": "x"}
        found = decode_object(resource, msgspec.json.encode({"metadata": metadata}))
        # Two providers may each have a NodeClass of one name.
        alone = f"{table.kind}/x" if isinstance(found, NodeClass) else "x"
        assert found.key == ("n/x" if table.namespaced else alone)


def test_the_counts_of_a_budget_are_read_and_written_and_are_not_known_before_its_controller_wrote_them() -> None:
    status = {"disruptionsAllowed": 1, "currentHealthy": 0, "desiredHealthy": 3, "expectedPods": 5}
    manifest = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"minAvailable": 3}, "status": status}
    budget = read(manifest, "poddisruptionbudgets", "policy/v1")
    assert (budget.disruptions_allowed, budget.current_healthy, budget.desired_healthy) == (1, 0, 3)
    assert budget.expected_pods == 5
    assert encoded(budget)["status"] == status
    fresh = read({**manifest, "status": {}}, "poddisruptionbudgets", "policy/v1")
    assert (fresh.current_healthy, fresh.desired_healthy, fresh.expected_pods) == (None, None, None)
