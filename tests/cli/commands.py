"""The program as a user runs it: a process of its own, its output and its exit code."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "recordings" / "karpenter-kwok.jsonl.zst"


def environment(home: Path) -> dict[str, str]:
    """Nothing of the machine's own configuration."""
    kept = {name: value for name, value in os.environ.items() if name not in ("KUBECONFIG", "KARPTUI_CONFIG_DIR")}
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
