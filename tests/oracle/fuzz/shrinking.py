"""The smallest question that still gets two answers."""

import copy
from collections.abc import Callable, Iterator

from tests.oracle.fuzz.draft import Json

Differs = Callable[[Json], bool]

_OPTIONAL = {
    "Pod": (
        ("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"),
        ("spec", "affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"),
        ("spec", "affinity", "podAffinity"),
        ("spec", "affinity", "podAntiAffinity"),
        ("spec", "affinity"),
        ("spec", "topologySpreadConstraints"),
        ("spec", "tolerations"),
        ("spec", "nodeSelector"),
        ("spec", "volumes"),
        ("spec", "initContainers"),
        ("spec", "overhead"),
        ("spec", "resources"),
        ("metadata", "ownerReferences"),
        ("metadata", "annotations"),
    ),
    "NodePool": (
        ("spec", "limits"),
        ("spec", "weight"),
        ("spec", "template", "spec", "taints"),
        ("spec", "template", "spec", "startupTaints"),
        ("spec", "template", "metadata"),
    ),
    "Node": (("spec", "taints"),),
    "DaemonSet": (
        ("spec", "template", "spec", "affinity"),
        ("spec", "template", "spec", "nodeSelector"),
        ("spec", "template", "spec", "tolerations"),
    ),
}
_LISTS = {
    "Pod": (("spec", "topologySpreadConstraints"), ("spec", "tolerations")),
    "NodePool": (("spec", "template", "spec", "requirements"), ("spec", "template", "spec", "taints")),
    "Node": (("spec", "taints"),),
}


def shrunk(scenario: Json, differs: Differs, attempts: int = 250) -> Json:
    """A part of the scenario that still differs; at most so many questions are asked for it."""
    left = [attempts]

    def still(candidate: Json) -> bool:
        if left[0] <= 0:
            return False
        left[0] -= 1
        return differs(candidate)

    scenario = _with_fewer(scenario, ("objects",), still)
    stated = scenario["instanceTypes"]
    if isinstance(stated, dict) and isinstance(stated.get("catalog"), list):
        scenario = _with_fewer(scenario, ("instanceTypes", "catalog"), still)
    if isinstance(stated, dict) and stated.get("overrides"):
        scenario = _with_fewer(scenario, ("instanceTypes", "overrides"), still)
    for candidate in _simpler(scenario):
        smaller = candidate(scenario)
        if smaller is not None and still(smaller):
            scenario = smaller
    return _with_fewer(scenario, ("objects",), still)


def _at(scenario: Json, path: tuple[str, ...]) -> list[object]:
    found: object = scenario
    for name in path:
        assert isinstance(found, dict)
        found = found[name]
    assert isinstance(found, list)
    return found


def _with_fewer(scenario: Json, path: tuple[str, ...], still: Differs) -> Json:
    """Leaves out runs of a list's entries, ever shorter ones."""
    size = max(1, len(_at(scenario, path)) // 2)
    while True:
        start = 0
        while start < len(_at(scenario, path)):
            candidate = copy.deepcopy(scenario)
            del _at(candidate, path)[start : start + size]
            if still(candidate):
                scenario = candidate
            else:
                start += size
        if size == 1:
            return scenario
        size //= 2


def _simpler(scenario: Json) -> Iterator[Callable[[Json], Json | None]]:
    for position, entry in enumerate(scenario["objects"]):
        for path in _OPTIONAL.get(entry["kind"], ()):
            yield lambda current, position=position, path=path: _without(current, position, path)
        for path in _LISTS.get(entry["kind"], ()):
            for index in range(3, -1, -1):
                yield lambda current, position=position, path=path, index=index: _without(
                    current, position, path, index
                )


def _without(scenario: Json, position: int, path: tuple[str, ...], index: int | None = None) -> Json | None:
    candidate = copy.deepcopy(scenario)
    found = candidate["objects"][position]
    for name in path[:-1]:
        found = found.get(name)
        if not isinstance(found, dict):
            return None
    if index is None:
        return candidate if found.pop(path[-1], None) is not None else None
    listed = found.get(path[-1]) or []
    if index >= len(listed) or len(listed) < 2:
        return None
    del listed[index]
    return candidate
