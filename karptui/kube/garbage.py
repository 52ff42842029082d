"""Python's cyclic garbage collector and 20,000 pods: what keeps its pauses off the screen.

Model objects hold no cycles (gc=False), but dicts and lists of them are still walked: about 0.1 s for a full collection
over a big cluster, every time it comes.
"""

import gc
from collections.abc import Callable
from functools import cache

THRESHOLDS = (5_000, 200, 100)
"""Allocations before a young collection and so on, instead of 700, 10, 10: the first is how long such a collection
takes (50,000 new objects are 10 to 50 ms), the first two together how seldom older ones are walked."""


def quiet_collection() -> None:
    """Collect seldom, and never again walk what was imported. Call once, when the process begins to read a cluster."""
    gc.set_threshold(*THRESHOLDS)
    gc.freeze()


def set_aside() -> None:
    """Take all that lives out of the collector's sight; only what came since the last call is walked.

    While a cluster is read, call it ten times a second: one walk over all of it at the end would hold up the screen.
    """
    gc.collect()
    gc.freeze()


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    """glibc's; other C libraries have none."""
    import ctypes

    try:
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    except (OSError, TypeError):
        return None
    if trim is not None:
        trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return trim


def give_back() -> None:
    """Give the system the room that lies free between what lives; glibc would keep it. Takes about a millisecond."""
    trim = _malloc_trim()
    if trim is not None:
        trim(0)
