"""What launches of one round share."""

from karptui.cloud.catalogue import shipped
from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.instance.launch import Launcher
from karptui.cloud.ec2.nodeclass.reservations import FreePlaces
from karptui.cloud.ec2.unavailable import UnavailableOfferings
from tests.cloud.ec2.cluster import Clock, claim


def test_claims_of_a_pool_share_a_choice_also_when_those_of_another_come_in_between() -> None:
    clock = Clock()
    launcher = Launcher(ClusterSettings("lab"), UnavailableOfferings(clock), FreePlaces(clock), clock)
    ours, theirs = ({entry.name: entry for entry in shipped("us-east-1", [f"us-east-1{zone}"]).types} for zone in "ab")
    first = launcher.planner_of("ours").choose(claim(), ours)
    launcher.planner_of("theirs").choose(claim(), theirs)
    assert launcher.planner_of("ours").choose(claim(), ours) is first
