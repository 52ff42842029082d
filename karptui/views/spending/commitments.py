"""What the nodes really cost under reserved instances, savings plans and capacity reservations.

AWS' order: capacity blocks, then reserved instances (of a zone, of a region, then of other sizes of their family,
smallest first), then savings plans, those of a family first, each where it saves the largest share. Spot is never
covered. Decisions stay on list prices, as Karpenter's are.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from karptui.model.commitment import Commitment
from karptui.views.line import Line
from karptui.views.wording import amount, duration, percent
from karptui.world.world import World

KINDS = {
    "reserved-instance": "reserved instances",
    "savings-plan": "savings plan",
    "capacity-reservation": "capacity reservation",
    "capacity-block": "capacity block",
}
SIZES = {"nano": 0.25, "micro": 0.5, "small": 1.0, "medium": 2.0, "large": 4.0, "xlarge": 8.0}
"""Normalization factors of EC2; `Nxlarge` has 8 N."""


class Priced(Struct, frozen=True):
    """A node that AWS bills at `price` USD an hour if nothing covers it."""

    key: str
    instance_type: str
    zone: str
    capacity_type: str
    price: float


class Use(Struct, frozen=True):
    """What one commitment is used for: a share 0 to 1, what it costs whether used or not, what it takes off the list
    prices of the nodes under it (before its own cost), both USD an hour."""

    commitment: Commitment
    used: float
    cost: float
    covers: float


class Effective(Struct, frozen=True):
    """USD an hour: all nodes at list prices, the same with the commitments, and of that what nobody uses; `nodes` has
    what each node costs under them."""

    listed: float
    hourly: float
    idle: float
    nodes: dict[str, float]
    uses: tuple[Use, ...]


class _Node(Struct):
    """How much of a node's hour is not covered yet, and what the covered part costs."""

    told: Priced
    left: float = 1.0
    cost: float = 0.0

    def cover(self, share: float, hourly: float) -> float:
        """Cover this share of the hour at a price for a whole one; gives what that was worth at the list price."""
        self.left -= share
        self.cost += share * hourly
        return share * self.told.price


def effective(nodes: Iterable[Priced], commitments: Sequence[Commitment]) -> Effective:
    """The bill under all of them."""
    open_ = [_Node(node) for node in nodes]
    mine = sorted((entry for entry in open_ if entry.told.capacity_type != "spot"), key=_by_size)
    uses: dict[int, Use] = {}
    for commitment in sorted(commitments, key=_turn):
        uses[id(commitment)] = _use(commitment, mine)
    priced = {entry.told.key: entry.cost + entry.left * entry.told.price for entry in open_}
    idle = sum(use.cost * (1 - use.used) for use in uses.values())
    return Effective(
        sum(entry.told.price for entry in open_),
        sum(priced.values()) + idle,
        idle,
        priced,
        tuple(uses[id(commitment)] for commitment in commitments),
    )


def _turn(commitment: Commitment) -> tuple[int, bool]:
    order = ("capacity-reservation", "capacity-block", "reserved-instance", "savings-plan")
    wide = not commitment.family if commitment.kind == "savings-plan" else not commitment.zone
    return (order.index(commitment.kind), wide)


def _by_size(node: _Node) -> tuple[float, str]:
    return (factor(node.told.instance_type) or 0.0, node.told.key)


def _use(commitment: Commitment, nodes: Sequence[_Node]) -> Use:
    if commitment.kind == "savings-plan":
        return _plan(commitment, nodes)
    if commitment.kind == "capacity-reservation":
        return _places(commitment, nodes)
    return _reserved(commitment, nodes)


def _reserved(commitment: Commitment, nodes: Sequence[_Node]) -> Use:
    """Reserved instances and capacity blocks: whole instances first, then the rest of the family by size."""
    count, covers = float(commitment.count), 0.0
    for node in nodes:
        if _same(commitment, node.told) and count > 0 and node.left > 0:
            share = min(node.left, count)
            covers += node.cover(share, commitment.hourly)
            count -= share
    size = factor(commitment.instance_type)
    if commitment.kind == "reserved-instance" and not commitment.zone and size:
        for node in nodes:
            other = factor(node.told.instance_type)
            if other and count > 1e-9 and node.left > 0 and _family(node.told) == _family_of(commitment.instance_type):
                share = min(node.left, count * size / other)
                covers += node.cover(share, commitment.hourly * other / size)
                count -= share * other / size
    used = 1 - count / commitment.count
    return Use(commitment, used, commitment.hourly * commitment.count, covers)


