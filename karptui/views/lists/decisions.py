"""The decision log, and one decision in full (W3): the funnel, and every instance type with the reason it lost."""

import math
from collections.abc import Mapping

from msgspec import Struct

from karptui.engine.explain import Explanation, explain_claim, failure_sentence, sentence
from karptui.engine.explain.sentences import label_name, wish
from karptui.model.decision import Comparison, Decision, DecisionKind, PlannedClaim, Reason, Refusal, TypeVerdict
from karptui.model.quantity import human
from karptui.views.line import Line
from karptui.views.lists.leaving import leaving_lines
from karptui.views.timelines.progress import pods_text
from karptui.views.verdict_marks import VERDICT_MARKS
from karptui.views.wording import (
    amount,
    clock,
    duration,
    hourly,
    percent,
    plural,
    short_capacity_type,
    short_node,
    short_zone,
    signed_hourly,
)
from karptui.world.world import World


class DecisionRow(Struct, frozen=True):
    """One line of the decision log; `mark` tells what became of it."""

    key: str
    at: str
    text: str
    mark: str
    role: str


class CandidateRow(Struct, frozen=True):
    """One instance type in a decision; `price` is inf where nothing is on offer."""

    key: str
    instance_type: str
    capacity_type: str
    zone: str
    price: float
    use: str
    verdict: str
    code: Refusal
    group: str = ""  # the verdict without its figures: what the types have in common that were refused alike


class FunnelRow(Struct, frozen=True):
    """One step of the funnel; `share` of the first step's types, 0 to 1."""

    remaining: int
    share: float
    text: str


class DecisionView(Struct, frozen=True):
    """One decision in full."""

    id: str
    title: str
    at: str
    outcome: str
    funnel: list[FunnelRow]
    candidates: list[CandidateRow]
    facts: list[Line]
    made_from: list[Line]
    sentence: str


def decision_row(world: World, decision: Decision) -> DecisionRow:
    """The line of one decision."""
    mark, role = _mark(world, decision)
    return DecisionRow(decision.id, clock(decision.at), decision_text(world, decision), mark, role)


def decision_text(world: World, decision: Decision) -> str:
    """What was decided, in one short sentence."""
    count = plural(len(decision.pods), "pod")
    match decision.kind:
        case DecisionKind.LAUNCH | DecisionKind.REPLACE if decision.claim is not None:
            claim = decision.claim
            chosen = claim.instance_types[0] if claim.instance_types else "no type"
            offer = f"{chosen} {short_capacity_type(claim.capacity_type)} {short_zone(claim.zone)}".rstrip()
            if decision.kind is DecisionKind.LAUNCH:
                return f"{count} → {offer} {hourly(claim.price)}"
            others = f" and {len(decision.more)} more" if decision.more else ""
            return f"{_nodes_text(world, decision)} → {offer}{others} {signed_hourly(decision.price_change)}"
        case DecisionKind.NOMINATE:
            return f"{count} → {short_node(decision.nodes[0])}, which has room{_offer_of(world, decision.nodes[0])}"
        case DecisionKind.REFUSE:
            words = failure_sentence(decision.failure) if decision.failure else "no reason was given"
            return f"{count} {'fits' if len(decision.pods) == 1 else 'fit'} nowhere: {words}"
        case _:
            return f"delete {_nodes_text(world, decision)} {signed_hourly(decision.price_change)}"


def _offer_of(world: World, name: str) -> str:
    """What a node is, as long as it is there."""
    node = world.of("nodes").get(name)
    if node is None or not node.instance_type:
        return ""
    return f" ({node.instance_type} {short_capacity_type(node.capacity_type)} {short_zone(node.zone)})"


def _nodes_text(world: World, decision: Decision) -> str:
    if len(decision.nodes) != 1:
        return plural(len(decision.nodes), "node")
    name = decision.nodes[0]
    node = world.of("nodes").get(name)
    return f"{node.instance_type} {short_node(name)}" if node is not None else short_node(name)


def _mark(world: World, decision: Decision) -> tuple[str, str]:
    judged = world.verdicts.get(decision.id)
    if judged is not None:
        return VERDICT_MARKS.get(judged.verdict, ("✗", "bad"))
    if decision.kind is DecisionKind.REFUSE:
        return "✗", "bad"
    timelines = [world.claim_timelines.get(name) for name in claims_of(world, decision)]
    if timelines and all(timeline is not None and timeline.initialized is not None for timeline in timelines):
        return "✓", "ok"
    if decision.kind is DecisionKind.DELETE and not any(name in world.of("nodes") for name in decision.nodes):
        return "✓", "ok"
    if decision.not_modelled:
        return "?", "warn"
    return "", "text"


