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


LARGE_BLOCK = 256 << 10
"""Bytes. A copy of the index of 20,000 pods, or a pickler's memo, is larger; what lives long is smaller."""
_M_MMAP_THRESHOLD = -3


@cache
def _glibc(name: str, *takes: str) -> Callable[..., int] | None:
    """A function of its allocator by name and types of ctypes; other C libraries have none."""
    import ctypes

    try:
        found = getattr(ctypes.CDLL(None), name, None)
    except (OSError, TypeError):
        return None
    if found is not None:
        found.argtypes, found.restype = [getattr(ctypes, kind) for kind in takes], ctypes.c_int
    return found


def keep_large_blocks_apart() -> None:
    """Large blocks go back to the system as they are freed, instead of leaving holes between what lives.

    glibc does so too until the first large one is freed; then it thinks that more of them will be needed.
    """
    choose = _glibc("mallopt", "c_int", "c_int")
    if choose is not None:
        choose(_M_MMAP_THRESHOLD, LARGE_BLOCK)


def give_back() -> None:
    """Give the system the room that lies free between what lives; glibc would keep it. Takes about a millisecond."""
    trim = _glibc("malloc_trim", "c_size_t")
    if trim is not None:
        trim(0)
