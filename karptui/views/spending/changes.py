"""What can be tried in the sandbox: each change is a line of words, and a function from Snapshot to Snapshot."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from msgspec.structs import replace

from karptui.model.instance_type import Catalogue, InstanceType
from karptui.model.labels import CAPACITY_TYPE, ZONE
from karptui.model.metadata import Condition
from karptui.model.node import Node, RequirementSpec
from karptui.model.nodepool import NodePool
from karptui.model.pod import Pod
from karptui.model.quantity import QuantityError, parse
from karptui.model.snapshot import Snapshot
from karptui.model.taints import Taint
from karptui.views.wording import short_node

MOST_ADDED = 5_000
MOST_WEIGHT = 100  # what the NodePool's schema allows
UNSCHEDULABLE_TAINT = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")
GRAMMAR = (
    ("remove NODE…", "their pods move"),
    ("cordon NODE…", "nothing new comes"),
    ("lose zone ZONE | lose spot | lose type c7g.*", "lost at once"),
    ("limit POOL cpu 400 | limit POOL none", "another limit"),
    ("only POOL spot | only POOL zone ZONE…", "buys only this"),
    ("any POOL capacity | any POOL zone", "may buy all"),
    ("require POOL KEY VALUE… | require POOL KEY any", "requirement"),
    ("weight POOL 50", "asked sooner"),
    ("price spot x1.5 | price c7g.* x0.8", "other prices"),
    ("add 20 NAMESPACE/WORKLOAD", "pods like its own"),
)
"""What may be written, and what it means."""


class ChangeFault(ValueError):
    """A change that cannot be understood or made; the message is one sentence."""


@dataclass(frozen=True)
class Sandbox:
    """A copy that is being changed. `moved` are pods by key with the node they must leave; `forced`: nobody asks them,
    as when a zone is lost."""

    snapshot: Snapshot
    moved: Mapping[str, str] = field(default_factory=dict)
    forced: frozenset[str] = frozenset()
    added: int = 0


def apply_changes(snapshot: Snapshot, changes: Iterable[str]) -> Sandbox:
    """All changes, one after the other, on a copy. Raises ChangeFault naming the one that cannot be made."""
    sandbox = Sandbox(snapshot)
    for text in changes:
        sandbox = _changed(sandbox, text)
    return sandbox


def _changed(sandbox: Sandbox, text: str) -> Sandbox:
    verb, *words = text.split()
    make = _VERBS.get(verb)
    if make is None:
        raise ChangeFault(f"there is no change {verb!r}; write one of {', '.join(_VERBS)}")
    return make(sandbox, words)


# --- nodes -----------------------------------------------------------------------------------------------------------


def _named(snapshot: Snapshot, words: list[str], what: str) -> list[Node]:
    if not words:
        raise ChangeFault(f"{what}: which node? Write {what} NODE")
    found: list[Node] = []
    for word in words:
        nodes = [
            node for name, node in snapshot.nodes.items() if word in (name, name.partition(".")[0], short_node(name))
        ]
        if not nodes:
            raise ChangeFault(f"{what}: there is no node {word}")
        found += nodes
    return found


def _remove(sandbox: Sandbox, words: list[str]) -> Sandbox:
    return _without(sandbox, _named(sandbox.snapshot, words, "remove"), forced=False)


def _without(sandbox: Sandbox, nodes: list[Node], forced: bool) -> Sandbox:
    snapshot = sandbox.snapshot
    names, ids = {node.key for node in nodes}, {node.provider_id for node in nodes if node.provider_id}
    pods, moved = dict(snapshot.pods), dict(sandbox.moved)
    for key, pod in snapshot.pods.items():
        if pod.node_name not in names or pod.terminal:
            continue
        if pod.daemon or pod.mirror or pod.terminating:
            del pods[key]
        else:
            pods[key] = waiting_pod(pod, snapshot.now)
            moved[key] = pod.node_name
    left = replace(
        snapshot,
        pods=pods,
        nodes={name: node for name, node in snapshot.nodes.items() if name not in names},
        node_claims={
            name: claim
            for name, claim in snapshot.node_claims.items()
            if claim.node_name not in names and claim.provider_id not in ids
        },
    )
    fresh = frozenset(key for key in moved if key not in sandbox.moved) if forced else frozenset[str]()
    return Sandbox(left, moved, sandbox.forced | fresh, sandbox.added)


def waiting_pod(pod: Pod, now: float) -> Pod:
    """The pod as if the kube-scheduler had just given up on it."""
    given_up = Condition("PodScheduled", "False", "Unschedulable", "", now)
    return replace(pod, node_name="", nominated_node="", phase="Pending", conditions=(given_up,))


def _cordon(sandbox: Sandbox, words: list[str]) -> Sandbox:
    snapshot = sandbox.snapshot
    nodes = dict(snapshot.nodes)
    for node in _named(snapshot, words, "cordon"):
        nodes[node.key] = replace(node, unschedulable=True, taints=(*node.taints, UNSCHEDULABLE_TAINT))
    return _with(sandbox, replace(snapshot, nodes=nodes))


def _lose(sandbox: Sandbox, words: list[str]) -> Sandbox:
    what = " ".join(words)
    match words:
        case ["zone", zone]:
            lost, gone = (lambda node: node.zone == zone), (lambda type_, offering: offering.zone == zone)
        case ["spot"]:
            lost = lambda node: node.capacity_type == "spot"  # noqa: E731
            gone = lambda type_, offering: offering.capacity_type == "spot"  # noqa: E731
        case ["type", pattern]:
            lost = lambda node: fnmatchcase(node.instance_type, pattern)  # noqa: E731
            gone = lambda type_, offering: fnmatchcase(type_.name, pattern)  # noqa: E731
        case _:
            raise ChangeFault(f"lose {what}: write lose zone ZONE, lose spot or lose type PATTERN")
    snapshot = sandbox.snapshot
    catalogue = _repriced(snapshot.catalogue, lambda type_, o: replace(o, available=False) if gone(type_, o) else o)
    if all(old is new for old, new in zip(snapshot.catalogue.types, catalogue.types, strict=True)):
        raise ChangeFault(f"lose {what}: nothing is on offer there")
    nodes = [node for node in snapshot.nodes.values() if node.node_pool and lost(node)]
    return _without(_with(sandbox, replace(snapshot, catalogue=catalogue)), nodes, forced=True)


# --- pools, prices, pods ---------------------------------------------------------------------------------------------


def _pool(snapshot: Snapshot, words: list[str], what: str) -> NodePool:
    pool = snapshot.node_pools.get(words[0]) if words else None
    if pool is None:
        known = ", ".join(sorted(snapshot.node_pools)) or "none"
        raise ChangeFault(f"{what}: which NodePool? There are {known}")
    return pool


def _limit(sandbox: Sandbox, words: list[str]) -> Sandbox:
    pool = _pool(sandbox.snapshot, words, "limit")
    match words[1:]:
        case ["none"]:
            limits = None
        case [resource, amount]:
            try:
                limits = {**(pool.limits or {}), resource: parse(amount)}
            except QuantityError as error:
                raise ChangeFault(f"limit {pool.key}: {error}") from error
        case _:
            raise ChangeFault(f"limit {pool.key}: write limit {pool.key} cpu 400, or limit {pool.key} none")
    return _with_pool(sandbox, replace(pool, limits=limits))


def _only(sandbox: Sandbox, words: list[str]) -> Sandbox:
    pool = _pool(sandbox.snapshot, words, "only")
    match words[1:]:
        case [("spot" | "on-demand" | "reserved") as kind]:
            return _with_pool(sandbox, _requiring(pool, CAPACITY_TYPE, (kind,)))
        case ["zone", *zones] if zones:
            return _with_pool(sandbox, _requiring(pool, ZONE, tuple(zones)))
        case _:
            raise ChangeFault(f"only {pool.key}: write only {pool.key} spot, or only {pool.key} zone ZONE")


def _any(sandbox: Sandbox, words: list[str]) -> Sandbox:
    pool = _pool(sandbox.snapshot, words, "any")
    match words[1:]:
        case ["capacity"]:
            return _with_pool(sandbox, _requiring(pool, CAPACITY_TYPE, ("on-demand", "spot")))
        case ["zone"]:
            return _with_pool(sandbox, _requiring(pool, ZONE, ()))
        case _:
            raise ChangeFault(f"any {pool.key}: write any {pool.key} capacity, or any {pool.key} zone")


def _require(sandbox: Sandbox, words: list[str]) -> Sandbox:
    pool = _pool(sandbox.snapshot, words, "require")
    match words[1:]:
        case [key, "any"]:
            return _with_pool(sandbox, _requiring(pool, key, ()))
        case [key, *values] if values:
            return _with_pool(sandbox, _requiring(pool, key, tuple(values)))
        case _:
            raise ChangeFault(f"require {pool.key}: write require {pool.key} KEY VALUE…, or any for no requirement")


def _weight(sandbox: Sandbox, words: list[str]) -> Sandbox:
    pool = _pool(sandbox.snapshot, words, "weight")
    match words[1:]:
        case [weight] if weight.isdigit() and 0 <= int(weight) <= MOST_WEIGHT:
            return _with_pool(sandbox, replace(pool, weight=int(weight)))
        case _:
            raise ChangeFault(f"weight {pool.key}: write a number from 0 to {MOST_WEIGHT}")


def _requiring(pool: NodePool, key: str, values: tuple[str, ...]) -> NodePool:
    kept = tuple(entry for entry in pool.template.requirements if entry.key != key)
    wanted = (RequirementSpec(key, "In", values),) if values else ()
    return replace(pool, template=replace(pool.template, requirements=(*kept, *wanted)))


def _price(sandbox: Sandbox, words: list[str]) -> Sandbox:
    match words:
        case [what, factor] if factor.startswith("x"):
            try:
                times = float(factor[1:])
            except ValueError:
                raise ChangeFault(f"price {what}: {factor} is no factor; write x1.5") from None
        case _:
            raise ChangeFault("price: write price spot x1.5, price on-demand x0.8 or price c7g.* x2")
    kind = {"od": "on-demand"}.get(what, what)
    kinds = {"spot", "on-demand", "reserved"}

    def hit(type_: InstanceType, capacity_type: str) -> bool:
        return capacity_type == kind if kind in kinds else fnmatchcase(type_.name, what)

    snapshot = sandbox.snapshot
    catalogue = _repriced(
        snapshot.catalogue,
        lambda type_, o: replace(o, price=o.price * times) if hit(type_, o.capacity_type) else o,
    )
    return _with(sandbox, replace(snapshot, catalogue=catalogue))


def _repriced(catalogue: Catalogue, offer: Callable[..., object]) -> Catalogue:
    types: list[InstanceType] = []
    for type_ in catalogue.types:
        offerings = tuple(offer(type_, offering) for offering in type_.offerings)
        same = all(old is new for old, new in zip(type_.offerings, offerings, strict=True))
        types.append(type_ if same else replace(type_, offerings=offerings))
    return replace(catalogue, types=tuple(types))


def _add(sandbox: Sandbox, words: list[str]) -> Sandbox:
    match words:
        case [count, name] if count.isdigit() and 0 < int(count) <= MOST_ADDED:
            namespace, _, workload = name.partition("/")
        case _:
            raise ChangeFault(f"add: write add 20 NAMESPACE/WORKLOAD, at most {MOST_ADDED:,} pods")
    snapshot = sandbox.snapshot
    model = next(
        (
            pod
            for key, pod in snapshot.pods.items()
            if pod.metadata.namespace == namespace and pod.metadata.name.startswith(workload) and not pod.daemon
        ),
        None,
    )
    if model is None or not workload:
        raise ChangeFault(f"add: no pod of {name} is there to be copied")
    pods = dict(snapshot.pods)
    for number in range(sandbox.added + 1, sandbox.added + int(count) + 1):
        metadata = replace(model.metadata, name=f"{workload}-added-{number}", uid=f"added-{number}")
        pod = replace(waiting_pod(model, snapshot.now), metadata=replace(metadata, created=snapshot.now))
        pods[pod.key] = pod
    return Sandbox(replace(snapshot, pods=pods), sandbox.moved, sandbox.forced, sandbox.added + int(count))


def _with(sandbox: Sandbox, snapshot: Snapshot) -> Sandbox:
    return Sandbox(snapshot, sandbox.moved, sandbox.forced, sandbox.added)


def _with_pool(sandbox: Sandbox, pool: NodePool) -> Sandbox:
    snapshot = sandbox.snapshot
    return _with(sandbox, replace(snapshot, node_pools={**snapshot.node_pools, pool.key: pool}))


_VERBS: dict[str, Callable[[Sandbox, list[str]], Sandbox]] = {
    "remove": _remove,
    "cordon": _cordon,
    "lose": _lose,
    "limit": _limit,
    "only": _only,
    "any": _any,
    "require": _require,
    "weight": _weight,
    "price": _price,
    "add": _add,
}
