"""What can be asked of What-if in this cluster: changes with its own names in them, ready to be tried."""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from karptui.model.labels import CAPACITY_TYPE
from karptui.model.node import Node
from karptui.model.nodepool import NodePool
from karptui.views.lists.overview import NodeRow
from karptui.views.spending.cost import wasted
from karptui.views.wording import hourly, plural, short_node
from karptui.world.world import World

MOST_ZONES = 3
MOST_POOLS = 2
MOST_WASTING = 2
LOOKED_AT = 2_000
"""Pods among which the workload with the most of them is looked for."""
ADDED = 20
ASKED_FIRST = 100
"""The highest weight that a NodePool can have."""


class Suggestion(Struct, frozen=True):
    """A change as it is written, and what it asks."""

    text: str
    asks: str


def suggestions(world: World, rows: Sequence[NodeRow]) -> list[Suggestion]:
    """Nodes that waste most, what could be lost, pools, prices, more pods. `rows` come dearest unused first."""
    nodes = world.of("nodes")
    ours = [node for node in nodes.values() if node.node_pool]
    if not ours:
        return []
    found = [
        Suggestion(f"remove {short_node(row.key)}", f"{hourly(wasted(row))} unused: where do its pods go?")
        for row in rows[:MOST_WASTING]
        if wasted(row) > 0 and nodes[row.key].node_pool
    ]
    found += _losses(ours)
    pools = Counter(node.node_pool for node in ours)
    for name, _ in pools.most_common(MOST_POOLS):
        if (pool := world.of("nodepools").get(name)) is not None:
            found += _of_pool(pool, len(world.of("nodepools")))
    found.append(Suggestion("price spot x1.5", "what is bought when spot gets dearer?"))
    return [*found, *_more(world)]


def _losses(nodes: Iterable[Node]) -> list[Suggestion]:
    nodes = list(nodes)
    zones = Counter(node.zone for node in nodes if node.zone)
    spot = sum(node.capacity_type == "spot" for node in nodes)
    found = [Suggestion("lose spot", f"{plural(spot, 'spot node')} gone, none to be had")] if spot else []
    return found + [
        Suggestion(f"lose zone {zone}", f"{plural(count, 'node')} gone, nothing on offer there")
        for zone, count in zones.most_common(MOST_ZONES)
    ]


def _of_pool(pool: NodePool, pools: int) -> list[Suggestion]:
    kinds = next((entry.values for entry in pool.template.requirements if entry.key == CAPACITY_TYPE), ())
    found = [Suggestion(f"only {pool.key} spot", "its new nodes on spot only")] if kinds != ("spot",) else []
    if len(kinds) == 1:
        found.append(Suggestion(f"any {pool.key} capacity", f"not only {kinds[0]}"))
    if pool.limits:
        found.append(Suggestion(f"limit {pool.key} none", "what if it had no limit?"))
    if pools > 1 and pool.weight < ASKED_FIRST:
        found.append(Suggestion(f"weight {pool.key} {ASKED_FIRST}", "asked before all other pools"))
    return found


def _more(world: World) -> list[Suggestion]:
    workloads = Counter[str]()
    for _, pod in zip(range(LOOKED_AT), world.of("pods").values(), strict=False):
        owner = pod.metadata.controller()
        if owner is not None and not pod.daemon and not pod.terminal:
            workloads[f"{pod.metadata.namespace}/{owner.name}"] += 1
    return [
        Suggestion(f"add {ADDED} {name}", f"like the {count:,} there are: do they fit?")
        for name, count in workloads.most_common(1)
    ]
