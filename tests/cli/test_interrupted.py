"""Ctrl-c, a reader that goes away, and SIGTERM: no traceback, the right exit code, nothing left behind."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.cli.commands import RECORDING, started


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_without_a_traceback(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, "replay", str(RECORDING), "-o", "text") as program:
        assert program.stdout is not None
        assert "connected" in program.stdout.readline()
        program.send_signal(number)
        _, error = program.communicate(timeout=30)
    assert program.returncode == 130
    assert error == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
async def test_a_demo_that_ends_while_it_starts_leaves_no_process_behind(
    tmp_path: Path, number: signal.Signals
) -> None:
    with started(tmp_path, "demo", "-o", "text") as program:
        children: set[Path] = set()
        async with asyncio.timeout(60):
            while len(children) < 2:  # the cluster, and EC2 beside it
                await asyncio.sleep(0.05)
                children = processes_with(f"HOME={tmp_path}") - {Path(f"/proc/{program.pid}")}
        program.send_signal(number)
        program.wait(timeout=60)
        async with asyncio.timeout(60):
            while any(child.exists() for child in children):
                await asyncio.sleep(0.05)
    assert program.returncode == (130 if number == signal.SIGINT else -number)


def processes_with(setting: str) -> set[Path]:
    """Those whose environment holds a setting, as files of /proc."""
    found: set[Path] = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue  # ended meanwhile, or another user's
        if setting.encode() in environment.split(b"\0"):
            found.add(process)
    return found


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    with started(tmp_path, "replay", str(RECORDING), "--speed", "50", "-o", "text") as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        program.stdout.close()
        error = program.stderr.read()
        program.wait(timeout=60)
    assert program.returncode == 0
    assert error == ""
