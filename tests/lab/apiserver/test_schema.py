"""Fields that a kind does not have, or of another type: the lab and kube-apiserver answer in the same words."""

import copy
from typing import Any

import pytest

from tests.control_plane.client import RequestRefused
from tests.lab.apiserver.api import ApiClient, deployment

STRICT = {"fieldValidation": "Strict"}


def wrong(path: str, value: Any) -> dict[str, Any]:
    """A Deployment with one field set."""
    body = copy.deepcopy(deployment("web"))
    at: Any = body
    *steps, last = path.split(".")
    for step in steps:
        at = at[int(step)] if step.isdigit() else at.setdefault(step, {})
    at[last] = value
    return body


GO = "json: cannot unmarshal {} into Go struct field {} of type {}"
CONTAINERS = "spec.template.spec.containers"
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "a misspelt field": (wrong("spec.replcas", 3), 'strict decoding error: unknown field "spec.replcas"'),
    "two misspelt fields": (
        {**wrong(f"{CONTAINERS}.0.imagee", "x"), "sepc": {}},
        f'strict decoding error: unknown field "{CONTAINERS}[0].imagee", unknown field "sepc"',
    ),
    "a label that is a number": (
        wrong("metadata.labels", {"a": 1}),
        GO.format("number", "ObjectMeta.metadata.labels", "string"),
    ),
    "a count that is text": (wrong("spec.replicas", "3"), GO.format("string", "DeploymentSpec.spec.replicas", "int32")),
    "a list that is text": (wrong(CONTAINERS, "x"), GO.format("string", f"PodSpec.{CONTAINERS}", "[]v1.Container")),
    "an object that is a list": (
        wrong("spec.template.spec", []),
        GO.format("array", "PodTemplateSpec.spec.template.spec", "v1.PodSpec"),
    ),
    "a flag that is text": (wrong("spec.paused", "yes"), GO.format("string", "DeploymentSpec.spec.paused", "bool")),
    "text that is a flag": (
        wrong("spec.template.spec.nodeName", True),
        GO.format("bool", "PodSpec.spec.template.spec.nodeName", "string"),
    ),
    "a quantity that is none": (
        wrong(f"{CONTAINERS}.0.resources", {"requests": {"cpu": "1.5Gx"}}),
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ),
    "an argument that is a number": (
        wrong(f"{CONTAINERS}.0.args", ["a", 1]),
        GO.format("number", f"Container.{CONTAINERS}.args", "string"),
    ),
    "a port that is an object": (
        wrong(f"{CONTAINERS}.0.livenessProbe", {"httpGet": {"port": {}}}),
        GO.format("object", f"HTTPGetAction.{CONTAINERS}.livenessProbe.ProbeHandler.httpGet.port", "int32"),
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_what_a_kind_does_not_have_is_refused(api_under_test: ApiClient, namespace: str, case: str) -> None:
    path, (body, why) = f"/apis/apps/v1/namespaces/{namespace}/deployments", CASES[case]
    with pytest.raises(RequestRefused) as refused:
        await api_under_test.create(path, body, **STRICT)
    said = f'Deployment in version "v1" cannot be handled as a Deployment: {why}'
    assert (refused.value.status, refused.value.message) == (400, said)


async def test_a_misspelt_field_is_left_alone_by_who_does_not_ask(api_under_test: ApiClient, namespace: str) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    await api_under_test.create(path, CASES["a misspelt field"][0], fieldValidation="Ignore")


async def test_a_misspelt_field_in_server_side_apply_is_not_declared(api_under_test: ApiClient, namespace: str) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    body = {"apiVersion": "apps/v1", "kind": "Deployment", **CASES["a misspelt field"][0]}
    with pytest.raises(RequestRefused) as refused:
        await api_under_test.patch(path, body, "apply", fieldManager="test", **STRICT)
    said = "failed to create typed patch object (/web; apps/v1, Kind=Deployment): "
    assert (refused.value.status, refused.value.message) == (500, said + ".spec.replcas: field not declared in schema")


async def test_a_token_is_made_for_a_service_account(api_under_test: ApiClient, namespace: str) -> None:
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    await api_under_test.create(accounts, {"metadata": {"name": "robot"}})
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}}
    made = await api_under_test.create(f"{accounts}/robot/token", body)
    assert (made["kind"], made["metadata"]["name"], made["spec"]["expirationSeconds"]) == (
        "TokenRequest",
        "robot",
        7200,
    )
    assert made["status"]["token"].count(".") == 2 and made["status"]["expirationTimestamp"].endswith("Z")
    with pytest.raises(RequestRefused) as refused:
        await api_under_test.create(f"{accounts}/nobody/token", body)
    assert refused.value.status == 404
