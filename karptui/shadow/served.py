"""Which pods a NodeClaim was made for, and which came to its node only later: by other rounds, or by kube-scheduler."""

from collections.abc import Sequence

from msgspec import Struct

from karptui.model.decision import PlannedClaim
from karptui.model.quantity import NANO
from karptui.shadow.actual import Made


class Served(Struct, frozen=True, gc=False):
    """The pods of one NodeClaim, each group sorted. `count` is how many it was made for: events and bindings may name
    fewer of them (`pods`)."""

    count: int
    pods: tuple[str, ...]
    later: tuple[str, ...]


def served(made: Made, predicted: PlannedClaim | None = None) -> Served:
    """What a NodeClaim was made for, by its own requests; those of its DaemonSet pods are known by the prediction."""
    known = [*made.named, *(pod for pod in made.bound if pod not in made.named)]
    if predicted is None:
        return Served(len(known), tuple(sorted(known)), tuple(sorted(made.later)))
    planned = set(predicted.pods)
    daemons = predicted.requests.get("pods", 0) - len(planned) * NANO
    count = max((made.claim.requests.get("pods", 0) - daemons) // NANO, len(made.named))
    known.sort(key=lambda pod: (pod not in made.named, pod not in planned))
    return Served(count, tuple(sorted(known[:count])), tuple(sorted({*known[count:], *made.later})))


def alike(claims: Sequence[PlannedClaim], made: Sequence[Made]) -> list[tuple[Made, PlannedClaim | None]]:
    """Replacements that were made, each with the foreseen one that asks for the same, or for the same types."""
    left = list(claims)
    found: list[tuple[Made, PlannedClaim | None]] = []
    for entry in made:
        options = [claim for claim in left if claim.node_pool == entry.claim.node_pool]
        nearest = max(
            options,
            key=lambda claim: (claim.requests == entry.claim.requests, set(claim.instance_types) == set(entry.types)),
            default=None,
        )
        if nearest is not None:
            left.remove(nearest)
        found.append((entry, nearest))
    return found
