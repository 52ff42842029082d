"""Why: the answer for whatever the cursor is on, and for `karptui why POD|NODE|DECISION`."""

from msgspec import Struct
from msgspec.structs import replace

from karptui.engine.explain import failure_sentences, remedy_sentence, sentence
from karptui.model.decision import Refusal
from karptui.model.disruption import Command, Held, Survey
from karptui.model.metadata import condition, is_true
from karptui.model.node import Node, NodeClaim
from karptui.model.nodepool import NodeClass, NodePool
from karptui.model.pod import Pod
from karptui.model.quantity import human
from karptui.views.answers.in_full import claim_in_full, labels_in_full, node_in_full, pod_in_full, pool_in_full
from karptui.views.answers.remedies import remedy_book
from karptui.views.answers.staying import staying
from karptui.views.extended import short_extended
from karptui.views.line import Line
from karptui.views.lists.decisions import DecisionView, decision_text, decision_view
from karptui.views.lists.object_lists import not_ready
from karptui.views.lists.open_savings import hold_text
from karptui.views.lists.overview import node_row, pools
from karptui.views.lists.pdb import pdb_lines
from karptui.views.stage import stage_of
from karptui.views.timelines.interruption import notice_of, notice_text
from karptui.views.timelines.progress import Waiting, pods_text, waiting
from karptui.views.wording import amount, duration, hourly, percent, plural, short_node, short_zone
from karptui.world.world import World

SHOWN_PODS = 8
ALL_PODS = 5_000
MOST_IDS = 4
"""Ids of AMIs, subnets and security groups that are told of a NodeClass."""


class Why(Struct, frozen=True):
    """A title and its lines. `decision` is the decision to open next, or empty."""

    title: str
    lines: list[Line]
    decision: str = ""
    pod: str = ""


def find(world: World, name: str) -> tuple[str, str] | None:
    """What a name given by a person means: (kind, key) of a decision, pod, node, NodeClaim or NodePool."""
    if name.upper() in world.decisions:
        return "decision", name.upper()
    for kind, resource in (
        ("node", "nodes"),
        ("claim", "nodeclaims"),
        ("pool", "nodepools"),
        ("class", "nodeclasses"),
    ):
        if name in world.of(resource):
            return kind, name
    classes = [key for key in world.of("nodeclasses") if key.partition("/")[2] == name]
    if len(classes) == 1:
        return "class", classes[0]
    pods = world.of("pods")
    for kind, held in (("pod", pods), ("pdb", world.of("poddisruptionbudgets"))):
        if name in held:
            return kind, name
    matches = [key for key in pods if key.partition("/")[2] == name]
    return ("pod", matches[0]) if len(matches) == 1 else None


def why(
    world: World,
    kind: str,
    key: str,
    now: float,
    most: int = SHOWN_PODS,
    rows: list[Waiting] | None = None,
    outcome: Command | Held | None = None,
    view: DecisionView | None = None,
    survey: Survey | None = None,
) -> Why:
    """The answer about a pod, waiting, node, claim, pool or decision row; at most `most` pods or types are listed.

    `rows` is what is waited for, if the caller has just worked it out; `outcome` what the disruption engine says of a
    node and `survey` of all; `view` is the decision's, which takes a moment to work out.
    """
    match kind:
        case "pod" if (pod := world.of("pods").get(key)) is not None:
            found = _pod(world, pod, now, rows)
            return replace(found, lines=[*found.lines, *pod_in_full(world, pod, now)]) if most > SHOWN_PODS else found
        case "waiting" if (row := _waiting_row(world, key, now, rows)) is not None:
            return _waiting(world, row, now, most)
        case "node" if (node := world.of("nodes").get(key)) is not None:
            return _node(world, node, most, outcome, now)
        case "claim" if (claim := world.of("nodeclaims").get(key)) is not None:
            found = _claim(world, claim, now)
            return (
                replace(found, lines=[*found.lines, *claim_in_full(world, claim, now)]) if most > SHOWN_PODS else found
            )
        case "class" if (node_class := world.of("nodeclasses").get(key)) is not None:
            return _node_class(world, node_class)
        case "pool" if (pool := world.of("nodepools").get(key)) is not None:
            return _pool(world, pool, most)
        case "pdb" if (budget := world.of("poddisruptionbudgets").get(key)) is not None:
            known = world.surveyed.survey if world.surveyed is not None else survey
            return Why(f"PodDisruptionBudget {key}", pdb_lines(budget, known))
        case "decision" if (decision := world.decisions.get(key)) is not None:
            view = view or decision_view(world, decision, now)
            refused = [
                (
                    (row.instance_type.ljust(16), "text"),
                    (f"{amount(row.price).rjust(8)}  " if row.price < 1e9 else " " * 10, "money"),
                    (row.verdict, "dim"),
                )
                for row in view.candidates[:most]
            ]
            return Why(decision_text(world, decision), [*view.facts, *refused, *view.made_from], decision=key)
        case _:
            return Why(key or "nothing chosen", [(("gone since the last look", "dim"),)])


