"""In which order candidates are looked at (spec/lifecycle.md 3.4, 4.3, 4.7).

Karpenter leaves ties to chance; here those come first that a Snapshot favours, then the order is that of names.
"""

from collections.abc import Iterable, Mapping

from karptui.engine.disruption.candidates import Candidate
from karptui.engine.disruption.profile import Profile
from karptui.model.metadata import condition

Favour = Mapping[str, int]
"""Names that win ties, by their place; empty: none."""


def favour_of(names: Iterable[str]) -> Favour:
    """The names in their order."""
    return {name: place for place, name in enumerate(names)}


def ranked(candidates: Iterable[Candidate], profile: Profile, favour: Favour) -> list[Candidate]:
    """Most price per disruption first; before Karpenter 1.14 the least disruption first."""
    last = len(favour)

    def place(candidate: Candidate) -> tuple[float, int, str]:
        by_savings = profile.ranks_by_savings
        worth = -candidate.price / candidate.cost if by_savings else candidate.disruption_cost
        return worth, favour.get(candidate.name, last), candidate.name

    return sorted(candidates, key=place)


def pools_in_turn(candidates: Iterable[Candidate], favour: Favour) -> list[Candidate]:
    """The first of every pool, then the second of every pool, and so on; pools of favoured nodes come first."""
    by_pool: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_pool.setdefault(candidate.pool.key, []).append(candidate)
    queues = list(by_pool.values())
    if favour:
        last = len(favour)
        queues.sort(key=lambda queue: min(favour.get(candidate.name, last) for candidate in queue))
    longest = max(map(len, queues), default=0)
    return [queue[turn] for turn in range(longest) for queue in queues if turn < len(queue)]


def longest_drifted(candidates: Iterable[Candidate], favour: Favour) -> list[Candidate]:
    """Nodes without pods to move first, then in the order in which they were found to have drifted."""
    last = len(favour)

    def place(candidate: Candidate) -> tuple[bool, float, int, str]:
        drifted = condition(candidate.claim.conditions, "Drifted")
        since = drifted.changed if drifted is not None else 0.0
        return bool(candidate.pods), since, favour.get(candidate.name, last), candidate.name

    return sorted(candidates, key=place)
