"""Shadow (W6): every prediction beside what Karpenter did, and both answers side by side."""

from collections.abc import Sequence

from msgspec import Struct

from karptui.model.decision import PlannedClaim
from karptui.model.quantity import human
from karptui.shadow.actual import Made
from karptui.shadow.cases import Case
from karptui.shadow.disruptions import Move
from karptui.shadow.judged import PROVISION, Judged, price_gap
from karptui.shadow.provisioning import Pair
from karptui.shadow.served import Served, alike, served
from karptui.views.line import Line
from karptui.views.verdict_marks import VERDICT_MARKS
from karptui.views.wording import clock, duration, hourly, plural, short_capacity_type, short_node, short_zone

MOST_NAMED = 4
"""Names that one cell of the side-by-side view lists."""


class CaseRow(Struct, frozen=True):
    """One prediction and what became of it."""

    key: str
    at: str
    kind: str
    ours: str
    real: str
    mark: str
    verdict: str
    role: str
    cause: str
    agrees: bool
    claim: str = ""
    node: str = ""


def mark_of(judged: Judged) -> tuple[str, str]:
    """Sign and role of a verdict; what nobody watched has none."""
    return VERDICT_MARKS[judged.verdict.value] if judged.watched else ("·", "dim")


def case_row(case: Case) -> CaseRow:
    """The line of one case."""
    judged, entry = case.judged, case.entry
    mark, role = mark_of(judged)
    ours = real = judged.what
    claim = node = ""
    if isinstance(entry, Pair):
        ours = claim_text(entry.predicted) if entry.predicted is not None else "-"
        real = made_text(entry.actual, entry.predicted) if entry.actual is not None else "nothing"
        if entry.actual is not None:
            claim, node = entry.actual.name, entry.actual.node
    elif isinstance(entry, Move):
        ours = _command_text(entry.predicted.nodes, entry.predicted.replacements) if entry.predicted else "-"
        real = _carried_text(entry) if entry.actual is not None else "nothing"
        known = entry.actual or entry.predicted
        node = known.nodes[0] if known is not None else ""
    verdict = judged.verdict.value if judged.watched else "not watched"
    if judged.differs and not judged.verdict.agrees:
        verdict = f"{verdict}: {', '.join(judged.differs)}"
    return CaseRow(
        case.key,
        clock(judged.at),
        judged.kind if judged.kind == PROVISION else judged.reason or judged.kind,
        ours,
        real,
        mark,
        verdict,
        role,
        judged.cause,
        judged.verdict.agrees,
        claim,
        node,
    )


def claim_text(claim: PlannedClaim) -> str:
    """`c7g.4xlarge spot 2a, 12 pods`."""
    chosen = claim.instance_types[0] if claim.instance_types else "no type"
    offer = f"{chosen} {short_capacity_type(claim.capacity_type)} {short_zone(claim.zone)}".rstrip()
    return f"{offer}, {plural(len(claim.pods), 'pod')}"


def made_text(made: Made, predicted: PlannedClaim | None = None) -> str:
    """The same of a NodeClaim that was made: `c7g.4xlarge spot 2a, 12 pods, +2 later`."""
    if not made.instance_type:
        return f"{made.name}, not launched"
    offer = f"{made.instance_type} {short_capacity_type(made.capacity_type)} {short_zone(made.zone)}".rstrip()
    pods = served(made, predicted)
    return f"{offer}, {plural(pods.count, 'pod')}{f', +{len(pods.later)} later' if pods.later else ''}"


def _command_text(nodes: Sequence[str], replacements: Sequence[PlannedClaim]) -> str:
    gone = short_node(nodes[0]) if len(nodes) == 1 else plural(len(nodes), "node")
    made = [claim.instance_types[0] for claim in replacements if claim.instance_types]
    return f"{', '.join(made)} for {gone}" if replacements else gone


def _carried_text(move: Move) -> str:
    assert move.actual is not None, "asked only of what was carried out"
    nodes = move.actual.nodes
    gone = short_node(nodes[0]) if len(nodes) == 1 else plural(len(nodes), "node")
    made = [entry.instance_type or entry.name for entry in move.actual.replacements]
    return f"{', '.join(made)} for {gone}" if made else gone


# -- side by side ------------------------------------------------------------------------------------------------------