def _waiting_row(world: World, key: str, now: float, rows: list[Waiting] | None) -> Waiting | None:
    return next((row for row in (waiting(world, now) if rows is None else rows) if row.key == key), None)


def _waiting(world: World, row: Waiting, now: float, most: int = 0) -> Why:
    first = world.of("pods").get(row.pods[0])
    lines: list[Line] = _refusals(world, first.key) if first is not None else []
    lines = lines or [((row.text, row.role),)]  # which is all of them in one sentence
    if first is not None:
        lines += _fixes(world, first, now)
        lines += _needs(first)
        lines += _placement(world, first.key)
    if row.claim and (claim := world.of("nodeclaims").get(row.claim)) is not None:
        lines += _claim(world, claim, now).lines
    timeline = world.pod_timelines.get(row.pods[0])
    if timeline is not None and timeline.scheduler_message:
        lines.append((("kube-scheduler ", "dim"), (timeline.scheduler_message, "text")))
    count = len(row.pods)
    if most > SHOWN_PODS and count > 1:
        lines.append((("pods ", "dim"), (str(count), "text")))
        lines += [((f"  {pod}", "text"),) for pod in row.pods[:most]]
    decision = timeline.decision if timeline is not None else ""
    number, names = plural(count, "pod"), pods_text(row.pods)
    title = f"{number}  {names}" if names != number else number
    return Why(title, lines, decision=decision, pod=row.pods[0])


def _needs(pod: Pod) -> list[Line]:
    asked = " ".join(f"{human(value, name)} {name}" for name, value in pod.requests.items() if name != "pods")
    lines: list[Line] = [(("need ", "dim"), (asked or "nothing", "text"))]
    lines += [(("need ", "dim"), (f"{key} = {value}", "text")) for key, value in pod.spec.node_selector.items()]
    for term in pod.spec.required_node_terms[:2]:
        lines += [
            (("need ", "dim"), (f"{key} {operator} {' '.join(values)}".rstrip(), "text"))
            for key, operator, values in term.expressions
        ]
    return lines


def _refusals(world: World, pod: str) -> list[Line]:
    """Each pool's cause."""
    plan = world.preview.plan if world.preview is not None else None
    failure = plan.errors.get(pod) if plan is not None else None
    if failure is None:
        return []
    return [
        *(((f"pool {name} is not asked: {cause}", "bad"),) for name, cause in left_out(world)),
        *(((cause, "bad"),) for cause in failure_sentences(failure)),
    ]


def left_out(world: World) -> list[tuple[str, str]]:
    """NodePools that no round asks, as they are not ready or on their way out, with what keeps them from it."""
    found: list[tuple[str, str]] = []
    for pool in sorted(world.of("nodepools").values(), key=lambda pool: (-pool.weight, pool.key)):
        if pool.metadata.deleted is not None:
            found.append((pool.key, "it is being deleted"))
        elif pool.replicas is None and not is_true(pool.conditions, "Ready"):
            node_class = world.of("nodeclasses").get(pool.template.node_class.key)
            cause = not_ready(node_class) if node_class is not None else ""
            own = condition(pool.conditions, "Ready")
            cause = cause or (own.message or own.reason if own is not None else "") or "no controller has said so"
            found.append((pool.key, f"it is not Ready ({cause})"))
    return found


def _fixes(world: World, pod: Pod, now: float) -> list[Line]:
    """What would give a place to a pod that fits nowhere, cheapest first."""
    plan = world.preview.plan if world.preview is not None else None
    failure = plan.errors.get(pod.key) if plan is not None else None
    if failure is None:
        return []
    found = remedy_book(world).of(world, pod, failure.reasons, now)
    if found is None:
        return [(("fix  ", "dim"), ("working out what would help", "dim"))]
    lines: list[Line] = []
    for place, remedy in enumerate(found):
        where = f"on {short_node(remedy.node)} at no cost" if remedy.node else hourly(remedy.price)
        word = "fix  " if not place else "or   "
        lines.append(((word, "ok"), (f"{remedy_sentence(remedy)}: ", "text"), (where, "money")))
    return lines


