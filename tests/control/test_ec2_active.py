"""karptui on EC2 as a person starts it: real API server, scheduler and controller-manager, moto for AWS."""

import asyncio
import signal
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from karptui.lab import manifests
from tests.control.ec2_plane import PATIENCE, Ec2Plane, active_command, environment

POOLS = "/apis/karpenter.sh/v1/nodepools"
REQUIREMENTS = [
    manifests.requirement("karpenter.sh/capacity-type", "In", "on-demand"),
    manifests.requirement("karpenter.k8s.aws/instance-category", "In", "c", "m"),
    manifests.requirement("karpenter.k8s.aws/instance-generation", "Gt", "5"),
]


def general(**changed: Any) -> dict[str, Any]:
    pool = manifests.node_pool("general", REQUIREMENTS, consolidate_after="1s")
    pool["spec"]["template"]["spec"] |= changed
    pool["spec"]["disruption"]["budgets"] = [{"nodes": "100%"}]
    return pool


class Told:
    """A karptui process and what it said so far."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def until(self, text: str) -> str:
        """Read on until a line has this in it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                assert self.process.stdout is not None
                line = (await self.process.stdout.readline()).decode()
                assert line, f"it ended without {text!r}: {self.lines[-5:]}"
                self.lines.append(line.rstrip())
                if text in line:
                    return line


@asynccontextmanager
async def karptui_active(ec2: Ec2Plane, *flags: str) -> AsyncIterator[Told]:
    command = active_command(ec2.aws, ec2.plane, *flags)
    process = await asyncio.create_subprocess_exec(*command, env=environment(), stdout=PIPE, stderr=STDOUT)
    try:
        yield Told(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_dry_run_on_a_fresh_cluster_says_what_would_be_launched_and_changes_nothing(ec2: Ec2Plane) -> None:
    await ec2.create(POOLS, general())
    await ec2.deploy("inflate", 5)
    async with karptui_active(ec2, "--dry-run") as told:
        line = await told.until("would create nodeclaims")
    assert "for 5 pods" in line
    assert await ec2.claims() == {}
    assert await ec2.instances() == []
    iam = await ec2.clients.get("iam")
    profiles = (await iam.list_instance_profiles())["InstanceProfiles"]
    assert [entry["InstanceProfileName"] for entry in profiles] == [f"KarpenterNodeRole-{manifests.CLUSTER}"]
    node_class = await ec2.get("/apis/karpenter.k8s.aws/v1/ec2nodeclasses/default")
    assert "status" not in node_class


async def test_killed_in_the_middle_of_a_launch_it_goes_on_where_it_was(ec2: Ec2Plane) -> None:
    await ec2.create(POOLS, general())
    async with karptui_active(ec2) as told:
        await ec2.until(ec2.pools_ready, "the NodePool ready")
        await ec2.deploy("inflate", 5)
        await told.until("created NodeClaim")
        told.process.send_signal(signal.SIGKILL)
        await told.process.wait()
    async with karptui_active(ec2):

        async def five() -> bool:
            return len(await ec2.bound("inflate")) == 5

        await ec2.until(five, "five pods bound")

        async def equal() -> bool:
            claims = await ec2.claims()
            ids = {claim.get("status", {}).get("providerID", "").rpartition("/")[2] for claim in claims.values()}
            return ids == await ec2.running()

        await ec2.until(equal, "an instance for each NodeClaim")
    uids = [
        tag["Value"]
        for instance in await ec2.instances()
        for tag in instance["Tags"]
        if tag["Key"] == "karptui/nodeclaim-uid"
    ]
    assert len(uids) == len(set(uids)) >= 1
