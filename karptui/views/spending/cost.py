"""What the cluster costs (W5): now, by pool and namespace, over time, what moves said and earned."""

from collections.abc import Collection, Iterable

from msgspec import Struct

from karptui.model.node import Node
from karptui.views.kept.keys import Keys
from karptui.views.line import Line
from karptui.views.lists.overview import NodeRow
from karptui.views.wording import amount, clock, duration, hourly, monthly, percent, plural, short_node, signed_hourly
from karptui.world.ledger import Move
from karptui.world.world import World

OWN = ("cpu", "memory")


class NodeCost(Struct, frozen=True):
    """One node's part: `asked` the share of it that pods ask for, `namespaces` each one's part of what is asked."""

    node_pool: str
    capacity_type: str
    price: float | None
    on_demand: float | None
    asked: float
    namespaces: tuple[tuple[str, float], ...]


class PoolCost(Struct, frozen=True):
    """One NodePool: USD an hour, and shares 0 to 1 of it on spot and asked for by nobody."""

    key: str
    nodes: int
    hourly: float
    spot: float
    waste: float


class NamespaceCost(Struct, frozen=True):
    """One namespace's share of the bill by what its pods ask for, USD an hour."""

    key: str
    hourly: float
    share: float


class MoveRow(Struct, frozen=True):
    """One line of the ledger; `real` None while it is not known. USD an hour, negative saves."""

    key: str
    at: str
    text: str
    said: float
    real: float | None
    pods: int


class Bill(Struct, frozen=True):
    """The sums. USD an hour."""

    hourly: float
    spot: float
    spot_nodes: int
    on_demand_nodes: int
    unpriced: int
    asked: float
    all_on_demand: float
    pools: list[PoolCost]
    namespaces: list[NamespaceCost]


class NodeCosts:
    """The cost of every node, of which only those are worked out anew that changed."""

    def __init__(self) -> None:
        self.keys = Keys()
        self._known: dict[str, NodeCost] = {}

    def read(self, world: World) -> Collection[NodeCost]:
        """Every node's."""
        if self.keys:
            held = world.of("nodes")
            for key in self.keys.taken(held, self._known):
                if (node := held.get(key)) is not None:
                    self._known[key] = node_cost(world, node)
                else:
                    self._known.pop(key, None)
        return self._known.values()


def node_cost(world: World, node: Node) -> NodeCost:
    """One node's part of the bill, split over namespaces by the larger of their cpu and memory shares."""
    entry = world.ledger.nodes.get(node.key)
    sums: dict[str, list[int]] = {}
    for pod in world.usage.on(node.key).values():
        asked = sums.setdefault(pod.metadata.namespace, [0, 0])
        for index, name in enumerate(OWN):
            asked[index] += pod.requests.get(name, 0)
    there = [node.allocatable.get(name, 0) for name in OWN]
    whole = max((sum(asked[i] for asked in sums.values()) / there[i] for i in (0, 1) if there[i]), default=0.0)
    shares = {name: max((asked[i] / there[i] for i in (0, 1) if there[i]), default=0.0) for name, asked in sums.items()}
    total = sum(shares.values()) or 1.0
    return NodeCost(
        node.node_pool,
        node.capacity_type or "on-demand",
        entry.price if entry is not None else None,
        world.ledger.price(node.instance_type, node.zone, "on-demand", node.node_pool),
        min(whole, 1.0),
        tuple((name, share / total) for name, share in shares.items()),
    )


