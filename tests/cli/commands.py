"""The program as a user runs it: a process of its own, its output and its exit code."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "recordings" / "karpenter-kwok.jsonl.zst"


def environment(home: Path) -> dict[str, str]:
    """Nothing of the machine's own configuration, nor of the terminal the tests were started from."""
    foreign = ("KUBECONFIG", "KARPTUI_CONFIG_DIR", "XDG_STATE_HOME", "COLUMNS", "LINES", "NO_COLOR", "COLORTERM")
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, "HOME": str(home), "KARPTUI_CONFIG_DIR": str(home / "config"), "PYTHONPATH": str(ROOT)}


def karptui(home: Path, *arguments: str, input: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "karptui", *arguments],
        env=environment(home),
        cwd=home,
        input=input,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def started(home: Path, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    """The program while it runs; it is killed if the block leaves it running."""
    with subprocess.Popen(
        [sys.executable, "-m", "karptui", *arguments],
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            yield program
        finally:
            if program.poll() is None:
                program.kill()


async def next_line(program: "subprocess.Popen[str]") -> str:
    """The next line of its output, within a minute."""
    assert program.stdout is not None
    return await asyncio.wait_for(asyncio.to_thread(program.stdout.readline), 60)
