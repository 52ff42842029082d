"""What karptui must be allowed to do in a cluster, per mode: the one list behind `doctor` and `manifests`."""

from typing import Any

from msgspec import Struct

from karptui.kube.decode import RESOURCES

WATCH = ("get", "list", "watch")


class Rule(Struct, frozen=True):
    """One RBAC rule: `resource` may name a subresource (`pods/eviction`); `names` are the only objects, () for all."""

    group: str
    resource: str
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()


def observe_rules() -> list[Rule]:
    """Reading alone: every resource that the World keeps."""
    return [Rule(resource.group, plural, WATCH) for plural, resource in RESOURCES.items()]


def shadow_rules() -> list[Rule]:
    """Reading, and Karpenter's own metrics through the API server's proxy: its prices and what it holds for gone."""
    return [*observe_rules(), Rule("", "services/proxy", ("get",), ("karpenter:http-metrics",))]


def active_rules() -> list[Rule]:
    """What active mode writes, beside reading."""
    karpenter = "karpenter.sh"
    return [
        Rule(karpenter, "nodeclaims", ("create", "patch", "delete")),
        Rule(karpenter, "nodeclaims/status", ("patch",)),
        Rule(karpenter, "nodepools", ("patch",)),
        Rule(karpenter, "nodepools/status", ("patch",)),
        Rule(karpenter, "nodeoverlays/status", ("patch",)),
        Rule("karpenter.k8s.aws", "ec2nodeclasses", ("patch",)),
        Rule("karpenter.k8s.aws", "ec2nodeclasses/status", ("patch",)),
        Rule("karpenter.kwok.sh", "kwoknodeclasses/status", ("patch",)),
        Rule("", "nodes", ("create", "patch", "delete")),
        Rule("", "pods", ("delete",)),
        Rule("", "pods/eviction", ("create",)),
        Rule("", "events", ("create",)),
        Rule("storage.k8s.io", "volumeattachments", ("list",)),
        Rule("coordination.k8s.io", "leases", ("get", "list", "create", "update")),
        Rule("apps", "deployments", ("list",)),
    ]


def cluster_role(name: str, rules: list[Rule]) -> dict[str, Any]:
    """The rules as a ClusterRole, one entry for all resources of a group with the same verbs."""
    merged: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for rule in rules:
        merged.setdefault((rule.group, rule.verbs, rule.names), []).append(rule.resource)
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [
            {"apiGroups": [group], "resources": sorted(resources), "verbs": list(verbs)}
            | ({"resourceNames": list(names)} if names else {})
            for (group, verbs, names), resources in merged.items()
        ],
    }


def cluster_role_binding(name: str, user: str) -> dict[str, Any]:
    """Gives the ClusterRole of this name to a user."""
    api = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{api}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "User", "apiGroup": api, "name": user}],
    }
