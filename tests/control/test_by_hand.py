"""What a person does while the controllers run."""

from karptui.lab import manifests
from karptui.model.metadata import is_true
from tests.control.active_cluster import active_cluster, settled


async def test_a_held_node_is_not_drained_until_it_is_let_go() -> None:
    async with active_cluster() as cluster:
        cluster.patience = 120.0
        by_hand = cluster.by_hand
        by_hand.hold(["launches"])
        await cluster.apply(manifests.deployment("web", {"cpu": "500m"}, replicas=1))
        await cluster.until(lambda: any("launches are held" in line.text for line in cluster.world.log), "it said so")
        assert not cluster.world.of("nodeclaims")
        by_hand.hold(["launches"])
        await cluster.until(lambda: cluster.bound("default/web") == 1 and settled(cluster.world), "the pod bound")
        (claim,) = cluster.world.of("nodeclaims").values()
        node = claim.node_name

        assert await by_hand.cordon(node)
        await cluster.until(lambda: cluster.world.of("nodes")[node].unschedulable, "cordoned")
        assert not await by_hand.cordon(node)

        by_hand.hold([node])
        assert await by_hand.delete(node) == f"NodeClaim {claim.key}"
        await cluster.until(lambda: cluster.world.of("nodes")[node].metadata.deleted is not None, "the node deleted")
        before = cluster.lab.clock.now()
        await cluster.until(lambda: cluster.lab.clock.now() - before > 60.0, "a minute of the cluster")
        assert cluster.bound("default/web") == 1, "nothing was evicted"
        assert is_true(cluster.world.of("nodes")[node].conditions, "Ready")
        by_hand.hold([node])
        await cluster.until(lambda: claim.key not in cluster.world.of("nodeclaims"), "the claim gone")
        assert cluster.world.brakes is not None and cluster.world.brakes.held == ()
