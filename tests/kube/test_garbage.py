"""What keeps the memory of a process that runs for days small."""

import subprocess
import sys
import sysconfig

import pytest

RESIDENT = """
from karptui.kube.garbage import give_back, keep_large_blocks_apart

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20
"""

FRAGMENTED = """
kept = [bytes(4_000) for _ in range(50_000)]
kept = kept[::50]  # what lives lies between what does not
before = resident()
give_back()
print(before - resident())
"""

COPIED = """
keep_large_blocks_apart()
bytearray(8 << 20)  # the first large one that goes: from here on glibc would keep them
small, large = [], []
for _ in range(50):
    large.append(bytearray(1 << 20))
    large[-1][::4096] = bytes(256)  # so that its pages are there
    small.append(bytearray(4_000))
before = resident()
large.clear()
print(before - resident())
"""

only_glibc = pytest.mark.skipif(
    "gnu" not in (sysconfig.get_config_var("HOST_GNU_TYPE") or ""), reason="only glibc is asked to"
)


def freed(script: str) -> float:
    """MiB that went back to the system, as the script prints it."""
    told = subprocess.run([sys.executable, "-c", RESIDENT + script], capture_output=True, text=True, check=True)
    return float(told.stdout)


@only_glibc
def test_what_is_free_between_what_lives_goes_back_to_the_system() -> None:
    assert freed(FRAGMENTED) > 50.0


@only_glibc
def test_large_blocks_leave_no_holes_between_what_lives() -> None:
    assert freed(COPIED) > 40.0
