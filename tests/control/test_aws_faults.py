"""karptui beside an AWS that throttles, breaks, runs out, loses answers and tells of instances late."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from karptui.cloud.ec2.own_tags import CLAIM_UID_TAG
from karptui.lab import manifests
from karptui.world import events
from tests.control.active_cluster import ActiveCluster, active_cluster
from tests.control.faulty_aws import FaultyAws

Faulty = tuple[ActiveCluster, FaultyAws]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Faulty]:
    async with active_cluster(speed=30.0, started=False) as cluster, FaultyAws(cluster.lab.ec2).serve() as aws:
        cluster.aws_url = aws.url
        await cluster.apply(manifests.deployment("web", {"cpu": "500m"}, replicas=0))
        yield cluster, aws


@pytest_asyncio.fixture(loop_scope="module")
async def faulty(shared: Faulty) -> AsyncIterator[Faulty]:
    """A controller that has seen its NodePools ready; the cluster is empty before and after."""
    cluster, aws = shared
    aws.faults.clear()
    aws.hidden_seconds = 0.0
    cluster.seen.clear()
    await cluster.start()
    await cluster.until(lambda: cluster.world.synced() and not cluster.world.of("nodeclaims"), "an empty cluster")
    yield cluster, aws
    aws.faults.clear()
    aws.hidden_seconds = 0.0
    await cluster.scale("web", 0)
    await cluster.until(lambda: not cluster.world.of("nodeclaims") and not cluster.world.of("nodes"), "all gone")
    await cluster.kill()


async def _bound(cluster: ActiveCluster, replicas: int) -> None:
    await cluster.scale("web", replicas)
    await cluster.until(lambda: cluster.bound("default/web") == replicas, f"{replicas} pods bound")


async def _one_instance_each(cluster: ActiveCluster) -> None:
    """No NodeClaim ever had two instances, and nothing runs that no NodeClaim has."""
    launched = await cluster.ever_launched()
    uids = Counter(tag["Value"] for item in launched for tag in item["Tags"] if tag["Key"] == CLAIM_UID_TAG)
    assert [uid for uid, count in uids.items() if count > 1] == []
    claims = {claim.provider_id.rpartition("/")[2] for claim in cluster.world.of("nodeclaims").values()}
    assert {item["InstanceId"] for item in launched if item["State"]["Name"] == "running"} == claims


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_answer_that_is_lost_after_the_launch_does_not_launch_twice(faulty: Faulty) -> None:
    cluster, aws = faulty
    aws.lose_answer("CreateFleet", times=6)  # more than a client tries by itself
    await _bound(cluster, 3)
    assert aws.calls["CreateFleet"] > 6
    await _one_instance_each(cluster)


async def test_instances_that_ec2_tells_of_late_are_not_launched_again(faulty: Faulty) -> None:
    cluster, aws = faulty
    aws.hide_new_instances(2.0)
    aws.lose_answer("CreateFleet", times=6)
    await _bound(cluster, 3)
    await _one_instance_each(cluster)


async def test_a_restart_while_ec2_hides_the_instance_does_not_launch_again(faulty: Faulty) -> None:
    cluster, aws = faulty
    aws.hide_new_instances(2.0)
    aws.lose_answer("CreateFleet", times=6)
    await cluster.scale("web", 3)
    before = aws.calls["CreateFleet"]
    await cluster.until(lambda: aws.calls["CreateFleet"] > before, "a launch")
    await cluster.crash()
    await cluster.start()
    await cluster.until(lambda: cluster.bound("default/web") == 3, "three pods bound")
    await _one_instance_each(cluster)


async def test_throttled_and_broken_calls_are_told_and_tried_again(faulty: Faulty) -> None:
    cluster, aws = faulty
    aws.throttle("DescribeInstances", times=6)
    aws.throttle("CreateFleet", times=12)  # more than two launches at once try by themselves
    aws.refuse("CreateLaunchTemplate", "InternalError", status=500, times=2)
    aws.drop("CreateFleet", times=2)
    await _bound(cluster, 3)
    await _one_instance_each(cluster)
    told = [event.message for event in cluster.seen if isinstance(event, events.Problem)]
    assert any("throttles" in message for message in told), told
    assert not any("Traceback" in message for message in told)


async def test_where_no_spot_is_left_on_demand_is_bought(faulty: Faulty) -> None:
    cluster, _ = faulty
    await cluster.lab.set_capacity(None, None, "spot", 0)
    await _bound(cluster, 3)
    assert {claim.capacity_type for claim in cluster.world.of("nodeclaims").values()} == {"on-demand"}
    await _one_instance_each(cluster)


async def test_an_end_whose_answer_is_lost_still_ends(faulty: Faulty) -> None:
    cluster, aws = faulty
    await _bound(cluster, 3)
    aws.lose_answer("TerminateInstances", times=6)
    aws.refuse("DescribeInstances", "InternalError", status=500, times=3)
    await cluster.scale("web", 0)
    await cluster.until(lambda: not cluster.world.of("nodeclaims"), "every claim gone")
    assert not [item for item in await cluster.ever_launched() if item["State"]["Name"] == "running"]