def bill(costs: Iterable[NodeCost]) -> Bill:
    """The sums over all nodes."""
    pools: dict[str, list[float]] = {}
    namespaces: dict[str, float] = {}
    spot = asked = whole = dear = 0.0
    spot_nodes = others = unpriced = 0
    for cost in costs:
        pool = pools.setdefault(cost.node_pool or "(no pool)", [0, 0.0, 0.0, 0.0])
        pool[0] += 1
        if cost.price is None:
            unpriced += 1
            continue
        spot_nodes, others = spot_nodes + (cost.capacity_type == "spot"), others + (cost.capacity_type != "spot")
        pool[1] += cost.price
        pool[2] += cost.price if cost.capacity_type == "spot" else 0.0
        pool[3] += cost.price * (1.0 - cost.asked)
        whole, asked = whole + cost.price, asked + cost.price * cost.asked
        spot += cost.price if cost.capacity_type == "spot" else 0.0
        dear += cost.price if cost.on_demand is None else cost.on_demand
        for name, share in cost.namespaces:
            namespaces[name] = namespaces.get(name, 0.0) + cost.price * cost.asked * share
    pool_rows = [
        PoolCost(name, int(count), sum_, of_spot / sum_ if sum_ else 0.0, waste / sum_ if sum_ else 0.0)
        for name, (count, sum_, of_spot, waste) in pools.items()
    ]
    by_namespace = [NamespaceCost(name, part, part / whole if whole else 0.0) for name, part in namespaces.items()]
    return Bill(
        whole,
        spot,
        spot_nodes,
        others,
        unpriced,
        asked,
        dear,
        sorted(pool_rows, key=lambda row: (-row.hourly, row.key)),
        sorted(by_namespace, key=lambda row: (-row.hourly, row.key)),
    )


def bill_lines(world: World, found: Bill, now: float) -> list[Line]:
    """The box "Now"."""
    share = found.spot / found.hourly if found.hourly else 0.0
    other = found.hourly - found.spot
    lines: list[Line] = [
        _figure("now", found.hourly, f"{monthly(found.hourly)} at 730 h"),
        _figure("spot", found.spot, f"{percent(share):<5} {plural(found.spot_nodes, 'node')}"),
        _figure("on-demand", other, f"{percent(1 - share if found.hourly else 0):<5} "
                f"{plural(found.on_demand_nodes, 'node')}"),
        _figure("asked for", found.asked, f"{_of(found.asked, found.hourly):<5} by cpu or memory"),
        _figure("wasted", found.hourly - found.asked, f"{_of(found.hourly - found.asked, found.hourly):<5} "
                "paid, nobody asked"),
    ]  # fmt: skip
    if found.unpriced:
        lines.insert(3, (("unpriced     ", "dim"), (f"{plural(found.unpriced, 'node')}: NOT in the sum", "warn")))
    saved = found.all_on_demand - found.hourly
    if saved > 0.00005:
        words = f"all on-demand ${amount(found.all_on_demand)}/h: spot saves "
        lines.append(((words, "text"), (percent(saved / found.all_on_demand), "money")))
    spent = world.ledger.spent_by(now)
    if spent >= 0.005:
        lines.append(((f"spent ${spent:,.2f} since karptui looks", "dim"),))
    lines.append(((price_source(world, now), "dim"),))
    return lines


def averages_line(world: World, now: float) -> Line | None:
    """What it cost on average, of this run and those before it; None where nothing was kept."""
    found = averages(world, now)
    return (("average  ", "dim"), ("   ".join(map(average_text, found)), "money")) if found else None


def short_bill_lines(world: World, found: Bill, now: float) -> list[Line]:
    """The same in three lines, for narrow screens."""
    whole = found.hourly
    parts = f"spot {_of(found.spot, whole)} od {_of(whole - found.spot, whole)}"
    use = f"asked {_of(found.asked, whole)} wasted {_of(whole - found.asked, whole)}"
    lines: list[Line] = [
        (("now ", "dim"), (f"${amount(whole)}/h {monthly(whole)}", "money"), (f" │ {parts} │ {use}", "text"))
    ]
    if found.unpriced:
        lines.append(((f"{plural(found.unpriced, 'node')} unpriced: NOT in the sum", "warn"),))
    saved = found.all_on_demand - whole
    if saved > 0.00005:
        words = f"all on-demand ${amount(found.all_on_demand)}/h: spot saves "
        lines.append(((words, "text"), (percent(saved / found.all_on_demand), "money")))
    lines.append(((price_source(world, now), "dim"),))
    return lines


def _figure(name: str, hourly: float, words: str) -> Line:
    return ((f"{name:<10}", "dim"), (f"{'$' + amount(hourly) + '/h':>12}", "money"), (f"   {words}", "text"))


def _of(part: float, whole: float) -> str:
    return percent(part / whole) if whole else "-"


def price_source(world: World, now: float) -> str:
    """Where prices come from, how old they are, and what they leave out."""
    catalogue = world.catalogue
    if not catalogue.types:
        return "no prices are known"
    age = f", {duration(max(now - catalogue.priced, 0.0))} old" if catalogue.priced else ""
    spot = ", spot prices synthetic" if catalogue.spot_synthetic else ""
    return f"prices: {catalogue.source or 'unknown'}{age}{spot}; list prices"


