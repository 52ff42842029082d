"""What stands in the way of a mode in this cluster, asked without changing anything."""

import asyncio
import json
import time
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from karptui.control.safety.other_controller import find_cluster_autoscaler, find_other
from karptui.control.safety.permissions import Rule, active_rules, observe_rules
from karptui.kube.clean import clean
from karptui.kube.connect import Connection
from karptui.kube.decode_node import decode_node_class
from karptui.kube.errors import ApiError, KubeError
from karptui.model.nodepool import NodeClass

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
CRDS = ("nodepools.karpenter.sh", "nodeclaims.karpenter.sh")
MOST_SKEW_SECONDS = 5.0
AT_ONCE = 16


class Grade(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warn"
    MISSING = "MISSING"


class Finding(Struct, frozen=True):
    """One line of the table; `missing` are the RBAC rules that would mend it."""

    check: str
    grade: Grade
    text: str
    missing: tuple[Rule, ...] = ()


async def examine(connection: Connection, *, active: bool) -> list[Finding]:
    """Every check of a cluster for observing, and for acting. Raises KubeError only if it does not answer at all."""
    version = await connection.server_version()
    findings = [Finding("API server", Grade.OK, f"{connection.server} answers, Kubernetes {version}")]
    findings.append(await _definitions(connection))
    findings.append(await _rights(connection, "RBAC to observe", observe_rules()))
    if active:
        findings.append(await _rights(connection, "RBAC to act", active_rules()))
        findings.append(await _clock(connection))
        findings.append(await _other(connection))
    return findings


async def _rights(connection: Connection, check: str, rules: list[Rule]) -> Finding:
    limit = asyncio.Semaphore(AT_ONCE)

    async def missing(rule: Rule, verb: str) -> Rule | None:
        async with limit:
            return None if await _allowed(connection, rule, verb) else Rule(rule.group, rule.resource, (verb,))

    try:
        answers = await asyncio.gather(*(missing(rule, verb) for rule in rules for verb in rule.verbs))
    except KubeError as error:
        return Finding(check, Grade.WARNING, f"cannot be asked: {error}")
    by_place: dict[tuple[str, str], tuple[str, ...]] = {}
    for rule in answers:
        if rule is not None:
            place = (rule.group, rule.resource)
            by_place[place] = (*by_place.get(place, ()), *rule.verbs)
    if not by_place:
        return Finding(check, Grade.OK, f"all {len(answers)} verbs allowed")
    lacking = tuple(Rule(group, resource, verbs) for (group, resource), verbs in by_place.items())
    words = "; ".join(f"{', '.join(rule.verbs)} {rule.resource}" for rule in lacking)
    return Finding(check, Grade.MISSING, f"not allowed: {words}", lacking)


async def _allowed(connection: Connection, rule: Rule, verb: str) -> bool:
    resource, _, subresource = rule.resource.partition("/")
    asked = {"group": rule.group, "resource": resource, "subresource": subresource, "verb": verb}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": asked},
    }
    answer: dict[str, Any] = json.loads(await connection.request("POST", REVIEWS, body))
    return bool((answer.get("status") or {}).get("allowed"))


async def _definitions(connection: Connection) -> Finding:
    found, absent = list[str](), list[str]()
    for name in CRDS:
        plural, _, group = name.partition(".")
        try:
            served = await _versions(connection, group, plural)
        except ApiError as error:
            (found if error.code == 403 else absent).append(plural)
        except (KubeError, ValueError, KeyError, TypeError):
            absent.append(plural)
        else:
            told = f"{plural} ({', '.join(clean(version) for version in served)})"
            (found if served else absent).append(told if served else plural)
    if absent:
        advice = "install Karpenter's chart karpenter-crd, or `karptui manifests --crds` on a cluster to try it on"
        return Finding("CRDs", Grade.MISSING, f"not installed: {', '.join(absent)}; {advice}")
    return Finding("CRDs", Grade.OK, ", ".join(found))


async def _versions(connection: Connection, group: str, plural: str) -> list[str]:
    """Those in which a resource is served: its group may have others, of other resources."""
    versions = json.loads(await connection.request("GET", f"/apis/{group}"))["versions"]
    served = list[str]()
    for version in [str(entry["version"]) for entry in versions]:
        listed = json.loads(await connection.request("GET", f"/apis/{group}/{version}"))["resources"]
        if any(entry["name"] == plural for entry in listed):
            served.append(version)
    return served


async def _clock(connection: Connection) -> Finding:
    """By the creationTimestamp of a Lease that the server is asked to check and not to keep."""
    body = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"generateName": "karptui-clock-", "namespace": "kube-system"},
    }
    before = time.time()
    try:
        path = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
        answer = json.loads(await connection.request("POST", path, body, query={"dryRun": "All"}))
        there = datetime.fromisoformat(answer["metadata"]["creationTimestamp"]).timestamp()
    except (KubeError, ValueError, KeyError):
        return Finding("clock", Grade.WARNING, "the API server's time cannot be read (dry-run create of a Lease)")
    # It answers in whole seconds, cut off.
    skew = max(before - (there + 1.0), there - time.time(), 0.0)
    if skew > MOST_SKEW_SECONDS:
        words = f"ours and the API server's differ by {skew:.0f}s: deadlines and ages are wrong by that; set the clock"
        return Finding("clock", Grade.WARNING, words)
    return Finding("clock", Grade.OK, "ours and the API server's agree")


async def _other(connection: Connection) -> Finding:
    try:
        other = await find_other(connection)
        rivals = await find_cluster_autoscaler(connection)
    except KubeError as error:
        return Finding("other autoscaler", Grade.MISSING, f"cannot be looked for: {error}")
    if other:
        return Finding("other autoscaler", Grade.MISSING, f"{other.sentence()}; stop it, or use --take-over")
    if rivals:
        words = f"{', '.join(rivals)} runs: it may take away nodes of its own groups that pods are moved to"
        return Finding("other autoscaler", Grade.WARNING, words)
    return Finding("other autoscaler", Grade.OK, "neither Karpenter nor the Cluster Autoscaler runs here")


async def node_classes_of(connection: Connection) -> list[NodeClass]:
    """The EC2NodeClasses of the cluster; none where there is no such resource or it cannot be read."""
    try:
        listed = await connection.request("GET", "/apis/karpenter.k8s.aws/v1/ec2nodeclasses", verb="list")
    except KubeError:
        return []
    items: list[dict[str, Any]] = json.loads(listed).get("items") or []
    return [decode_node_class(json.dumps(item).encode(), "EC2NodeClass") for item in items]
