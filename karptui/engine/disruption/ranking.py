"""In which order candidates are looked at (spec/lifecycle.md 3.4, 4.3, 4.7). Ties are broken by name."""

from collections.abc import Iterable

from karptui.engine.disruption.candidates import Candidate
from karptui.engine.disruption.profile import Profile
from karptui.model.metadata import condition


def ranked(candidates: Iterable[Candidate], profile: Profile) -> list[Candidate]:
    """Most price per disruption first; before Karpenter 1.14 the least disruption first."""
    if profile.ranks_by_savings:
        return sorted(candidates, key=lambda candidate: (-candidate.price / candidate.cost, candidate.name))
    return sorted(candidates, key=lambda candidate: (candidate.disruption_cost, candidate.name))


def pools_in_turn(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The first of every pool, then the second of every pool, and so on."""
    by_pool: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_pool.setdefault(candidate.pool.key, []).append(candidate)
    longest = max(map(len, by_pool.values()), default=0)
    return [queue[turn] for turn in range(longest) for queue in by_pool.values() if turn < len(queue)]


def longest_drifted(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Nodes without pods to move first, then in the order in which they were found to have drifted."""

    def place(candidate: Candidate) -> tuple[bool, float, str]:
        drifted = condition(candidate.claim.conditions, "Drifted")
        return bool(candidate.pods), drifted.changed if drifted is not None else 0.0, candidate.name

    return sorted(candidates, key=place)