def move_rows(world: World) -> list[MoveRow]:
    """The ledger, newest first."""
    return [
        MoveRow(move.decision, clock(move.at), _move_text(move), move.said, move.real, move.pods)
        for move in reversed(world.ledger.moves)
    ]


def _move_text(move: Move) -> str:
    text = " ".join(map(short_node, move.text.split(" ")))
    return f"{text}, came back" if move.back else text


def wasted(row: NodeRow) -> float:
    """USD an hour that a node costs and nobody asked for: 0 where no price is known."""
    return max((row.price or 0.0) * (1.0 - max(row.cpu, row.memory)), 0.0)


def ledger_line(world: World) -> str:
    """All moves together: said, and earned as far as it is known."""
    moves = world.ledger.moves
    if not moves:
        return "no node has been given back yet"
    said, known = sum(move.said for move in moves), [move.real for move in moves if move.real is not None]
    real = f", really {signed_hourly(sum(known))}" if known else ""
    still = f" ({plural(len(moves) - len(known), 'move')} under way)" if len(known) < len(moves) else ""
    back = sum(move.back for move in moves)
    churn = f", {hourly(back)} of it launched again soon after" if back else ""
    moved = plural(sum(move.pods for move in moves), "pod")
    return f"{plural(len(moves), 'move')} said {signed_hourly(said)}{real}{churn}{still}, {moved} moved"


def ledger_note(world: World) -> str:
    """The same in few words, for the edge of a box."""
    moves = world.ledger.moves
    if not moves:
        return ""
    known = [move.real for move in moves if move.real is not None]
    real = f", really {signed_hourly(sum(known))}" if known else ""
    still = f", {len(moves) - len(known)} under way" if len(known) < len(moves) else ""
    return f"{plural(len(moves), 'move')} said {signed_hourly(sum(move.said for move in moves))}{real}{still}"


def history(world: World, now: float, seconds: float, cells: int) -> list[float | None]:
    """USD an hour at `cells` moments of the last `seconds`; None before the first price was known."""
    samples = list(world.ledger.history)
    values: list[float | None] = []
    at, latest = 0, None
    for cell in range(cells):
        moment = now - seconds + seconds * (cell + 1) / cells
        while at < len(samples) and samples[at][0] <= moment:
            latest = samples[at][1]
            at += 1
        values.append(latest)
    return values


def history_span(world: World, now: float) -> float:
    """Seconds that the history reaches back, rounded up to what people think in."""
    first = world.ledger.history[0][0] if world.ledger.history else now
    span = max(now - first, 60.0)
    return next((size for size in (300.0, 900.0, 3600.0, 6 * 3600.0, 86400.0) if span <= size), 7 * 86400.0)


DAY = 86400.0
PERIODS = (("24 h", DAY), ("7 d", 7 * DAY), ("30 d", 30 * DAY))
"""Over which the bill is averaged, as far as it was kept."""
LEAST_PAST = 300.0
"""Seconds from which on what was kept makes a line."""


class Average(Struct, frozen=True):
    """USD an hour over the `seconds` before now, of which `known` are: karptui does not always run."""

    name: str
    seconds: float
    hourly: float
    known: float


def averages(world: World, now: float) -> list[Average]:
    """Of each period that reaches further back than the one before it."""
    found: list[Average] = []
    for name, seconds in PERIODS:
        told = world.ledger.past.average(now, seconds)
        if told is not None and (not found or told[1] > found[-1].known):
            found.append(Average(name, seconds, *told))
    return found


def average_text(found: Average) -> str:
    """`24 h $9.41/h`, and how much of it is known where that is not nearly all."""
    gaps = f" ({duration(found.known)} known)" if found.known < 0.98 * found.seconds else ""
    return f"{found.name} {hourly(found.hourly)}{gaps}"


def past_span(world: World, now: float) -> float | None:
    """Seconds that what was kept reaches back, rounded up to what people think in; None where it makes no line."""
    begins = world.ledger.past.begins(now)
    if begins is None or now - begins < LEAST_PAST:
        return None
    return next((size for size in (3600.0, 6 * 3600.0, DAY, 7 * DAY) if now - begins <= size), 30 * DAY)