def _places(commitment: Commitment, nodes: Sequence[_Node]) -> Use:
    """A capacity reservation costs its list price, used or not; those launched into it come first."""
    inside = [node for node in nodes if _same(commitment, node.told)]
    inside.sort(key=lambda node: node.told.capacity_type != "reserved")
    taken = min(len(inside), commitment.count)
    price = commitment.hourly or (inside[0].told.price if inside else 0.0)
    return Use(commitment, taken / commitment.count, price * commitment.count, taken * price)


def _plan(commitment: Commitment, nodes: Sequence[_Node]) -> Use:
    left, covers = commitment.hourly, 0.0
    rated = [(rate, node) for node in nodes if (rate := commitment.rate(node.told.instance_type, node.told.price))]
    for rate, node in sorted(rated, key=lambda entry: entry[0] / (entry[1].told.price or 1.0)):
        if left > 0 and node.left > 0 and rate < node.told.price:
            share = min(node.left, left / rate)
            covers += node.cover(share, rate)
            left -= share * rate
    return Use(commitment, 1 - left / commitment.hourly if commitment.hourly else 0.0, commitment.hourly, covers)


def _same(commitment: Commitment, node: Priced) -> bool:
    return commitment.instance_type == node.instance_type and commitment.zone in ("", node.zone)


def _family(node: Priced) -> str:
    return _family_of(node.instance_type)


def _family_of(instance_type: str) -> str:
    return instance_type.partition(".")[0]


def factor(instance_type: str) -> float | None:
    """The size of a type in EC2's normalized units; None for metal and what has no such size."""
    size = instance_type.partition(".")[2]
    if size in SIZES:
        return SIZES[size]
    number = size.removesuffix("xlarge")
    return 8.0 * int(number) if number.isdigit() and size != number else None


def priced_nodes(world: World) -> list[Priced]:
    """The cluster's nodes that have a price."""
    nodes = world.of("nodes")
    return [
        Priced(key, node.instance_type, node.zone, node.capacity_type or "on-demand", entry.price)
        for key, node in nodes.items()
        if (entry := world.ledger.nodes.get(key)) is not None and entry.price is not None
    ]


def commitments_of(world: World) -> tuple[Commitment, ...]:
    """Those of the settings and those that the account told; a place that is reserved costs its list price."""
    found: list[Commitment] = []
    for entry in (*world.options.commitments, *world.catalogue.commitments):
        if entry.kind == "capacity-reservation" and not entry.hourly:
            price = world.ledger.price(entry.instance_type, entry.zone, "on-demand")
            found.append(replace(entry, hourly=price or 0.0))
        else:
            found.append(entry)
    return tuple(found)


def effective_bill(world: World) -> Effective | None:
    """None where there is no commitment: the bill is at list prices then."""
    known = commitments_of(world)
    return effective(priced_nodes(world), known) if known else None


def commitment_line(world: World) -> Line | None:
    """One line beside the bill at list prices; None where nothing is committed and nothing is unknown."""
    bill = effective_bill(world)
    unknown = world.catalogue.commitments_unknown
    if bill is None:
        return (("; ".join(unknown), "warn"),) if unknown else None
    saved = bill.listed - bill.hourly
    words = f"saves {percent(saved / bill.listed)}" if bill.listed and saved >= 0 else f"${amount(-saved)}/h above list"
    idle = f", ${amount(bill.idle)}/h of it unused" if bill.idle > 0.00005 else ""
    money = f"${amount(bill.hourly)}/h"
    return (("effective ", "dim"), (f"{money:>12}", "money"), (f"   {words}{idle}", "text"))


def with_commitments(lines: Sequence[Line], world: World, *, short: bool = False) -> list[Line]:
    """A bill's lines with that one after the first; of a short bill it takes the place of the last."""
    line = commitment_line(world)
    if line is None:
        return list(lines)
    return [*lines[:-1], line] if short else [lines[0], line, *lines[1:]]


def commitment_rows(world: World, now: float) -> list[tuple[str, str, str, str, str, str]]:
    """KIND, WHAT, USED, $/h, COVERS $/h, ENDS: one line a commitment."""
    bill = effective_bill(world)
    if bill is None:
        return []
    return [
        (
            f"{KINDS[use.commitment.kind]} {use.commitment.id}".rstrip(),
            _what(use.commitment),
            percent(use.used),
            amount(use.cost),
            amount(use.covers),
            "-" if use.commitment.ends is None else f"in {duration(max(use.commitment.ends - now, 0.0))}",
        )
        for use in bill.uses
    ]


def _what(commitment: Commitment) -> str:
    if commitment.kind == "savings-plan":
        return f"{commitment.family or 'any family'}, ${amount(commitment.hourly)}/h"
    where = f" in {commitment.zone}" if commitment.zone else ""
    return f"{commitment.count} × {commitment.instance_type}{where}"
