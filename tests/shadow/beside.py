"""A scripted day on a real control plane with a real Karpenter, and `karptui shadow --headless` beside it.

python -m tests.shadow.beside [--pause N] [--keep DIR] [--kill N [--away N]]     prints every verdict and the report
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from msgspec import Struct

from karptui.control.safety.permissions import cluster_role, observe_rules
from karptui.report.shadow_report import decision_line, report_markdown
from karptui.shadow.judged import Judged
from karptui.shadow.memory import read_journal, read_memory
from karptui.shadow.score import score_of
from tests.cli.commands import environment
from tests.control_plane.client import Client
from tests.control_plane.plane import ControlPlane
from tests.control_plane.polling import until
from tests.control_plane.processes import Process
from tests.shadow.perturbed import told
from tests.shadow.scripted import POOLS, Day
from tests.shadow.workloads import pool

WATCHER = "shadow"
COMPONENTS = {"scheduler", "controller-manager", "kwok", "karpenter"}
CLAIMS = "/apis/karpenter.sh/v1/nodeclaims"
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "rules": [{"level": "Metadata", "users": [WATCHER], "omitStages": ["RequestReceived"]}, {"level": "None"}],
}

ALL_BUT_ADMINISTRATORS = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "rules": [
        {"level": "None", "userGroups": ["system:masters"]},
        {"level": "Metadata", "omitStages": ["RequestReceived"]},
    ],
}


def audited(folder: Path, everybody: bool = False) -> tuple[str, ...]:
    """Flags with which the API server writes down every request of the watcher, or of everybody but administrators."""
    policy = folder / "policy.json"
    policy.write_text(json.dumps(ALL_BUT_ADMINISTRATORS if everybody else AUDIT_POLICY))
    return (f"--audit-policy-file={policy}", f"--audit-log-path={folder / 'audit.log'}")


def audited_verbs(folder: Path) -> set[str]:
    """The verbs that the watcher sent."""
    log = folder / "audit.log"
    return {json.loads(line)["verb"] for line in log.read_text().splitlines() if line.strip()}


class Watched(Struct):
    """What a day left: every verdict of the journal, and the most memory that karptui had at once, in bytes.

    `killed` and `back`: when it was killed, and when it had listed the cluster again; 0.0 where it ran to the end.
    """

    judged: list[Judged]
    peak: int = 0
    killed: float = 0.0
    back: float = 0.0


class Watcher:
    """`karptui shadow --headless` as a process of its own, in `folder`; each start goes on from one journal."""

    def __init__(self, folder: Path, plane: ControlPlane) -> None:
        self._folder, self._starts = folder, 0
        self._metrics = f"http://127.0.0.1:{plane.metrics_port}/metrics"
        self._kubeconfig = plane.kubeconfig(WATCHER)
        self._program: Process | None = None
        self.journal = folder / "journal.jsonl"
        self.peak = 0
        self.killed = self.back = 0.0

    async def start(self) -> None:
        """Start it; returns once it has listed the cluster, which its journal says."""
        self._starts += 1
        began = time.time()
        flags = {"--kubeconfig": self._kubeconfig, "--journal": self.journal, "--metrics-url": self._metrics}
        flags["--record"] = self._folder / ("day.zst" if self._starts == 1 else f"day-{self._starts}.zst")
        words = [str(word) for flag in flags.items() for word in flag]
        command = [sys.executable, "-m", "karptui", "shadow", "--headless", *words]
        self._program = program = Process("shadow", command, self._folder, environment(self._folder))

        def watches() -> bool:
            assert program.running, program.tail()
            return read_memory(self.journal).until > began

        await until(watches, "the first lists of karptui shadow", limit=120.0)

    async def end(self) -> None:
        """Ask it to end, and wait until it has judged what is open."""
        program, self._program = self._program, None
        if program is not None:
            self.peak = max(self.peak, _peak(program.pid))
            program.terminate()
            await until(lambda: not program.running, "the end of karptui shadow", limit=120.0)
            program.kill()

    async def broken(self, after: float, away: float) -> None:
        """Kill it after so many seconds, and start it again when it was away for so many."""
        await asyncio.sleep(after)
        program, self._program = self._program, None
        assert program is not None, "it runs until the end of the day"
        self.peak = max(self.peak, _peak(program.pid))
        self.killed = time.time()
        program.kill()
        await asyncio.sleep(away)
        await self.start()
        self.back = time.time()


def _peak(process: int) -> int:
    """The most memory that a process had resident at once, in bytes; 0 where the system does not say."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


async def beside(folder: Path, pause: float = 20.0, *, kill: float | None = None, away: float = 20.0) -> Watched:
    """Run the day. `folder` gets the audit log, the journal, a recording, what karptui said and Karpenter's own log.

    With `kill`, karptui is killed after so many seconds of the day and started again after `away` more.
    """
    plane = ControlPlane(COMPONENTS, users=("admin", WATCHER), apiserver_flags=audited(folder))
    async with plane, plane.client() as api:
        await plane.grant(WATCHER, cluster_role(WATCHER, observe_rules())["rules"])
        kind = {"apiVersion": "karpenter.kwok.sh/v1alpha1", "kind": "KWOKNodeClass"}
        await api.create("/apis/karpenter.kwok.sh/v1alpha1/kwoknodeclasses", {**kind, "metadata": {"name": "default"}})
        await api.create(POOLS, pool("general", ["spot", "on-demand"]))
        watcher = Watcher(folder, plane)
        await watcher.start()
        breaking = asyncio.create_task(watcher.broken(kill, away)) if kill is not None else None
        try:
            await Day(api, await api.make_namespace(), pause).played()
            await until(lambda: _is_empty(api), "every node gone", limit=240.0)
            if breaking is not None:
                await breaking
            await asyncio.sleep(8.0)
        finally:
            if breaking is not None:
                breaking.cancel()
            await watcher.end()
            (folder / "karpenter.log").write_text(plane.log("karpenter"))
    return Watched(read_journal(watcher.journal)[0], watcher.peak, watcher.killed, watcher.back)


async def _is_empty(api: Client) -> bool:
    return not (await api.get(CLAIMS))["items"]


def main() -> None:
    """Print every verdict and the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.shadow.beside", description=__doc__)
    parser.add_argument("--pause", type=float, default=20.0, help="seconds between two steps of the day")
    parser.add_argument("--keep", type=Path, help="folder that keeps the recording (day.zst), journal and logs")
    parser.add_argument("--kill", type=float, help="seconds after which karptui is killed")
    parser.add_argument("--away", type=float, default=20.0, help="seconds after which it is started again then")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder: Path = (asked.keep or Path(passing)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        watched = asyncio.run(beside(folder, asked.pause, kill=asked.kill, away=asked.away))
        verbs = audited_verbs(folder)
    for entry in watched.judged:
        print(decision_line(entry))
    print()
    print(report_markdown(watched.judged, "a scripted day"))
    print(told(score_of(watched.judged)))
    print(f"Verbs that were sent: {', '.join(sorted(verbs))}. Memory: {watched.peak / 1e6:.0f} MB at most.")


if __name__ == "__main__":
    main()
