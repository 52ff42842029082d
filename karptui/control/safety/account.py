"""What stands in the way of active mode in an AWS account, asked without changing anything."""

import time
from email.utils import parsedate_to_datetime
from typing import Any

from msgspec.structs import replace

from karptui.cloud.ec2.account.rights import Action, Rights, find_rights, policy
from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.api.client import AwsClients
from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.ec2.queue.interruption import queue_url
from karptui.cloud.provider import CloudError
from karptui.control.safety.examination import MOST_SKEW_SECONDS, Finding, Grade
from karptui.model.nodepool import NodeClass


async def examine_account(
    provider: Ec2Provider, cluster: ClusterSettings, node_classes: list[NodeClass]
) -> tuple[list[Finding], dict[str, Any] | None]:
    """Every check, and the policy that would allow what is missing (None: nothing is)."""
    clients = provider.clients
    try:
        sts = await clients.get("sts")
        before = time.time()
        with calling("sts", "GetCallerIdentity"):
            caller = await sts.get_caller_identity()
    except CloudError as error:
        return [Finding("AWS credentials", Grade.MISSING, str(error))], None
    findings = [Finding("AWS credentials", Grade.OK, f"{caller['Arn']} in {clients.account.region}")]
    findings += _clock(caller, before)
    rights = await find_rights(clients, cluster, caller["Arn"])
    findings += _rights(rights)
    findings.append(_network(cluster))
    findings.append(await _queue(clients, cluster))
    for node_class in node_classes:
        findings.extend(await _node_class(provider, node_class))
    if not node_classes:
        findings.append(Finding("NodeClasses", Grade.WARNING, "there is no EC2NodeClass yet, so nothing to try"))
    return findings, policy(rights.missing, cluster) if rights.missing else None


def _clock(caller: dict[str, Any], before: float) -> list[Finding]:
    date = caller["ResponseMetadata"].get("HTTPHeaders", {}).get("date", "")
    try:
        there = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return []
    skew = max(before - (there + 1.0), there - time.time(), 0.0)
    if skew > MOST_SKEW_SECONDS:
        words = f"ours and AWS' differ by {skew:.0f}s: from five minutes on AWS refuses every call; set the clock"
        return [Finding("AWS clock", Grade.WARNING, words)]
    return [Finding("AWS clock", Grade.OK, "ours and AWS' agree")]


def _rights(rights: Rights) -> list[Finding]:
    """What acting needs, and what only the account's effective prices need."""
    acting = Rights(*(tuple(action for action in those if not action.priced) for those in _each(rights)))
    priced = Rights(*(tuple(action for action in those if _reads_commitments(action)) for those in _each(rights)))
    found = _verdict("IAM actions", acting, "")
    prices = _verdict("IAM for commitments", priced, "; the cost screen shows list prices for what these would tell")
    if prices.grade is Grade.MISSING:
        prices = replace(prices, grade=Grade.WARNING)
    return [found, prices]


def _each(rights: Rights) -> tuple[tuple[Action, ...], ...]:
    return rights.allowed, rights.missing, rights.untold


def _reads_commitments(action: Action) -> bool:
    return action.priced or action.iam == "ec2:DescribeCapacityReservations"


def _verdict(check: str, rights: Rights, without: str) -> Finding:
    unknown = f"; cannot be told without iam:SimulatePrincipalPolicy: {_named(rights.untold)}" if rights.untold else ""
    if rights.missing:
        return Finding(check, Grade.MISSING, f"not allowed: {_named(rights.missing)}{without}{unknown}")
    grade = Grade.WARNING if rights.untold else Grade.OK
    return Finding(check, grade, f"{len(rights.allowed)} allowed{unknown}")


def _named(actions: tuple[Action, ...]) -> str:
    return ", ".join(action.iam for action in actions)


def _network(cluster: ClusterSettings) -> Finding:
    if cluster.service_cidr:
        return Finding("cluster", Grade.OK, f"{cluster.name}, services {cluster.service_cidr}, {cluster.endpoint}")
    return Finding("cluster", Grade.MISSING, f"the range of services is not known: {cluster.cidr_unknown}")


async def _queue(clients: AwsClients, cluster: ClusterSettings) -> Finding:
    check = "interruption queue"
    if not cluster.queue:
        return Finding(check, Grade.WARNING, "none given (--queue): nodes that EC2 reclaims are not replaced in time")
    try:
        await queue_url(clients, cluster.queue)
    except CloudError as error:
        return Finding(check, Grade.MISSING, str(error))
    return Finding(check, Grade.OK, f"{cluster.queue} exists")


async def _node_class(provider: Ec2Provider, node_class: NodeClass) -> list[Finding]:
    """One line for what is wrong with a NodeClass, or one that all was found."""
    check = f"EC2NodeClass {node_class.name}"
    try:
        found = await provider.node_class_status(node_class, only_look=True)
    except CloudError as error:
        return [Finding(check, Grade.MISSING, str(error))]
    wrong = [entry for entry in found.conditions if entry.status != "True" and entry.reason != "DependenciesNotReady"]
    if wrong:
        return [Finding(check, Grade.MISSING, f"{entry.type}: {entry.reason}, {entry.message}") for entry in wrong]
    counts = [
        f"{len(listed)} {name}"
        for name, key in (("subnets", "subnets"), ("security groups", "securityGroups"), ("images", "amis"))
        if isinstance(listed := found.status.get(key), list)
    ]
    return [Finding(check, Grade.OK, ", ".join(counts))]
