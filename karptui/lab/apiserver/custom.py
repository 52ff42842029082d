"""Custom resources: what a CustomResourceDefinition adds to the registry, and the ones a Karpenter cluster has."""

from __future__ import annotations

from typing import Any

from karptui.lab.apiserver.registry import Column, Resource

Manifest = dict[str, Any]

_READY = '.status.conditions[?(@.type=="Ready")].status'
_AGE = ("Age", "date", ".metadata.creationTimestamp", 0)
_NODE_CLAIM_COLUMNS = (
    ("Type", "string", r".metadata.labels.node\.kubernetes\.io/instance-type", 0),
    ("Capacity", "string", r".metadata.labels.karpenter\.sh/capacity-type", 0),
    ("Zone", "string", r".metadata.labels.topology\.kubernetes\.io/zone", 0),
    ("Node", "string", ".status.nodeName", 0),
    ("Ready", "string", _READY, 0),
    _AGE,
    ("ImageID", "string", ".status.imageID", 1),
    ("ID", "string", ".status.providerID", 1),
    ("NodePool", "string", r".metadata.labels.karpenter\.sh/nodepool", 1),
    ("NodeClass", "string", ".spec.nodeClassRef.name", 1),
    ("Drifted", "string", '.status.conditions[?(@.type=="Drifted")].status', 1),
)
_NODE_POOL_COLUMNS = (
    ("NodeClass", "string", ".spec.template.spec.nodeClassRef.name", 0),
    ("Nodes", "string", ".status.resources.nodes", 0),
    ("Ready", "string", _READY, 0),
    _AGE,
    ("Weight", "integer", ".spec.weight", 1),
    ("CPU", "string", ".status.resources.cpu", 1),
    ("Memory", "string", ".status.resources.memory", 1),
)
_NODE_CLASS_COLUMNS = (("Ready", "string", _READY, 0), _AGE, ("Role", "string", ".spec.role", 1))
_NODE_OVERLAY_COLUMNS = (
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status', 0),
    _AGE,
    ("Weight", "integer", ".spec.weight", 1),
)


def _definition(
    group: str,
    version: str,
    kind: str,
    plural: str,
    columns: tuple[tuple[str, str, str, int], ...],
    short_names: tuple[str, ...] = (),
    categories: tuple[str, ...] = ("karpenter",),
) -> Manifest:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "shortNames": list(short_names),
                "categories": list(categories),
            },
            "scope": "Cluster",
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": schema},
                    "additionalPrinterColumns": [
                        {"name": name, "type": kind_of, "jsonPath": path, **({"priority": level} if level else {})}
                        for name, kind_of, path, level in columns
                    ],
                }
            ],
        },
    }


KARPENTER = (
    _definition("karpenter.sh", "v1", "NodePool", "nodepools", _NODE_POOL_COLUMNS),
    _definition("karpenter.sh", "v1", "NodeClaim", "nodeclaims", _NODE_CLAIM_COLUMNS),
    _definition("karpenter.sh", "v1alpha1", "NodeOverlay", "nodeoverlays", _NODE_OVERLAY_COLUMNS, ("overlays",)),
    _definition("karpenter.k8s.aws", "v1", "EC2NodeClass", "ec2nodeclasses", _NODE_CLASS_COLUMNS, ("ec2nc", "ec2ncs")),
)
"""The definitions that Karpenter v1.14 and its AWS provider install, without their schemas."""

KWOK = _definition(
    "karpenter.kwok.sh", "v1alpha1", "KWOKNodeClass", "kwoknodeclasses", (("Ready", "string", _READY, 0), _AGE)
)
"""That of its KWOK provider."""


def resources_of(definition: Manifest) -> list[Resource]:
    """The resources that a CustomResourceDefinition serves, its storage version first."""
    spec = definition.get("spec") or {}
    names = spec.get("names") or {}
    versions = [version for version in spec.get("versions") or () if version.get("served", True)]
    versions.sort(key=lambda version: not version.get("storage"))
    return [
        Resource(
            spec["group"],
            version["name"],
            names["kind"],
            names["plural"],
            spec.get("scope") == "Namespaced",
            tuple(names.get("shortNames") or ()),
            tuple(names.get("categories") or ()),
            tuple(version.get("subresources") or ()),
            generation=True,
            custom=True,
            columns=tuple(
                Column(column["name"], column.get("type", "string"), column["jsonPath"], column.get("priority", 0))
                for column in version.get("additionalPrinterColumns") or ()
            ),
        )
        for version in versions
    ]


def established(definition: Manifest, now: str) -> Manifest:
    """The status of a definition whose names are accepted and served."""
    spec = definition["spec"]
    conditions = [
        {"type": "NamesAccepted", "reason": "NoConflicts", "message": "no conflicts found"},
        {"type": "Established", "reason": "InitialNamesAccepted", "message": "the initial names have been accepted"},
    ]
    return {
        "acceptedNames": spec["names"],
        "conditions": [{**condition, "status": "True", "lastTransitionTime": now} for condition in conditions],
        "storedVersions": [version["name"] for version in spec["versions"] if version.get("storage")],
    }
