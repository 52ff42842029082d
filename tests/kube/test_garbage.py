"""What keeps the memory of a process that runs for days small."""

import subprocess
import sys
import sysconfig

import pytest

FRAGMENTED = """
from karptui.kube.garbage import give_back

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20

kept = [bytes(4_000) for _ in range(50_000)]
kept = kept[::50]  # what lives lies between what does not
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif("gnu" not in (sysconfig.get_config_var("HOST_GNU_TYPE") or ""), reason="only glibc is asked to")
def test_what_is_free_between_what_lives_goes_back_to_the_system() -> None:
    told = subprocess.run([sys.executable, "-c", FRAGMENTED], capture_output=True, text=True, check=True)
    assert float(told.stdout) > 50.0