def side_by_side(case: Case, width: int) -> list[Line]:
    """The verdict with its proved cause, then both answers, a line for each thing that can differ."""
    lines = verdict_lines(case)
    entry = case.entry
    if entry is None:
        lines.append((("Both answers are kept for the latest cases only; this is its verdict.", "dim"),))
    else:
        rows = _pair_rows(entry) if isinstance(entry, Pair) else _move_rows(entry)
        room = max((width - 16) // 2, 12)
        lines.append(((f"{'':14}", "text"), (f"{'OURS':{room}}  ", "dim"), ("REAL", "dim")))
        for name, ours, real in rows:
            differs = ours != real and "-" not in (ours, real)
            if name == "pods" and entry.actual is not None and entry.predicted is not None:
                differs = "pods" in entry.differs  # events and bindings name a part of them
            lines += _columns(name, ours, real, room, "warn" if differs else "text")
    return lines


def verdict_lines(case: Case) -> list[Line]:
    """The verdict, when it was foreseen, and the chain of causes."""
    judged = case.judged
    mark, role = mark_of(judged)
    verdict = judged.verdict.value if judged.watched else "not watched"
    line: list[tuple[str, str]] = [(f"{'verdict':14}", "dim"), (f"{mark} {verdict}", role)]
    if judged.differs:
        line.append((f": {', '.join(judged.differs)}", "text"))
    if judged.ahead is not None:
        line.append((f", foreseen {duration(judged.ahead)} before", "dim"))
    lines: list[Line] = [tuple(line)]
    chain = [part for part in judged.cause.split("; ") if part]
    for number, part in enumerate(chain):
        lines.append(
            ((f"{'cause' if not number else '  and':14}", "dim"), (part, "bad" if judged.unexplained else "text"))
        )
    if chain and not judged.unexplained and judged.watched and not judged.verdict.agrees:
        lines.append(
            ((f"{'proof':14}", "dim"), ("the engine, asked again with that, decides what Karpenter did", "ok"))
        )
    if judged.features:
        lines.append(((f"{'features':14}", "dim"), (", ".join(judged.features), "text")))
    if judged.not_modelled:
        lines.append(((f"{'not modelled':14}", "warn"), (", ".join(judged.not_modelled), "text")))
    return lines


def _columns(name: str, ours: str, real: str, room: int, role: str) -> list[Line]:
    left, right = _folded(ours, room), _folded(real, room)
    lines: list[Line] = []
    for place in range(max(len(left), len(right))):
        one = left[place] if place < len(left) else ""
        other = right[place] if place < len(right) else ""
        lines.append(((f"{name if not place else '':14}", "dim"), (f"{one:{room}}  ", "text"), (other, role)))
    return lines


def _folded(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word if len(word) <= width else f"{word[: width - 1]}…")
    return lines if len(lines) <= 3 else [*lines[:2], f"{lines[2][: max(width - 2, 1)]} …"]


def _pair_rows(pair: Pair) -> list[tuple[str, str, str]]:
    ours, made = pair.predicted, pair.actual
    pods = served(made, ours) if made else None
    rows = [
        ("NodePool", ours.node_pool if ours else "-", made.claim.node_pool if made else "-"),
        ("pods", _pods_text(ours.pods) if ours else "-", _served_text(pods) if pods else "-"),
        (
            "launched",
            f"{ours.instance_types[0] if ours.instance_types else '-'} {ours.capacity_type} {ours.zone}"
            if ours
            else "-",
            f"{made.instance_type or 'not yet'} {made.capacity_type} {made.zone}".rstrip() if made else "-",
        ),
        ("types", _types_text(ours.instance_types) if ours else "-", _types_text(made.types) if made else "-"),
        ("requests", _requests(ours.requests) if ours else "-", _requests(made.claim.requests) if made else "-"),
    ]
    at = ("at", _precise(pair.round.stamped) if ours and pair.round else "-", _precise(made.at) if made else "-")
    if pods and pods.later:
        rows.insert(2, ("later", "-", f"+{_pods_text(pods.later)}"))
    if ours is not None:
        rows.append(("price", hourly(ours.price), _real_price(pair)))
    return [at, *rows]


def _real_price(pair: Pair) -> str:
    if pair.actual is None or pair.predicted is None or not pair.actual.instance_type:
        return "-"
    return hourly(pair.predicted.price + price_gap(pair))


def _move_rows(move: Move) -> list[tuple[str, str, str]]:
    ours, real = move.predicted, move.actual
    rows = [
        ("at", _precise(move.foreseen) if ours else "-", _precise(real.at) if real else "never"),
        ("reason", ours.reason if ours else "-", real.reason if real else "-"),
        ("nodes", _names(ours.nodes) if ours else "-", _names(real.nodes) if real else "-"),
        ("pods", plural(len(ours.pods), "pod") if ours else "-", plural(len(real.pods), "pod") if real else "-"),
    ]
    planned = ours.replacements if ours else ()
    replaced = planned or (real.replacements if real else ())
    if replaced:
        rows.append(
            (
                "replaced by",
                ", ".join(map(claim_text, ours.replacements)) if ours else "-",
                ", ".join(made_text(*each) for each in alike(planned, real.replacements)) if real else "-",
            )
        )
        rows.append(
            (
                "types",
                "; ".join(_types_text(claim.instance_types) for claim in ours.replacements) if ours else "-",
                "; ".join(_types_text(made.types) for made in real.replacements) if real else "-",
            )
        )
    if ours is not None:
        rows.append(("saves", hourly(ours.price_before - ours.price_after), "-"))
    return rows


def _served_text(pods: Served) -> str:
    return _pods_text(pods.pods, pods.count) if pods.pods else f"{plural(pods.count, 'pod')}, none named"


def _pods_text(pods: Sequence[str], count: int = 0) -> str:
    known = sorted(set(pods))
    count = count or len(known)
    rest = count - min(len(known), MOST_NAMED)
    more = f" and {rest} more" if rest else ""
    return f"{count}: {' '.join(known[:MOST_NAMED])}{more}" if known else "none named"


def _types_text(types: Sequence[str]) -> str:
    known = sorted(types)
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    return f"{len(known)}: {' '.join(known[:MOST_NAMED])}{more}" if known else "-"


def _names(nodes: Sequence[str]) -> str:
    more = f" and {len(nodes) - MOST_NAMED} more" if len(nodes) > MOST_NAMED else ""
    return f"{' '.join(map(short_node, nodes[:MOST_NAMED]))}{more}"


def _requests(resources: dict[str, int]) -> str:
    return " ".join(f"{human(resources[name], name)} {name}" for name in sorted(resources))


def _precise(at: float) -> str:
    return f"{clock(at)}.{int(at % 1 * 10)}"
