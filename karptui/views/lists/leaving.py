"""Why nodes go: the cause, each node with its price, where its pods go, and what the bill makes of it."""

from karptui.model.decision import Decision, Departure
from karptui.views.line import Line
from karptui.views.wording import hourly, plural, short_capacity_type, short_node, short_zone

MOST = 20
"""Nodes that are named one by one."""

METHODS = {
    "emptiness": "emptiness",
    "single-node": "single-node consolidation",
    "multi-node": "multi-node consolidation",
    "drift": "drift",
    "static-drift": "drift of a pool of fixed size",
}
DRIFTS = {
    "NodePoolDrifted": "its NodePool's template has changed since",
    "NodeClassDrift": "its NodeClass has changed since",
    "RequirementsDrifted": "its NodePool no longer allows such a node",
    "InstanceTypeNotFound": "its instance type is no longer offered",
    "AMIDrift": "its NodeClass resolves to other images now",
    "SubnetDrift": "its subnet is none of its NodeClass' any more",
    "SecurityGroupDrift": "its security groups are not its NodeClass' any more",
    "CapacityReservationDrift": "its capacity reservation is none of its NodeClass' any more",
    "PlacementGroupDrift": "its placement group is not its NodeClass' any more",
}
"""Karpenter's reasons in words (spec/lifecycle.md 4.2, spec/aws.md 3.11)."""


def leaving_lines(decision: Decision) -> list[Line]:
    """What is known of a decision that takes nodes away."""
    lines: list[Line] = [(("why ", "dim"), (_cause(decision), "text"))]
    if method := METHODS.get(decision.method):
        again = "" if decision.cause == "Drifted" else ", looked at again after 15s"
        lines.append((("by ", "dim"), (f"{method}{again}", "text")))
    known = decision.departures or tuple(map(Departure, decision.nodes))
    lines += [_node(departure) for departure in known[:MOST]]
    if len(known) > MOST:
        lines.append(((f"and {len(known) - MOST:,} more nodes", "dim"),))
    for node, pods in sorted(_placed(decision).items(), key=lambda entry: (-len(entry[1]), entry[0]))[:MOST]:
        lines.append((("goes to ", "dim"), (f"{short_node(node)}  ", "text"), (plural(len(pods), "pod"), "dim")))
    for claim in decision.claims:
        bought = (
            f"{claim.instance_types[0] if claim.instance_types else 'a node'} {_offer(claim.capacity_type, claim.zone)}"
        )
        others = len(set(claim.pods).difference(decision.pods))
        pods = plural(len(claim.pods), "pod") + (f", {others:,} of them pending" if others else "")
        lines.append((("goes to ", "dim"), (f"a new {bought.strip()}  ", "text"), (pods, "dim")))
    before = sum(departure.price for departure in decision.departures)
    if before:
        after = before + decision.price_change
        lines.append((("bill ", "dim"), (f"{hourly(before)} → {hourly(max(after, 0.0))}", "money")))
    return lines


def _placed(decision: Decision) -> dict[str, list[str]]:
    """The nodes that get its pods; the engine places those that wait anyway with them, which tells nothing of this."""
    own = set(decision.pods)
    placed = {node: [pod for pod in pods if pod in own] for node, pods in decision.placements.items()}
    return {node: pods for node, pods in placed.items() if pods}


def _cause(decision: Decision) -> str:
    one, pods = len(decision.nodes) == 1, len(decision.pods)
    match decision.cause:
        case "Empty":
            return f"empty: nothing runs on {'it' if one else 'them'} that would have to move"
        case "Underutilized" if not pods:
            return "underutilized: nothing has to move"
        case "Underutilized":
            moved = ("its pod" if pods == 1 else f"its {pods} pods") if one else f"all {plural(pods, 'pod')}"
            if not decision.claims:
                return f"underutilized: {moved} fit{'s' if pods == 1 else ''} on nodes that are there"
            beside = " and what is free elsewhere" if decision.placements else ""
            return f"underutilized: one cheaper node{beside} can hold {moved}"
        case "Drifted":
            reasons = sorted({departure.drift for departure in decision.departures if departure.drift})
            told = [f"{reason}, {DRIFTS[reason]}" if reason in DRIFTS else reason for reason in reasons]
            return f"drifted: {'; '.join(told) or 'no longer what its NodePool or NodeClass asks for'}"
        case _:
            return decision.cause


def _node(departure: Departure) -> Line:
    told = f"{departure.instance_type} {_offer(departure.capacity_type, departure.zone)}".strip()
    price = hourly(departure.price) if departure.price else ""
    pods = plural(len(departure.pods), "pod") if departure.pods else ""
    return (
        ("goes ", "dim"),
        (f"{short_node(departure.node)}  ", "strong"),
        (f"{told}  " if told else "", "text"),
        (f"{price}  " if price else "", "money"),
        (pods, "dim"),
    )


def _offer(capacity_type: str, zone: str) -> str:
    return f"{short_capacity_type(capacity_type)} {short_zone(zone)}".strip()