def claims_of(world: World, decision: Decision) -> list[str]:
    """The names of the NodeClaims that were made for a decision so far."""
    if not decision.more:
        name = world.claim_of_decision.get(decision.id, "")
        return [name] if name else []
    return sorted(name for name, made_for in world.decision_of_claim.items() if made_for == decision.id)


def decision_view(world: World, decision: Decision, now: float) -> DecisionView:
    """One decision, explained type by type. Recomputed on demand from what it was made from, not from what is now."""
    explained = Explanation((), ())
    if decision.claim is not None:
        explained = explain_claim(world.made_from(decision, now), decision.claim)
    text = decision_text(world, decision)
    return DecisionView(
        id=decision.id,
        title=f"{decision.id}  {text}",
        at=clock(decision.at),
        outcome=outcome(world, decision.id),
        funnel=_funnel(explained),
        candidates=_candidates(explained),
        facts=_facts(world, decision, claims_of(world, decision)),
        made_from=_made_from(world, decision, now),
        sentence=_sentence(decision, explained, text),
    )


class DecisionViews:
    """Views of decisions, kept: to explain 1,363 types takes a moment, and they do not change."""

    KEPT = 50

    def __init__(self) -> None:
        self._views: dict[str, DecisionView] = {}

    def read(self, world: World, key: str, now: float) -> DecisionView | None:
        """The view of one decision; what was shown last of one that is not known any more."""
        decision, view = world.decisions.get(key), self._views.get(key)
        if decision is None or (view is not None and view.outcome == outcome(world, key)):
            return view
        while len(self._views) >= self.KEPT:
            self._views.pop(next(iter(self._views)))
        view = self._views[key] = decision_view(world, decision, now)
        return view


def _funnel(explained: Explanation) -> list[FunnelRow]:
    whole = explained.funnel[0].remaining if explained.funnel else 1
    return [FunnelRow(step.remaining, step.remaining / max(whole, 1), step.detail) for step in explained.funnel]


def _candidates(explained: Explanation) -> list[CandidateRow]:
    chosen = next((entry for entry in explained.verdicts if entry.reason.code is Refusal.CHOSEN), None)
    rows = [_candidate(entry, chosen) for entry in explained.verdicts]
    order = {Refusal.CHOSEN: 0, Refusal.DEARER: 1}
    return sorted(rows, key=lambda row: (order.get(row.code, 2), row.price, row.key))


def _candidate(entry: TypeVerdict, chosen: TypeVerdict | None) -> CandidateRow:
    if entry.reason.code is Refusal.CHOSEN:
        verdict = "chosen"
    elif entry.reason.code is Refusal.DEARER and chosen is not None and chosen.price:
        share = entry.price / chosen.price - 1.0
        verdict = (
            "same price"
            if share < 0.0005
            else f"{share * 100:.1f}% dearer"
            if share < 0.1
            else f"{percent(share)} dearer"
        )
    elif entry.reason.code is Refusal.NO_CAPACITY and not entry.price:
        verdict = "no price is known"  # Karpenter takes such a type for one that is not on offer
    else:
        verdict = sentence(entry.reason)
    if entry.price_overlay:
        verdict += f", price by NodeOverlay {entry.price_overlay}"
    for resource, overlay in sorted(entry.capacity_overlays.items()):
        verdict += f", {label_name(resource)} by NodeOverlay {overlay}"
    use = "/".join(percent(entry.use[name]) for name in ("cpu", "memory") if name in entry.use)
    return CandidateRow(
        entry.instance_type,
        entry.instance_type,
        entry.capacity_type,
        entry.zone,
        entry.price or math.inf,
        use,
        verdict,
        entry.reason.code,
        _group(entry.reason),
    )


def _group(reason: Reason) -> str:
    match reason.code:
        case Refusal.CHOSEN:
            return "chosen"
        case Refusal.DEARER:
            return "fits, but is dearer"
        case Refusal.RESOURCES:
            return f"too little {reason.key}"
        case Refusal.REQUIREMENT if reason.key and reason.found:
            return f"{wish(reason.key, reason.found)} is asked for"
        case _:
            return sentence(reason)


def _facts(world: World, decision: Decision, claim_names: list[str]) -> list[Line]:
    lines: list[Line] = []
    if decision.failure is not None:
        lines += [((sentence(reason), "bad"),) for reason in decision.failure.reasons]
    if decision.kind is DecisionKind.NOMINATE:
        lines += _room_on(world, decision.nodes[0])
    elif decision.nodes:
        lines += leaving_lines(decision)
    for claim in decision.claims:
        lines += _asked(claim)
    lines += [(("NodeClaim ", "dim"), (name, "text")) for name in claim_names]
    lines.append(
        (("pods ", "dim"), (f"{len(decision.pods)}  {pods_text(decision.pods)}" if decision.pods else "none", "text"))
    )
    if decision.compared is not None:
        lines.append((("the batch ", "dim"), (comparison_text(decision.compared), "text")))
    lines += [(("not modelled ", "warn"), (what, "text")) for what in decision.not_modelled]
    return lines


