"""Lists of one kind of object that the numbered screens only show in part: NodeClaims, NodeClasses,
PodDisruptionBudgets."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from karptui.model.disruption import Held, Hold, Survey
from karptui.model.metadata import condition
from karptui.model.nodepool import NodeClass
from karptui.model.workload import PodDisruptionBudget
from karptui.views.lists.overview import ClaimRow, PoolRow, claim_row
from karptui.views.timelines.progress import Waiting
from karptui.views.wording import short_zone
from karptui.world.world import World

T = TypeVar("T")
_FOUND = ("amis", "subnets", "securityGroups")
"""What a NodeClass's status lists, by field of EC2NodeClass."""


class ClassRow(Struct, frozen=True):
    """One NodeClass. `ready` is None while no controller has said; `wrong` is what keeps it from being Ready.

    `amis`, `subnets` and `groups` are how many were found, None where the provider lists none; `image` is how the AMIs
    are chosen, `zones` those of the subnets; `nodes` are those of the NodePools that use it; `created` epoch seconds.
    """

    key: str
    name: str
    kind: str
    ready: bool | None
    wrong: str
    amis: int | None
    image: str
    subnets: int | None
    zones: tuple[str, ...]
    groups: int | None
    pools: tuple[str, ...]
    nodes: int
    created: float


class PdbRow(Struct, frozen=True):
    """One PodDisruptionBudget: `rule` in words and `short_rule` in fewer, evictions it `allows` now, `nodes` that it
    alone holds and what they would save (USD an hour), as far as the disruption engine has looked; `created` epoch
    seconds.

    `healthy` of its `pods` are, `needed` have to be; None while its controller has not said.
    """

    key: str
    rule: str
    short_rule: str
    healthy: int | None
    needed: int | None
    pods: int | None
    allows: int
    nodes: tuple[str, ...]
    saves: float
    created: float


class Made(Sequence[T], Generic[T]):
    """Rows in the order of their keys, each made when somebody looks at it: of thousands a screen shows forty."""

    def __init__(self, keys: Sequence[str], make: Callable[[str], T]) -> None:
        self._keys, self._make = keys, make

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index: Any) -> Any:
        found = self._keys[index]
        return [self._make(key) for key in found] if isinstance(index, slice) else self._make(str(found))


def all_claims(world: World, pending: Sequence[Waiting], now: float) -> Sequence[ClaimRow]:
    """Every NodeClaim, the newest first."""
    meant = {entry.claim: len(entry.pods) for entry in pending if entry.claim}
    held = world.of("nodeclaims")
    keys = sorted(held, key=lambda key: (-held[key].metadata.created, key))
    return Made(keys, lambda key: claim_row(world, held[key], now, meant))


def class_rows(world: World, pools: Sequence[PoolRow]) -> list[ClassRow]:
    """Every NodeClass by name; `pools` are the NodePools with their nodes."""
    nodes = {row.key: row.nodes for row in pools}
    users: dict[str, list[str]] = {}
    for pool in world.of("nodepools").values():
        users.setdefault(pool.template.node_class.key, []).append(pool.key)
    return [
        _class_row(found, tuple(sorted(users.get(key, ()))), nodes)
        for key, found in sorted(world.of("nodeclasses").items())
    ]


def _class_row(found: NodeClass, pools: tuple[str, ...], nodes: dict[str, int]) -> ClassRow:
    amis, subnets, groups = (_entries(found, name) for name in _FOUND)
    ready = condition(found.conditions, "Ready")
    return ClassRow(
        key=found.key,
        name=found.name,
        kind=found.kind,
        ready=None if ready is None else ready.status == "True",
        wrong=not_ready(found),
        amis=_count(amis),
        image=_image(found),
        subnets=_count(subnets),
        zones=tuple(sorted({short_zone(str(entry["zone"])) for entry in subnets or () if entry.get("zone")})),
        groups=_count(groups),
        pools=pools,
        nodes=sum(nodes.get(pool, 0) for pool in pools),
        created=found.metadata.created,
    )


def not_ready(found: NodeClass) -> str:
    """What keeps a NodeClass from being Ready: the condition behind it; "" if it is Ready or nothing is known."""
    ready = condition(found.conditions, "Ready")
    if ready is None or ready.status == "True":
        return ""
    for entry in found.conditions:
        if entry.type != "Ready" and entry.status == "False":
            return f"{entry.type}: {entry.message or entry.reason or 'False'}"
    return ready.message or ready.reason or f"Ready is {ready.status}"


def _entries(found: NodeClass, name: str) -> list[dict[str, Any]] | None:
    """A list of the status; None where this kind of NodeClass has none. EC2's own says nothing before it has looked."""
    listed = found.status.get(name)
    if isinstance(listed, list):
        return [entry for entry in listed if isinstance(entry, dict)]
    return [] if found.kind == "EC2NodeClass" else None


def _count(entries: list[dict[str, Any]] | None) -> int | None:
    return None if entries is None else len(entries)


def _image(found: NodeClass) -> str:
    """`al2023@latest`, or the family where AMIs are chosen by id or tag."""
    terms = found.spec.get("amiSelectorTerms")
    for term in terms if isinstance(terms, list) else ():
        if isinstance(term, dict) and term.get("alias"):
            return str(term["alias"])
    return str(found.spec.get("amiFamily") or "")


def pdb_rows(world: World, survey: Survey | None) -> list[PdbRow]:
    """PodDisruptionBudgets, those first that hold the most, then by name."""
    held = holdings(survey)
    rows = [_pdb_row(found, held.get(key, [])) for key, found in world.of("poddisruptionbudgets").items()]
    return sorted(rows, key=lambda row: (-row.saves, -len(row.nodes), row.allows > 0, row.key))


def _pdb_row(found: PodDisruptionBudget, held: list[Held]) -> PdbRow:
    nodes, saves = tuple(entry.node for entry in held), sum(entry.saves for entry in held)
    return PdbRow(
        key=found.key,
        rule=pdb_rule(found),
        short_rule=pdb_rule(found, "min", "max"),
        healthy=found.current_healthy,
        needed=found.desired_healthy,
        pods=found.expected_pods,
        allows=found.disruptions_allowed,
        nodes=nodes,
        saves=saves,
        created=found.metadata.created,
    )


def holdings(survey: Survey | None) -> dict[str, list[Held]]:
    """What each PodDisruptionBudget holds, by its key."""
    found: dict[str, list[Held]] = {}
    for outcome in survey.nodes.values() if survey is not None else ():
        if isinstance(outcome, Held) and outcome.code in (Hold.PDB, Hold.SEVERAL_PDBS):
            for key in outcome.objects:
                found.setdefault(key, []).append(outcome)
    return found


def pdb_rule(found: PodDisruptionBudget, least: str = "at least", most: str = "at most") -> str:
    """`at least 2 available`, `at most 1 unavailable`; `no rule` where it states none."""
    if found.min_available is not None:
        return f"{least} {found.min_available} available"
    return f"{most} {found.max_unavailable} unavailable" if found.max_unavailable is not None else "no rule"
