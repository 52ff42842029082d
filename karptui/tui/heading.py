"""The head of every screen, from the view's figures to the widget's texts."""

from typing import TYPE_CHECKING, TypeAlias

from karptui.tui.lists.money import Unit
from karptui.tui.widgets.status_head import Fact, Head
from karptui.views import head as view
from karptui.views.wording import HOURS_A_MONTH, amount, duration, monthly, plural

if TYPE_CHECKING:
    from karptui.views.kept.shadow import Shadowed

_NOTES = {"OBSERVE": "read-only", "SHADOW": "read-only"}
Standing: TypeAlias = tuple[float, bool]
"""Seconds that a standing picture is behind, and whether it is of the past (else it was frozen)."""


def head_of(
    found: view.Head,
    unit: Unit,
    behind: Standing | None,
    ended: bool,
    facts: tuple[Fact, ...] = (),
    more: tuple[Fact, ...] = (),
) -> Head:
    """The head; `behind` when the picture stands, `ended` when nothing will come any more; `facts` take the place of
    the cluster's figures, `more` stand among them."""
    versions = []
    if found.kubernetes:
        versions.append(f"k8s {found.kubernetes.removeprefix('v')}")
    if found.karpenter:
        versions.append(f"karpenter {found.karpenter.removeprefix('v')}")
    figures = facts or _facts(found, unit)
    freshness, role = _freshness(found, behind, ended)
    count = f"{found.streams_live}/{found.streams} streams" if found.streams else ""
    lost = f": {', '.join(found.lost)} lost" if found.lost else ""
    if len(found.lost) > 2:
        lost = f": {found.lost[0]} and {len(found.lost) - 1} more lost"
    return Head(
        mode=found.mode,  # type: ignore[arg-type]
        mode_note=_lease(found) or _NOTES.get(found.mode, ""),
        context=found.cluster,
        versions=tuple(versions),
        streams=f"{count}{lost}",
        streams_short=count,
        streams_role="warn" if found.lost else "dim",
        freshness=freshness,
        freshness_role=role,
        now=f"{found.clock}Z",
        facts=(*figures[:3], *more, *figures[3:]),
    )


def agreement(shadowed: "Shadowed | None") -> tuple[Fact, ...]:
    """How much of what was foreseen came so; nothing in the other modes."""
    if shadowed is None:
        return ()
    from karptui.views.foreseen.shadow_score import agreement_fact

    words, role = agreement_fact(shadowed.judged)
    return (Fact(words, words, role),) if words else ()


def _lease(found: view.Head) -> str:
    """Who may write in active mode."""
    if not found.lease or found.mode not in ("ACTIVE", "DEMO"):
        return ""
    return "holds the lease" if found.lease_ours else f"waits: {found.lease} holds the lease"


def _freshness(found: view.Head, behind: Standing | None, ended: bool) -> tuple[str, str]:
    if behind is not None:
        seconds, past = behind
        if past:
            return f" AT {found.clock} ({duration(seconds)} ago) ", "demo"
        return f"FROZEN, {duration(seconds)} behind", "warn"
    if ended:
        return "ended", "warn"
    if found.stale:
        return "STALE", "bad"
    if not found.streams:
        return "connecting…", "dim"
    if found.streams_live + len(found.lost) < found.streams:
        return "listing…", "warn"
    return "LIVE", "ok"


def _facts(found: view.Head, unit: Unit) -> tuple[Fact, ...]:
    oldest = f" (oldest {duration(found.oldest)})" if found.oldest is not None else ""
    short = f" ({duration(found.oldest)})" if found.oldest is not None else ""
    nodes, nodes_short = f"NODES {found.nodes:,}", plural(found.nodes, "node")
    if found.coming:
        nodes, nodes_short = f"{nodes} +{found.coming} coming", f"{nodes_short} +{found.coming}"
    if found.draining:
        nodes, nodes_short = f"{nodes} −{found.draining} draining", f"{nodes_short} −{found.draining}"
    bound = ""
    if found.bound_p50 is not None and found.bound_p95 is not None:
        bound = f"bound p50 {duration(found.bound_p50)} p95 {duration(found.bound_p95)}"
    money = f"${amount(found.hourly)}/h {monthly(found.hourly)}"
    if unit.hours not in (1.0, HOURS_A_MONTH):
        money = f"${unit.text(found.hourly)}{unit.sign[1:]} {monthly(found.hourly)}"
    facts = [
        Fact(
            f"PENDING {found.pending:,}{oldest}",
            f"{found.pending:,} pending{short}",
            "pending" if found.pending else "text",
        ),
        Fact(nodes, nodes_short),
        Fact(money, money, "money"),
        Fact(bound, bound),
    ]
    if found.unpriced:
        words = f"{plural(found.unpriced, 'node')} unpriced, NOT in the sum"
        facts.insert(3, Fact(words, f"{found.unpriced} unpriced", "warn"))
    if found.spent >= 0.005:
        facts.append(Fact(f"spent ${found.spent:,.2f}", f"spent ${found.spent:,.2f}", "dim"))
    if found.held:
        facts.insert(0, Fact(f"{found.held} HELD", f"{found.held} held", "warn"))
    if not found.disruption:
        facts.insert(0, Fact("DISRUPTION OFF", "no disruption", "warn"))
    return tuple(fact for fact in facts if fact.text)
