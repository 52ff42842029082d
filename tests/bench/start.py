"""How long each command takes from the start of the process to its end, and how much memory it needs."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RECORDING = Path(__file__).parents[2] / "recordings" / "karpenter-kwok.jsonl.zst"
ROUNDS = 5
MANIFESTS = """
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: default}
spec:
  template:
    spec:
      nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}
      requirements: [{key: kubernetes.io/arch, operator: In, values: [amd64]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: inflate}
spec:
  replicas: 5
  selector: {matchLabels: {app: inflate}}
  template:
    metadata: {labels: {app: inflate}}
    spec: {containers: [{name: main, image: pause, resources: {requests: {cpu: "1"}}}]}
"""


def main() -> None:
    """Prints a line for each: minimum and median of whole processes, peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        manifests = Path(folder) / "manifests.yaml"
        manifests.write_text(MANIFESTS)
        commands: dict[str, list[str]] = {
            "bare interpreter": ["-c", "pass"],
            "version": ["-m", "karptui", "version"],
            "--help": ["-m", "karptui", "--help"],
            "a wrong option": ["-m", "karptui", "--bogus"],
            "plan": ["-m", "karptui", "plan", "-f", str(manifests)],
            "plan --reasons": ["-m", "karptui", "plan", "-f", str(manifests), "--reasons"],
            "replay (no pauses)": ["-m", "karptui", "replay", str(RECORDING), "--speed", "1000000", "-o", "text"],
            "status (no such kubeconfig)": ["-m", "karptui", "status", "--kubeconfig", str(Path(folder) / "none")],
        }
        for name, arguments in commands.items():
            times, memory = [], 0
            for _ in range(ROUNDS):
                seconds, peak = _run([sys.executable, *arguments])
                times.append(seconds * 1e3)
                memory = max(memory, peak)
            print(f"{name:<28} min {min(times):5.0f} ms  median {statistics.median(times):5.0f} ms  {memory:4} MiB")


def _run(command: list[str]) -> tuple[float, int]:
    """(seconds, MiB at its peak) of a whole process."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ}
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return time.perf_counter() - begun, usage.ru_maxrss // 1024


if __name__ == "__main__":
    main()
