"""What the server refuses: a light selection of Kubernetes' validation, in its wording."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from karptui.lab.apiserver.errors import FieldErrors
from karptui.lab.apiserver.registry import Resource
from karptui.lab.apiserver.selectors import from_object

Manifest = dict[str, Any]

_LABEL_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PATH_SEGMENT_TABOO = ("/", "%")
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_LABEL_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_POD_TEMPLATED = {("apps", name) for name in ("deployments", "replicasets", "statefulsets", "daemonsets")}
_ANY_PATH_SEGMENT = {"rbac.authorization.k8s.io"}
POD_MUTABLE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def validate(resource: Resource, manifest: Manifest, before: Manifest | None) -> None:
    """Raise 422 Invalid when the object may not be stored. `before` is the version that it is to replace."""
    errors = FieldErrors()
    name = manifest["metadata"].get("name", "")
    _check_metadata(errors, resource, manifest["metadata"])
    if resource.key == ("", "pods"):
        _check_pod_spec(errors, manifest.get("spec") or {}, "spec")
        if before is not None:
            _check_pod_change(errors, manifest, before)
    elif resource.key in _POD_TEMPLATED:
        _check_workload(errors, manifest, before)
    elif resource.key == ("batch", "jobs"):
        _check_template(errors, (manifest.get("spec") or {}).get("template"), "spec.template")
    elif resource.group == "karpenter.sh":
        _check_karpenter(errors, resource, manifest, before)
    errors.raise_if_any(resource, name)


def _check_metadata(errors: FieldErrors, resource: Resource, metadata: Manifest) -> None:
    name = metadata.get("name")
    if not name:
        errors.required("metadata.name", "name or generateName is required")
    elif not isinstance(name, str):
        errors.invalid("metadata.name", name, "must be a string")
    elif resource.group in _ANY_PATH_SEGMENT:
        for taboo in _PATH_SEGMENT_TABOO:
            if taboo in name:
                errors.invalid("metadata.name", name, f"may not contain '{taboo}'")
    elif resource.key in {("", "namespaces"), ("", "services")}:
        if not _LABEL_NAME.fullmatch(name) or len(name) > 63:
            errors.invalid("metadata.name", name, _LABEL_RULE if len(name) <= 63 else "must be no more than 63 bytes")
    elif len(name) > 253:
        errors.invalid("metadata.name", name, "must be no more than 253 bytes")
    elif not _SUBDOMAIN.fullmatch(name):
        errors.invalid("metadata.name", name, _SUBDOMAIN_RULE)
    _check_labels(errors, metadata.get("labels"), "metadata.labels")
    for index, reference in enumerate(metadata.get("ownerReferences") or ()):
        for field in ("apiVersion", "kind", "name", "uid"):
            if not reference.get(field):
                errors.required(f"metadata.ownerReferences[{index}].{field}", "must not be empty")


def _check_labels(errors: FieldErrors, labels: Any, field: str) -> None:
    if labels is None:
        return
    if not isinstance(labels, Mapping):
        errors.invalid(field, labels, "must be a map of strings")
        return
    for key, value in labels.items():
        name = key.rpartition("/")[2]
        if len(name) > 63 or not _QUALIFIED.fullmatch(name):
            errors.invalid(field, key, "name part must consist of alphanumeric characters, '-', '_' or '.'")
        if not isinstance(value, str):
            errors.invalid(field, value, "must be a string")
        elif len(value) > 63:
            errors.invalid(field, value, "must be no more than 63 bytes")
        elif value and not _QUALIFIED.fullmatch(value):
            errors.invalid(field, value, _LABEL_VALUE_RULE)


def _check_pod_spec(errors: FieldErrors, spec: Manifest, field: str) -> None:
    containers = spec.get("containers")
    if not containers:
        errors.required(f"{field}.containers")
    seen: set[str] = set()
    for index, container in enumerate(containers or ()):
        path = f"{field}.containers[{index}]"
        name = container.get("name")
        if not name:
            errors.required(f"{path}.name")
        elif not _LABEL_NAME.fullmatch(name):
            errors.invalid(f"{path}.name", name, _LABEL_RULE)
        elif name in seen:
            errors.add("FieldValueDuplicate", f"{path}.name", f'Duplicate value: "{name}"')
        seen.add(name or "")
        if not container.get("image"):
            errors.required(f"{path}.image")
    policies = ("Always", "OnFailure", "Never")
    if (policy := spec.get("restartPolicy")) not in (None, *policies):
        errors.not_supported(f"{field}.restartPolicy", policy, policies)


def _check_pod_change(errors: FieldErrors, pod: Manifest, before: Manifest) -> None:
    if pod.get("spec") == before.get("spec"):
        return
    gated = bool((before.get("spec") or {}).get("schedulingGates"))
    if _immutable(pod, gated) != _immutable(before, gated):
        errors.forbidden("spec", POD_MUTABLE)


def _immutable(pod: Manifest, gated: bool) -> Manifest:
    spec = copy.deepcopy(pod.get("spec") or {})
    for field in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates"):
        spec.pop(field, None)
    if gated:
        spec.pop("nodeSelector", None)
        spec.pop("affinity", None)
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        container.pop("image", None)
    return spec


def _check_workload(errors: FieldErrors, manifest: Manifest, before: Manifest | None) -> None:
    spec = manifest.get("spec") or {}
    selector = spec.get("selector")
    template = spec.get("template")
    if not selector:
        errors.required("spec.selector")
    elif template:
        labels = (template.get("metadata") or {}).get("labels") or {}
        if not from_object(selector)(labels):
            errors.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    if before is not None and selector != (before.get("spec") or {}).get("selector"):
        errors.invalid("spec.selector", selector, "field is immutable")
    replicas = spec.get("replicas", 0)
    if isinstance(replicas, int) and replicas < 0:
        errors.invalid("spec.replicas", replicas, "must be greater than or equal to 0")
    _check_template(errors, template, "spec.template")


def _check_template(errors: FieldErrors, template: Any, field: str) -> None:
    _check_pod_spec(errors, (template or {}).get("spec") or {}, f"{field}.spec")


def _check_karpenter(errors: FieldErrors, resource: Resource, manifest: Manifest, before: Manifest | None) -> None:
    spec = manifest.get("spec")
    if not isinstance(spec, Mapping):
        errors.required("spec")
        return
    if resource.plural == "nodeclaims":
        claim, field = spec, "spec"
        if before is not None and spec != before.get("spec"):
            errors.invalid("spec", "object", "spec is immutable")
    elif resource.plural == "nodepools":
        claim, field = (spec.get("template") or {}).get("spec"), "spec.template.spec"
        if claim is None:
            errors.required(field)
            return
    else:
        return
    for required in ("nodeClassRef", "requirements"):
        if claim.get(required) is None:
            errors.required(f"{field}.{required}")
