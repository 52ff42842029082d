"""The views of one World that are kept up to date change by change."""

from collections.abc import Collection

from karptui.views.kept.claims import KeptClaims
from karptui.views.kept.decisions import KeptDecisions
from karptui.views.lists.decisions import DecisionViews
from karptui.views.lists.log import LogTail
from karptui.views.lists.overview import KeptNodes, KeptPools
from karptui.views.lists.pods import KeptPods
from karptui.views.spending.cost import NodeCosts
from karptui.views.timelines.progress import KeptWaiting
from karptui.world.world import World


class Kept:
    """One of each; nothing is worked out before somebody looks."""

    def __init__(self) -> None:
        self.log = LogTail()
        self.claims = KeptClaims()
        self.waiting = KeptWaiting()
        self.pools = KeptPools()
        self.nodes = KeptNodes()
        self.costs = NodeCosts()
        self.decision_views = DecisionViews()
        self.pods = KeptPods()
        self.decisions = KeptDecisions()

    def changed(self, world: World, keys: Collection[tuple[str, str]]) -> None:
        """What of the world changed since the last time: (resource, key)."""
        pods, waiting, nodes, pools = self.pods.keys, self.waiting.pods, self.nodes.keys, self.pools.nodes
        costs = self.costs.keys
        for resource, key in keys:
            if resource == "pods":
                pods.add(key)
                waiting.add(key)
            elif resource == "nodes":
                nodes.add(key)
                pools.add(key)
                costs.add(key)
                self.decisions.changed(world, resource, key)
            elif resource == "nodeclaims":
                self.claims.keys.add(key)
                self.pools.fleets.claims.add(key)
                self.decisions.changed(world, resource, key)
                if (claim := world.of("nodeclaims").get(key)) is not None:
                    nodes.add(claim.node_name)  # an interruption is noted on the node
            elif resource == "decisions":
                self.decisions.changed(world, resource, key)
                if (decision := world.decisions.get(key)) is not None:
                    for pod in decision.pods:
                        waiting.add(pod)
            elif resource == "catalogue":
                nodes.add_all()
                costs.add_all()
        self.pods.look(world)