def _placement(world: World, pod: str) -> list[Line]:
    """Where the last preview puts a pod, and which of its preferences were given up for that."""
    plan = world.preview.plan if world.preview is not None else None
    if plan is None:
        return []
    lines: list[Line] = []
    claim = next((claim for claim in plan.claims if pod in claim.pods), None)
    node = next((node for node, pods in plan.existing.items() if pod in pods), "") if claim is None else ""
    if claim is not None:
        others = f" with {plural(len(claim.pods) - 1, 'other pod')}" if len(claim.pods) > 1 else ""
        offer = f"{claim.instance_types[0]} {claim.capacity_type} {short_zone(claim.zone)}".strip()
        where = f"to a new node of {claim.node_pool}{others}: {offer} "
        lines.append((("goes ", "dim"), (where, "text"), (hourly(claim.price), "money")))
    elif node:
        lines.append((("goes ", "dim"), (f"to {short_node(node)}, the first node with room for it", "text")))
    lines += [
        (("gave up ", "warn"), (f"{entry.kind} {entry.detail}".rstrip(), "text"))
        for entry in plan.relaxed
        if entry.pod == pod
    ]
    return lines


def _pod(world: World, pod: Pod, now: float, rows: list[Waiting] | None) -> Why:
    if not pod.node_name:
        known = waiting(world, now) if rows is None else rows
        row = next((row for row in known if pod.key in row.pods), None)
        if row is not None:
            found = _waiting(world, Waiting(row.key, (pod.key,), row.text, row.role, row.blocked, row.claim), now)
            return Why(f"pod {pod.key}", found.lines, decision=found.decision, pod=pod.key)
    lines = _needs(pod)
    timeline = world.pod_timelines.get(pod.key)
    node = world.of("nodes").get(pod.node_name)
    if node is not None:
        offer = f"{node.instance_type} {node.capacity_type} {short_zone(node.zone)}".strip()
        lines.append((("on ", "dim"), (f"{short_node(pod.node_name)}  {offer}", "text")))
    decision = timeline.decision if timeline is not None else ""
    if timeline is not None and timeline.pending_seconds is not None:
        lines.append((("bound after ", "dim"), (duration(timeline.pending_seconds), "text")))
    if decision and (made := world.decisions.get(decision)) is not None:
        lines.append(((f"{decision} ", "accent"), (decision_text(world, made), "text")))
    return Why(f"pod {pod.key}", lines, decision=decision, pod=pod.key)


def _node(world: World, node: Node, most: int, outcome: Command | Held | None, now: float) -> Why:
    row = node_row(world, node)
    price = hourly(row.price) if row.price is not None else "unpriced, in no sum"
    lines: list[Line] = [
        ((f"{row.instance_type} {row.capacity_type} {short_zone(row.zone)}  ", "text"), (price, "money"))
    ]
    if most <= SHOWN_PODS:  # in full they stand as bars
        usage = (("cpu", row.cpu), ("memory", row.memory), *((short_extended(n), share) for n, share in row.extended))
        spans = [
            ((f"{'  ' if place else ''}{n} ", "dim"), (percent(share), "text"))
            for place, (n, share) in enumerate(usage)
        ]
        lines.append(tuple(span for pair in spans for span in pair))
    if row.note:
        lines.append(((row.note, row.role),))
    stays = staying(world, node.key, now)
    if stays[0]:
        lines.append((stays,))
    elif outcome is not None:
        lines.append((hold_text(world, node.key, outcome, now),))
    if (notice := notice_of(world, node.provider_id)) is not None:
        lines.append((notice_text(notice, now),))
    ready = condition(node.conditions, "Ready")
    if ready is not None and ready.status != "True" and ready.message:
        lines.append(((ready.message, "warn"),))
    lines += [(("taint ", "dim"), (f"{taint.key}:{taint.effect}", "text")) for taint in node.taints]
    if most > SHOWN_PODS:
        lines += node_in_full(world, node, now)
    here = sorted(world.usage.on(node.key).values(), key=lambda pod: -pod.requests.get("cpu", 0))
    lines.append((("pods ", "dim"), (f"{len(here):,}", "text"), (", by the cpu they ask for" if here else "", "dim")))
    lines += [((f"{human(pod.requests.get('cpu', 0), 'cpu'):>6} ", "dim"), (pod.key, "text")) for pod in here[:most]]
    if most > SHOWN_PODS:
        lines += labels_in_full(node.metadata.labels)
    claim = world.claim_of_provider_id.get(node.provider_id, "")
    return Why(
        f"node {node.key if most > SHOWN_PODS else short_node(node.key)}",
        lines,
        decision=world.decision_of_claim.get(claim, ""),
    )


