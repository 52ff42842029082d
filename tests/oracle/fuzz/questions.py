"""Questions by seed: a scenario of the corpus, crossed with another at times, and mutated a few times."""

import copy
import random
from collections.abc import Sequence

from tests.conformance.corpus import DISRUPTION, SCHEDULING, names, scenario
from tests.oracle.fuzz import disruptions, nodes, overlays, pods, pools, residents, topology, types
from tests.oracle.fuzz.draft import Draft, Json, Mutation

MUTATIONS: dict[str, tuple[Mutation, ...]] = {
    "pods": pods.MUTATIONS,
    "topology": topology.MUTATIONS,
    "pools": pools.MUTATIONS,
    "nodes": nodes.MUTATIONS,
    "residents": residents.MUTATIONS,
    "types": types.MUTATIONS,
    "overlays": overlays.MUTATIONS,
}
"""By what they change. A question draws from all of them or, half the time, mostly from one."""

MOST_PODS = 60
"""Scenarios with more pods take long to ask about and do not show more."""


def bases(families: Sequence[str] = (), kind: str = SCHEDULING) -> list[str]:
    """Names of scenarios that questions may be made of."""
    return [
        name
        for name in names(kind)
        if (not families or name.rpartition("-")[0] in families)
        and scenario(name, kind)["instanceTypes"].get("catalog") != "*"  # ties at the cut of a long list are chance
        and sum(entry["kind"] == "Pod" for entry in scenario(name, kind)["objects"]) <= MOST_PODS
    ]


def cross(draft: Draft, other: Json) -> str:
    """Objects of another scenario that go together: its pods, pools, nodes or daemons, with what they refer to."""
    kinds = draft.pick(
        (
            ("Pod", "ReplicaSet", "PersistentVolumeClaim", "PersistentVolume", "StorageClass", "Namespace"),
            ("NodePool",),
            ("Node", "NodeClaim", "CSINode"),
            ("DaemonSet",),
        )
    )
    known = {_identity(entry) for entry in draft.objects}
    taken = 0
    for entry in other["objects"]:
        if entry["kind"] in kinds and _identity(entry) not in known:
            if entry["kind"] == "Pod" and entry["spec"].get("nodeName"):
                continue
            draft.objects.append(copy.deepcopy(entry))
            taken += 1
    return f"{taken} of {'/'.join(kinds)} of {other['name']}"


def _identity(entry: Json) -> tuple[str, str, str]:
    metadata = entry["metadata"]
    return entry["kind"], metadata.get("namespace", ""), metadata["name"]


def question(seed: int, candidates: Sequence[str], kind: str = SCHEDULING) -> Draft:
    """The question of a seed."""
    chance = random.Random(seed)
    base = scenario(chance.choice(candidates), kind)
    draft = Draft(base, chance)
    if kind == DISRUPTION:
        _mutate(draft, disruptions.MUTATIONS, disruptions.MUTATIONS, chance.choice((1, 2, 3, 4, 5)))
        if draft.often(0.3):
            _mutate(draft, types.MUTATIONS, types.MUTATIONS, chance.choice((1, 2)))
        if draft.often(0.2):
            _mutate(draft, overlays.MUTATIONS, overlays.MUTATIONS, chance.choice((1, 2, 4)))
    else:
        if draft.often(0.25):
            draft.steps.append(cross(draft, scenario(chance.choice(candidates))))
        everything = [mutation for part in MUTATIONS.values() for mutation in part]
        favoured = chance.choice(list(MUTATIONS.values())) if draft.often(0.5) else everything
        _mutate(draft, favoured, everything, chance.choice((1, 2, 3, 4, 6, 8, 12, 16)))
    draft.scenario["name"] = f"{base['name'].rpartition('-')[0]}-{seed}"
    draft.scenario["about"] = base["name"]
    draft.scenario["ties"] = "smallest"
    return draft


def _mutate(draft: Draft, favoured: Sequence[Mutation], everything: Sequence[Mutation], times: int) -> None:
    for _ in range(times):
        mutation = draft.chance.choice(favoured if draft.often(0.7) else everything)
        done = mutation(draft)
        if done is not None:
            draft.steps.append(f"{mutation.__name__}: {done}")