def _room_on(world: World, name: str) -> list[Line]:
    """Where pods go without anything being bought."""
    lines: list[Line] = [
        (("go to ", "dim"), (short_node(name), "text"), (", the first node with room for them: none is bought", "dim"))
    ]
    if (node := world.of("nodes").get(name)) is not None:
        offer = f"{node.instance_type} {node.capacity_type} {short_zone(node.zone)}".strip()
        pool = f", NodePool {node.node_pool}" if node.node_pool else ""
        lines.append((("which is ", "dim"), (f"{offer}{pool}", "text")))
    return lines


def comparison_text(compared: Comparison) -> str:
    """`Karpenter $1.92/h, cheapest $1.61/h (−16%); 22% and 2% above the bound of $1.58/h`."""
    text = f"Karpenter {hourly(compared.karpenter)}, cheapest {hourly(compared.cheapest)}"
    if compared.cheapest < compared.karpenter:
        text += f" (−{1 - compared.cheapest / compared.karpenter:.0%})"
    if not compared.bound:
        return text
    above = [f"{price / compared.bound - 1:.0%}" for price in (compared.karpenter, compared.cheapest)]
    return f"{text}; {above[0]} and {above[1]} above the bound of {hourly(compared.bound)}"


def _asked(claim: PlannedClaim) -> list[Line]:
    """What one NodeClaim asks for, and what was given up for it."""
    lines: list[Line] = [(("asks for ", "dim"), (_amounts(claim.requests), "text"))]
    if claim.daemon_requests:
        lines.append((("of it DaemonSets ", "dim"), (_amounts(claim.daemon_requests), "text")))
    overlays = (("prices by NodeOverlay ", claim.price_overlays), ("capacity by NodeOverlay ", claim.capacity_overlays))
    lines += [((what, "dim"), (", ".join(names), "text")) for what, names in overlays if names]
    lines += [
        (("relaxed ", "warn"), (f"{entry.kind} for {entry.pod} {entry.detail}".rstrip(), "text"))
        for entry in claim.relaxed
    ]
    return lines


def _amounts(resources: Mapping[str, int]) -> str:
    return " ".join(f"{human(resources[name], name)} {name}" for name in sorted(resources) if name != "pods")


def _made_from(world: World, decision: Decision, now: float) -> list[Line]:
    catalogue = world.made_from(decision, now).catalogue
    age = f", {duration(decision.at - catalogue.priced)} old when it was decided" if catalogue.priced else ""
    lines: list[Line] = [(("prices ", "dim"), (f"{catalogue.source or 'none'}{age}", "text"))]
    if catalogue is not world.catalogue:
        lines.append((("prices or capacity have changed since; this is as it was decided", "dim"),))
    if catalogue.spot_synthetic:
        lines.append((("spot prices are synthetic", "warn"),))
    lines.append(
        (
            ("snapshot ", "dim"),
            (f"{decision.snapshot}", "text"),
            (f", {decision.seconds * 1000:.0f} ms of engine", "dim"),
        )
    )
    return lines


def outcome(world: World, decision: str) -> str:
    """What became of a decision's NodeClaims, or "" while there is none."""
    made = world.decisions.get(decision)
    if made is not None and made.more:
        return ", ".join(filter(None, (_outcome(world, name) for name in claims_of(world, made))))
    return _outcome(world, world.claim_of_decision.get(decision, ""))


def _outcome(world: World, claim_name: str) -> str:
    timeline = world.claim_timelines.get(claim_name)
    if timeline is None:
        return ""
    if timeline.gone is not None:
        return f"{claim_name} has gone"
    if timeline.initialized is not None:
        return f"{claim_name} ready after {duration(timeline.initialized - timeline.created)}"
    return f"{claim_name} is coming"


def _sentence(decision: Decision, explained: Explanation, text: str) -> str:
    chosen = next((entry for entry in explained.verdicts if entry.reason.code is Refusal.CHOSEN), None)
    if chosen is None:
        return text
    fitting = sum(entry.reason.code in (Refusal.CHOSEN, Refusal.DEARER) for entry in explained.verdicts)
    unavailable = sum(
        entry.reason.code is Refusal.NO_CAPACITY and 0 < entry.price <= chosen.price for entry in explained.verdicts
    )
    words = f"{chosen.instance_type}: cheapest of {fitting} that fit at ${amount(chosen.price)}/h"
    return f"{words}; {unavailable} cheaper had no capacity" if unavailable else words
