"""The lab's EC2 over HTTP: it starts, it steers, it goes when it should."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from karptui.lab.clock import Clock
from karptui.lab.cluster.instances import Instance
from karptui.lab.ec2 import Ec2Lab, Ec2LabError, start_ec2
from karptui.lab.ec2.feed import Ec2Instances
from karptui.model.taints import Taint
from tests.cloud.ec2.cluster import claim, provider_of, ready_node_class

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATIENCE = 30.0


async def test_an_interrupted_spot_instance_ends_two_minutes_later_by_the_labs_clock(lab: Ec2Lab) -> None:
    provider = provider_of(lab)
    launched = await provider.create(claim(("m5.large",), ("spot",)), await ready_node_class(provider))
    clock = Clock(speed=0.001)
    await lab.set_clock(clock)
    await lab.interrupt(launched.instance_id)
    assert (await provider.get(launched.provider_id)).state == "running"
    clock.set_speed(1000)
    await lab.set_clock(clock)
    async with asyncio.timeout(PATIENCE):
        while launched.provider_id in {entry.provider_id for entry in await provider.list()}:
            await asyncio.sleep(0.05)
    await lab.set_clock(Clock())
    await provider.close()


async def test_only_spot_instances_that_run_are_interrupted_by_spot(lab: Ec2Lab) -> None:
    provider = provider_of(lab)
    launched = await provider.create(claim(("m5.large",)), await ready_node_class(provider))
    with pytest.raises(Ec2LabError, match="no spot instance"):
        await lab.interrupt(launched.instance_id)
    with pytest.raises(Ec2LabError, match="spot, rebalance, scheduled-change or stop"):
        await lab.interrupt(launched.instance_id, "kindly")
    await provider.delete(launched.provider_id)
    with pytest.raises(Ec2LabError, match="no running instance"):
        await lab.interrupt(launched.instance_id)
    await provider.close()


async def test_the_cluster_sees_an_instance_with_what_its_kubelet_was_told_and_sees_it_go(lab: Ec2Lab) -> None:
    provider = provider_of(lab)
    resolved = await ready_node_class(provider, kubelet={"maxPods": 20, "kubeReserved": {"cpu": "200m"}})

    def found(picture: Sequence[Instance], instance_id: str) -> Instance | None:
        return next((entry for entry in picture if entry.id == instance_id), None)

    async with aclosing(Ec2Instances(lab.endpoint, lab.region).pictures()) as pictures, asyncio.timeout(PATIENCE):
        await anext(pictures)
        wanted = claim(("m5.large",), taints=(Taint("team", "a", "NoSchedule"),))
        launched = await provider.create(wanted, resolved)
        while (seen := found(await anext(pictures), launched.instance_id)) is None:
            pass
        assert seen.provider_id == launched.provider_id and seen.up
        assert seen.taints == ({"effect": "NoSchedule", "key": "team", "value": "a"},) and seen.karpenter
        assert seen.labels["karpenter.sh/nodepool"] == "default"
        assert seen.labels["karpenter.sh/capacity-type"] == "on-demand"
        assert (seen.capacity["cpu"], seen.capacity["pods"], seen.allocatable["cpu"]) == ("2", "20", "1800m")
        assert seen.private_dns_name.startswith("ip-") and seen.zone_id.startswith("use1-az")
        await provider.delete(launched.provider_id)
        while (seen := found(await anext(pictures), launched.instance_id)) is not None and seen.up:
            pass
    await provider.close()


async def test_the_same_seed_gives_the_same_account(lab: Ec2Lab) -> None:
    again = await start_ec2()
    other = await start_ec2(seed="another", zones=("us-east-1a", "us-east-1c"))
    await again.stop()
    await other.stop()
    assert (again.subnets, again.security_group) == (lab.subnets, lab.security_group)
    assert list(other.subnets) == ["us-east-1a", "us-east-1c"]
    assert other.security_group != lab.security_group and other.subnets["us-east-1a"] != lab.subnets["us-east-1a"]


async def test_a_zone_that_the_region_does_not_have_is_named() -> None:
    with pytest.raises(Ec2LabError, match="us-east-1 has no zone us-east-1z"):
        await start_ec2(zones=("us-east-1z",))


async def test_the_server_ends_with_whoever_started_it() -> None:
    program = (
        "import asyncio\n"
        "from karptui.lab.ec2 import start_ec2\n"
        "async def main():\n"
        "    lab = await start_ec2()\n"
        "    print(lab.endpoint, lab._process.pid, flush=True)\n"
        "    await asyncio.sleep(3600)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    async with asyncio.timeout(PATIENCE):
        _, pid = (await parent.stdout.readline()).split()
        # Killed, not asked: nobody tidies up behind it.
        parent.send_signal(signal.SIGKILL)
        await parent.wait()
        while _alive(int(pid)):
            await asyncio.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
