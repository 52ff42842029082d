"""`karptui doctor`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from karptui.cli.active import Aws
from karptui.cli.flags import Output, WholeCluster

if TYPE_CHECKING:
    from karptui.control.safety.examination import Finding
    from karptui.kube.connect import Connection

Policy = dict[str, Any] | None


def doctor(
    *,
    cluster: WholeCluster | None = None,
    mode: Literal["observe", "active"] = "active",
    provider: Literal["ec2", "kwok"] | None = None,
    aws: Aws | None = None,
    output: Output = None,
) -> int:
    """Check what a mode needs before it is used, and print the exact rules that are missing. Changes nothing.

    Parameters
    ----------
    mode
        observe or active.
    provider
        ec2 also checks the AWS account for active mode; without it that is done where there are EC2NodeClasses.
    output
        text or json.
    """
    from karptui.control.safety.examination import Grade

    findings, policy = asyncio.run(_examine(cluster or WholeCluster(), mode == "active", provider, aws or Aws()))
    if output == "json":
        import msgspec

        found = [{**msgspec.to_builtins(finding)} for finding in findings]
        print(msgspec.json.encode([*found, {"check": "IAM policy", "policy": policy}] if policy else found).decode())
    else:
        _print(findings, policy)
    return 1 if any(finding.grade is Grade.MISSING for finding in findings) else 0


async def _examine(cluster: WholeCluster, active: bool, provider: str | None, aws: Aws) -> tuple[list[Finding], Policy]:
    from karptui.control.safety.examination import examine
    from karptui.kube.connect import connect

    async with connect(cluster.kubeconfig, cluster.context) as connection:
        findings = await examine(connection, active=active)
        if not active or provider == "kwok":
            return findings, None
        more, policy = await _account(connection, provider == "ec2", aws)
        return findings + more, policy


async def _account(connection: Connection, asked: bool, aws: Aws) -> tuple[list[Finding], Policy]:
    """The checks of the AWS account, if they were asked for or the cluster has EC2NodeClasses."""
    from karptui.cli.active import ec2_choice
    from karptui.control.safety.examination import node_classes_of

    classes = await node_classes_of(connection)
    if not asked and not classes:
        return [], None
    from karptui.cloud.ec2.api.client import Account
    from karptui.cloud.ec2.provider import Ec2Provider
    from karptui.control.safety.account import examine_account
    from karptui.modes.providers import region_of, settings_of
    from karptui.settings import load_settings

    choice = ec2_choice(aws, load_settings())
    account = Account(region_of(choice, connection), choice.endpoint_url, choice.profile)
    settings = await settings_of(choice, account, connection)
    provider = Ec2Provider(account, settings)
    try:
        return await examine_account(provider, settings, classes)
    finally:
        await provider.clients.close()


def _print(findings: list[Finding], policy: Policy) -> None:
    import json

    import yaml

    from karptui.control.safety.permissions import cluster_role

    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        print(f"{finding.grade.value:<8}{finding.check:<{width}}  {finding.text}")
    missing = [rule for finding in findings for rule in finding.missing]
    if missing:
        print("\nThis ClusterRole would allow what is missing:\n")
        print(yaml.safe_dump(cluster_role("karptui-missing", missing), sort_keys=False), end="")
    if policy:
        print("\nThis IAM policy would allow what is missing:\n")
        print(json.dumps(policy, indent=2))
