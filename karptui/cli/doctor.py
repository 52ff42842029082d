"""`karptui doctor`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from karptui.cli.flags import Output, WholeCluster

if TYPE_CHECKING:
    from karptui.control.examination import Finding


def doctor(
    *, cluster: WholeCluster | None = None, mode: Literal["observe", "active"] = "active", output: Output = None
) -> int:
    """Check what a mode needs before it is used, and print the exact rules that are missing. Changes nothing.

    Parameters
    ----------
    mode
        observe or active.
    output
        text or json.
    """
    from karptui.control.examination import Grade

    findings = asyncio.run(_examine(cluster or WholeCluster(), mode == "active"))
    if output == "json":
        import msgspec

        print(msgspec.json.encode(findings).decode())
    else:
        _print(findings)
    return 1 if any(finding.grade is Grade.MISSING for finding in findings) else 0


async def _examine(cluster: WholeCluster, active: bool) -> list[Finding]:
    from karptui.control.examination import examine
    from karptui.kube.connect import connect

    async with connect(cluster.kubeconfig, cluster.context) as connection:
        return await examine(connection, active=active)


def _print(findings: list[Finding]) -> None:
    import yaml

    from karptui.control.permissions import cluster_role

    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        print(f"{finding.grade.value:<8}{finding.check:<{width}}  {finding.text}")
    missing = [rule for finding in findings for rule in finding.missing]
    if missing:
        print("\nThis ClusterRole would allow what is missing:\n")
        print(yaml.safe_dump(cluster_role("karptui-missing", missing), sort_keys=False), end="")
