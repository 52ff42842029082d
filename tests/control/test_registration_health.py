"""What the last results say of a NodePool; that the condition is written is tried in test_active.py."""

import asyncio
from typing import Any

from karptui.control.hands import Hands
from karptui.control.nodeclaim.registration_health import HEALTHY, RegistrationHealth
from karptui.control.safety.brakes import Brakes
from karptui.control.safety.gate import Gate
from karptui.model.metadata import Condition, Metadata, OwnerReference
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodePool
from karptui.world import events
from karptui.world.world import World

NOW = 1_800_000_000.0


def health_of(status: str, *, generation: int = 1, observed: int = 1) -> tuple[RegistrationHealth, World]:
    """A pool whose condition says this; nothing passes the gate, as in a dry run."""
    world = World()
    known = (Condition(HEALTHY, status, HEALTHY, observed_generation=observed),)
    pool = NodePool(Metadata("general", uid="pool-1", generation=generation), conditions=known)
    world.apply(events.ObjectSeen(NOW, "nodepools", events.Change.ADDED, pool))
    unused: Any = Gate(world.apply, lambda: NOW, dry_run=True)
    return RegistrationHealth(Hands(world, unused, unused, world.apply, lambda: NOW, asyncio.sleep, Brakes())), world


def claim(launched: str = "True", owner: str = "pool-1") -> NodeClaim:
    owners = (OwnerReference("karpenter.sh/v1", "NodePool", "general", owner),)
    metadata = Metadata("general-1", uid="claim-1", labels={"karpenter.sh/nodepool": "general"}, owners=owners)
    return NodeClaim(metadata, conditions=(Condition("Launched", launched, "Why", "because"),))


def test_one_node_that_does_not_come_is_no_verdict_and_a_second_one_is() -> None:
    health, _ = health_of("True")
    health.failed(claim())
    assert not list(health.due())
    health.failed(claim())
    assert list(health.due()) == ["general"]


def test_after_a_restart_an_unhealthy_pool_needs_three_good_nodes() -> None:
    health, _ = health_of("False")
    for expected in ([], [], ["general"]):
        health.succeeded(claim())
        assert list(health.due()) == expected


def test_a_claim_of_another_pool_of_that_name_counts_for_nothing() -> None:
    health, _ = health_of("Unknown")
    health.succeeded(claim(owner="pool-0"))
    assert not list(health.due())
    health.succeeded(claim())
    assert list(health.due()) == ["general"]


def test_an_edited_pool_is_to_be_judged_anew() -> None:
    health, _ = health_of("True", generation=2)
    assert list(health.due()) == ["general"]
