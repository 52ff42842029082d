"""What differs between Karpenter's releases: the version in a cluster picks the profile (spec/lifecycle.md 0.1)."""

from functools import lru_cache

from msgspec import Struct

_LATEST = (1, 14)


class Profile(Struct, frozen=True, gc=False):
    """Before 1.14 all of these are False.

    `ranks_by_savings`: price per disruption ranks candidates, not disruption alone. `empty_by_cost`: a node is empty
    when no pod of it costs anything to move, and emptiness alone takes it; before, when it has no pods to move, and
    consolidation takes it as well. `exact_price`: a node's price is that of its zone and capacity type; before, the
    cheapest that suits its labels, and nothing is known of a set with a node of which none does. `shields_targets`:
    pods are not moved to nodes within consolidateAfter.
    """

    ranks_by_savings: bool = True
    empty_by_cost: bool = True
    exact_price: bool = True
    shields_targets: bool = True


@lru_cache(maxsize=16)
def profile_of(karpenter_version: str) -> Profile:
    """The profile of a version such as `1.13.2`; of the latest where it cannot be read."""
    since_1_14 = _release(karpenter_version) >= (1, 14)
    return Profile(since_1_14, since_1_14, since_1_14, since_1_14)


def _release(text: str) -> tuple[int, int]:
    major, _, rest = text.lstrip("v").partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else _LATEST