def _claim(world: World, claim: NodeClaim, now: float) -> Why:
    timeline = world.claim_timelines.get(claim.key)
    stage = stage_of(claim, timeline)
    lines: list[Line] = [((stage.name, stage.role), (f" for {duration(now - stage.since)}", "dim"))]
    if (notice := notice_of(world, claim.provider_id)) is not None:
        lines.append((notice_text(notice, now),))
    if claim.instance_type:
        offer = f"{claim.instance_type} {claim.capacity_type} {short_zone(claim.zone)}"
        price = world.claim_price(claim)
        lines.append(((f"{offer}  ", "text"), (hourly(price) if price is not None else "unpriced", "money")))
    # What is still unknown lies ahead and says nothing; a condition that is False has a cause.
    lines += [
        ((f"{entry.type} ", "dim"), (f"{entry.status} {entry.reason} {entry.message}".strip(), "text"))
        for entry in claim.conditions
        if entry.status == "False" and entry.reason not in ("", "AwaitingReconciliation")
    ]
    return Why(f"NodeClaim {claim.key}", lines, decision=world.decision_of_claim.get(claim.key, ""))


def _node_class(world: World, node_class: NodeClass) -> Why:
    pools = [pool.key for pool in world.of("nodepools").values() if pool.template.node_class.key == node_class.key]
    lines: list[Line] = [(("used by ", "dim"), (", ".join(pools) or "no NodePool", "text"))]
    lines += [
        ((f"{entry.type} {entry.status} ", "ok" if entry.status == "True" else "bad"), (entry.message, "text"))
        for entry in node_class.conditions
    ]
    for name, value in node_class.spec.items():
        lines.append(((f"{name} ", "dim"), (_short(value), "text")))
    for name in ("amis", "subnets", "securityGroups"):
        found = node_class.status.get(name)
        if isinstance(found, list):
            ids = " ".join(str(entry.get("id", "")) for entry in found[:MOST_IDS] if isinstance(entry, dict)).strip()
            more = f" and {len(found) - MOST_IDS:,} more" if len(found) > MOST_IDS else ""
            lines.append(
                ((f"{name} found ", "dim"), (f"{len(found):,}", "text"), (f"  {ids}{more}" if ids else "", "dim"))
            )
    return Why(f"{node_class.kind} {node_class.name}", lines)


def _short(value: object) -> str:
    """`alias=al2023@latest` for what a NodeClass's spec nests, not Python's way to write it."""
    words = _flat(value)
    return words if len(words) <= 160 else f"{words[:159]}…"


def _flat(value: object) -> str:
    if isinstance(value, dict):
        entries = ((key, entry, isinstance(entry, dict)) for key, entry in value.items())
        return ", ".join(
            f"{key} ({_flat(entry)})" if nested else f"{key}={_flat(entry)}" for key, entry, nested in entries
        )
    if isinstance(value, list):
        return "; ".join(map(_flat, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _at_limit(world: World, pool: NodePool) -> Line | None:
    """Which limit lets nothing more be launched, and how many pods it refused for that."""
    plan = world.preview.plan if world.preview is not None else None
    refused = [
        reason
        for failure in (plan.errors.values() if plan is not None else ())
        for reason in failure.reasons
        if reason.pool == pool.key and reason.code in (Refusal.LIMIT, Refusal.LIMIT_NODES)
    ]
    if not refused:
        return None
    told = sentence(replace(refused[0], pool=""))
    return ((told, "bad"), (f": refused {plural(len(refused), 'pending pod')} for that", "text"))


def _pool(world: World, pool: NodePool, most: int) -> Why:
    row = next(entry for entry in pools(world) if entry.key == pool.key)
    lines: list[Line] = [
        ((plural(row.nodes, "node"), "text"), (f"  {hourly(row.hourly)}", "money"), (f"  weight {pool.weight}", "dim"))
    ]
    if (full := _at_limit(world, pool)) is not None:
        lines.insert(0, full)
    lines += [
        (("", "dim"), (f"{entry.key} {entry.operator} {' '.join(entry.values)}".rstrip(), "text"))
        for entry in pool.template.requirements
    ]
    lines += [(("taint ", "dim"), (f"{taint.key}:{taint.effect}", "text")) for taint in pool.template.taints]
    if most > SHOWN_PODS:
        lines += pool_in_full(world, pool)
    lines += [
        (("limit ", "dim"), (f"{human(limit, name)} {name}", "text"))
        for name, limit in (pool.limits or {}).items()
        if most <= SHOWN_PODS
    ]
    lines += [
        ((f"{entry.type} {entry.status} ", "bad"), (entry.message or entry.reason, "text"))
        for entry in pool.conditions
        if entry.status != "True" and entry.type != "NodeRegistrationHealthy"
    ]
    return Why(f"NodePool {pool.key}", lines)
