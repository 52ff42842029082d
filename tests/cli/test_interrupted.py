"""Ctrl-c, a reader that goes away, and SIGTERM: no traceback, the right exit code, nothing left behind."""

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
