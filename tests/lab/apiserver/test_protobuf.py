"""Bodies in protobuf, held against kube-apiserver: what it encodes must read as its own JSON does."""

from typing import Any

import pytest

from karptui.lab.apiserver.errors import ApiError
from karptui.lab.apiserver.protobuf import CONTENT_TYPE, decode
from tests.control_plane.plane import ControlPlane
from tests.lab.apiserver.api import ApiClient, Document

POD: dict[str, Any] = {
    "containers": [
        {
            "name": "main",
            "image": "registry.example/app:1",
            "args": ["", "-v"],
            "env": [
                {"name": "EMPTY"},
                {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                {"name": "SET", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": False}}},
            ],
            "envFrom": [{"prefix": "A_", "secretRef": {"name": "s"}}],
            "ports": [{"containerPort": 80, "name": "http"}],
            "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
            "livenessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 3},
            "readinessProbe": {"tcpSocket": {"port": 80}, "initialDelaySeconds": 1},
            "securityContext": {"allowPrivilegeEscalation": False, "runAsUser": 0},
            "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
        }
    ],
    "terminationGracePeriodSeconds": 0,
    "nodeSelector": {"no": "such-node"},
    "schedulerName": "nobody",
    "tolerations": [{"operator": "Exists", "tolerationSeconds": 0, "effect": "NoExecute"}],
    "affinity": {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"topologyKey": "zone", "labelSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}
            ]
        }
    },
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
    "volumes": [
        {"name": "scratch", "emptyDir": {}},
        {
            "name": "made",
            "projected": {"sources": [{"configMap": {"name": "c", "items": [{"key": "k", "path": "p"}]}}]},
        },
        {"name": "secret", "secret": {"secretName": "s", "defaultMode": 0o400}},
    ],
}
TEMPLATE = {"metadata": {"labels": {"app": "web"}, "annotations": {"empty": ""}}, "spec": POD}
ONCE = {"metadata": {}, "spec": {**POD, "restartPolicy": "Never"}}
OBJECTS: dict[str, Document] = {
    "apis/apps/v1/namespaces/{}/deployments": {
        "replicas": 0,
        "paused": True,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        "template": TEMPLATE,
    },
    "apis/apps/v1/namespaces/{}/statefulsets": {
        "replicas": 0,
        "serviceName": "web",
        "selector": {"matchLabels": {"app": "web"}},
        "template": TEMPLATE,
    },
    "apis/batch/v1/namespaces/{}/jobs": {"suspend": True, "backoffLimit": 0, "template": ONCE},
    "apis/batch/v1/namespaces/{}/cronjobs": {
        "suspend": True,
        "schedule": "*/5 * * * *",
        "jobTemplate": {"spec": {"template": ONCE}},
    },
    "apis/policy/v1/namespaces/{}/poddisruptionbudgets": {"minAvailable": "50%", "selector": {}},
    "api/v1/namespaces/{}/services": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]},
    "api/v1/namespaces/{}/resourcequotas": {"hard": {"cpu": "10", "pods": "5"}},
    "apis/networking.k8s.io/v1/namespaces/{}/ingresses": {
        "rules": [
            {
                "host": "a.b",
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "web", "port": {"number": 80}}},
                        }
                    ]
                },
            }
        ]
    },
}
PLAIN: dict[str, Document] = {
    "api/v1/namespaces/{}/secrets": {"data": {"key": "AAEC"}, "type": "Opaque"},
    "api/v1/namespaces/{}/configmaps": {"data": {"key": "", "other": "ü"}, "binaryData": {"raw": "/w=="}},
    "apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles": {
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]
    },
}


@pytest.mark.parametrize("path", [*OBJECTS, *PLAIN], ids=lambda path: path.rpartition("/")[2])
async def test_what_kube_apiserver_encodes_reads_as_its_json(control_plane: ControlPlane, path: str) -> None:
    body = {"metadata": {"name": "one"}, **(PLAIN[path] if path in PLAIN else {"spec": OBJECTS[path]})}
    async with ApiClient.like(control_plane.client()) as client:
        namespace = await client.make_namespace()
        place = "/" + path.format(namespace)
        # A controller may have more to say about it afterwards.
        await client.create(place, body)
        before, encoded = {}, b""
        while await client.get(f"{place}/one") != before:
            before = await client.get(f"{place}/one")
            encoded = await client.get_bytes(CONTENT_TYPE, f"{place}/one")
        assert _without_empty(decode(encoded)) == _without_empty(before)


def _without_empty(value: Any) -> Any:
    """Left out: objects without fields, which JSON has wherever Go has a plain struct; an emptyDir says something."""
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _without_empty(item) for name, item in value.items()}
    return {name: item for name, item in inner.items() if item != {} or name == "emptyDir"}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{}", "lacks the prefix"),
        (b"k8s\x00\x0a\x04\x0a\x02v1\x12", "not in Kubernetes' protobuf encoding"),
        (b"k8s\x00\x0a\x09\x0a\x02v1\x12\x03Foo", 'no kind "Foo" is registered for version "v1"'),
        (b"k8s\x00\x0a\xff\xff\xff\xff\x0f", "middle of a field"),
    ],
)
def test_what_is_no_such_body_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(ApiError, match=why) as refused:
        decode(body)
    assert refused.value.code == 400
