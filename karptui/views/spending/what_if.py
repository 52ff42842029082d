"""What would come of a change: the engine run on a changed copy, beside what is now. Nothing is written."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from karptui.engine.explain import failure_sentence
from karptui.engine.provisioning import plan
from karptui.model.decision import Plan, PlannedClaim
from karptui.model.instance_type import Catalogue
from karptui.model.labels import DO_NOT_DISRUPT
from karptui.model.pod import Pod
from karptui.model.selectors import selects
from karptui.model.snapshot import Snapshot
from karptui.views.spending.changes import Sandbox, apply_changes
from karptui.views.wording import hourly, plural, short_capacity_type, short_node, short_zone

Prices = Mapping[tuple[str, str, str], float]
NOWHERE = "-"
"""Where a pod goes that finds no place."""
PENDING = "pending"
"""Where a pod comes from that had no place."""


class Standing(Struct, frozen=True):
    """A cluster in figures: USD an hour, shares 0 to 1. `unpriced` nodes are not in `hourly`."""

    nodes: int
    hourly: float
    unpriced: int
    pending: int
    packed: float
    spot: float


class MoveRow(Struct, frozen=True):
    """Pods that go the same way. `role` tells how it ends."""

    key: str
    pods: str
    source: str
    target: str
    status: str
    role: str


class WhatIf(Struct, frozen=True):
    """The answer. `refused` pods had a place before and have none after; `new` are the nodes it would buy, `anyway` how
    many would be bought without any change: they are counted as if they were there already."""

    before: Standing
    after: Standing
    rows: tuple[MoveRow, ...]
    moved: int
    refused: int
    freed: int
    new: tuple[str, ...]
    gone: tuple[str, ...]
    snapshot: int
    note: str
    anyway: int
    sentence: str


def what_if(snapshot: Snapshot, changes: Sequence[str]) -> WhatIf:
    """Run the changes (see views/spending/changes.py) on a copy. Raises ChangeFault."""
    base = _settled(snapshot)
    sandbox = apply_changes(base, changes)
    unchanged, answer = plan(base), plan(sandbox.snapshot)
    anyway, placed = _placed(unchanged), _placed(answer)
    before = _standing(base, base, unchanged, pending=sum(key not in anyway for key in _waiting(base)))
    waiting = _waiting(sandbox.snapshot)
    left = [key for key in waiting if key not in placed]
    after = _standing(sandbox.snapshot, sandbox.snapshot, answer, pending=len(left))
    rows = _rows(sandbox, answer, waiting)
    refused = sum(key in sandbox.moved for key in left)
    freed = sum(key in placed and key not in anyway for key in _waiting(base))
    gone = tuple(sorted(set(base.nodes) - set(sandbox.snapshot.nodes)))
    new = tuple(_offer(claim) for claim in answer.claims)
    return WhatIf(
        before,
        after,
        tuple(rows),
        len(sandbox.moved),
        refused,
        freed,
        new,
        gone,
        snapshot.number,
        answer.deferred,
        len(unchanged.claims),
        _sentence(before, after, refused, freed, len(sandbox.moved)),
    )


def _placed(answer: Plan) -> set[str]:
    """Every pod that gets a place."""
    bought = {pod for claim in answer.claims for pod in claim.pods}
    return bought.union(*answer.existing.values())


def _settled(snapshot: Snapshot) -> Snapshot:
    """Without NodeClaims that EC2 is still launching: an engine waits for them, a sandbox need not."""
    claims = {name: claim for name, claim in snapshot.node_claims.items() if claim.provider_id}
    return replace(snapshot, node_claims=claims, nominated={}) if len(claims) != len(snapshot.node_claims) else snapshot


def _waiting(snapshot: Snapshot) -> list[str]:
    return [key for key, pod in snapshot.pods.items() if pod.provisionable and not pod.terminal]


def prices_of(catalogue: Catalogue) -> dict[tuple[str, str, str], float]:
    """USD an hour by type, zone and capacity type."""
    return {
        (type_.name, offering.zone, offering.capacity_type): offering.price
        for type_ in catalogue.types
        for offering in type_.offerings
        if not offering.reservation_id
    }


def _standing(snapshot: Snapshot, priced: Snapshot, answer: Plan, pending: int) -> Standing:
    prices = prices_of(priced.catalogue)
    total = spot = 0.0
    unpriced = 0
    asked = _asked(snapshot, answer)
    used = 0.0  # what is paid for and asked for, as on the Map
    for node in snapshot.nodes.values():
        price = prices.get((node.instance_type, node.zone, node.capacity_type or "on-demand"))
        if price is None:
            unpriced += 1
            continue
        total += price
        used += price * _share(asked.get(node.key, {}), node.allocatable)
        spot += price if node.capacity_type == "spot" else 0.0
    for claim in answer.claims:
        total += claim.price
        spot += claim.price if claim.capacity_type == "spot" else 0.0
        used += claim.price * _share(claim.requests, _room(priced.catalogue, claim))
    nodes = len(snapshot.nodes) + len(answer.claims)
    return Standing(nodes, total, unpriced, pending, used / total if total else 0.0, spot / total if total else 0.0)


def _asked(snapshot: Snapshot, answer: Plan) -> dict[str, Counter[str]]:
    """By node what its pods ask for, and those that the answer puts there."""
    asked: dict[str, Counter[str]] = {}
    placed = {key: name for name, pods in answer.existing.items() for key in pods}
    for key, pod in snapshot.pods.items():
        name = pod.node_name or placed.get(key, "")
        if name and not pod.terminal:
            asked.setdefault(name, Counter()).update({of: pod.requests.get(of, 0) for of in ("cpu", "memory")})
    return asked


def _share(asked: Mapping[str, int], there: Mapping[str, int]) -> float:
    return max((asked.get(name, 0) / there[name] for name in ("cpu", "memory") if there.get(name)), default=0.0)


def _room(catalogue: Catalogue, claim: PlannedClaim) -> dict[str, int]:
    first = claim.instance_types[0] if claim.instance_types else ""
    own = catalogue.variants.get(claim.node_pool, {}).get(first)
    type_ = own or next((entry for entry in catalogue.types if entry.name == first), None)
    return {name: type_.allocatable.get(name, 0) for name in ("cpu", "memory")} if type_ is not None else {}


def _offer(claim: PlannedClaim) -> str:
    type_ = claim.instance_types[0] if claim.instance_types else "no type"
    return f"{type_} {short_capacity_type(claim.capacity_type)} {short_zone(claim.zone)} {hourly(claim.price)}".strip()


# --- where each pod goes ---------------------------------------------------------------------------------------------


def _rows(sandbox: Sandbox, answer: Plan, waiting: Sequence[str]) -> list[MoveRow]:
    targets: dict[str, tuple[str, str]] = {}
    for claim in answer.claims:
        targets.update(dict.fromkeys(claim.pods, (f"new {_offer(claim)}", f"claim {claim.node_pool} {claim.pods[0]}")))
    for name, pods in answer.existing.items():
        targets.update(dict.fromkeys(pods, (short_node(name), f"node {name}")))
    held = _held(sandbox)
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for key in waiting:
        source = short_node(sandbox.moved.get(key, "")) or PENDING
        target, _ = targets.get(key, (NOWHERE, ""))
        failure = answer.errors.get(key)
        if key in targets:
            status = held.get(key, "ok")
        elif failure is not None:
            status = failure_sentence(failure)
        else:
            status = answer.ignored.get(key) or answer.deferred or "not tried"
        groups.setdefault((source, target, status, _workload(sandbox.snapshot.pods[key])), []).append(key)
    rows: list[MoveRow] = []
    for (source, target, status, workload), keys in groups.items():
        name = keys[0] if len(keys) == 1 else f"{len(keys)}x {workload}"
        refused = target == NOWHERE
        role = "bad" if refused else "ok" if status == "ok" else "warn"
        words = f"{'NO PLACE' if source == PENDING else 'REFUSED'}: {status}" if refused else status
        rows.append(MoveRow(f"{source} {keys[0]}", name, source, target, words, role))
    order = {"bad": 0, "warn": 1, "ok": 2}
    return sorted(rows, key=lambda row: (order[row.role], row.source == PENDING, row.key))


def _workload(pod: Pod) -> str:
    owner = pod.metadata.controller()
    return f"{pod.metadata.namespace}/{owner.name}" if owner is not None else pod.key


def _held(sandbox: Sandbox) -> dict[str, str]:
    """What would hold up an eviction: annotations, and PodDisruptionBudgets once they allow no more."""
    snapshot, used, held = sandbox.snapshot, Counter[str](), dict[str, str]()
    for key in sandbox.moved:
        if key in sandbox.forced:
            continue
        pod = snapshot.pods[key]
        if pod.metadata.annotations.get(DO_NOT_DISRUPT) == "true":
            held[key] = "waits: the pod has karpenter.sh/do-not-disrupt"
            continue
        for name, budget in snapshot.budgets.items():
            same = budget.metadata.namespace == pod.metadata.namespace
            if same and selects(budget.selector, pod.metadata.labels):
                used[name] += 1
                if used[name] > budget.disruptions_allowed:
                    held[key] = f"waits: PDB {name} allows {budget.disruptions_allowed}"
    return held


def _sentence(before: Standing, after: Standing, refused: int, freed: int, moved: int) -> str:
    change = after.hourly - before.hourly
    if abs(change) < 0.00005:
        words = "the bill stays the same"
    else:
        words = f"{'saves' if change < 0 else 'costs'} {hourly(abs(change))}"
    parts = [words, f"{plural(moved, 'pod')} move{'s' if moved == 1 else ''}"]
    if freed:
        parts.append(f"{plural(freed, 'pending pod')} get{'s' if freed == 1 else ''} a place")
    if refused:
        parts.append(f"{plural(refused, 'pod')} would have no place")
    return ", ".join(parts)
