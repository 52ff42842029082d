"""Prices: on-demand as shipped, spot either from EC2 or made up from a seed (and then labelled so)."""

from functools import lru_cache
from hashlib import blake2b

SPOT_LOWEST, SPOT_HIGHEST = 0.25, 0.70
"""The range of a made-up spot price, as a share of the on-demand price: what AWS' own price history mostly shows."""

_FAMILY_RANGE = (0.30, 0.60)
"""Where a family's usual share lies; a zone moves it by up to _ZONE_SPREAD either way."""
_ZONE_SPREAD = 0.12
_TYPE_SPREAD = 0.03


def synthetic_spot(seed: str, instance_type: str, zone: str, on_demand: float) -> float:
    """A spot price in USD an hour, the same for the same arguments.

    Types of a family are alike and zones differ, as in the real market; every price is between 25 and 70 % of the
    on-demand price.
    """
    share = _family_share(seed, instance_type.partition(".")[0], zone)
    share += _TYPE_SPREAD * (2 * chance(seed, instance_type) - 1)
    share = min(SPOT_HIGHEST, max(SPOT_LOWEST, share))
    return round(on_demand * share, 6)


@lru_cache(maxsize=8192)
def _family_share(seed: str, family: str, zone: str) -> float:
    low, high = _FAMILY_RANGE
    usual = low + (high - low) * chance(seed, family)
    return usual + _ZONE_SPREAD * (2 * chance(seed, family, zone) - 1)


@lru_cache(maxsize=8192)
def chance(seed: str, *key: str) -> float:
    """A number in [0, 1) that belongs to the key: no state, so the order of questions does not matter."""
    digest = blake2b("\0".join((seed, *key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
