"""One running program that asks Karpenter, a question at a time."""

import json
import os
import selectors
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.conformance.corpus import catalog
from tests.oracle.build import OracleError, build, cache

PATIENCE = 120.0
"""Seconds that one answer may take."""


class Oracle:
    """Karpenter, asked through pipes. Use it as a context."""

    def __init__(self, largest_ties: bool = False) -> None:
        """`largest_ties`: among equals the largest name wins, which shows whether an answer hangs on a tie."""
        self._command = [str(build()), "-catalog", str(_catalog_file())]
        self._environment = os.environ | {"KARPENTER_TIES": "largest" if largest_ties else "smallest"}
        self._program: subprocess.Popen[bytes] | None = None
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def ask(self, scenario: dict[str, Any]) -> dict[str, Any]:
        """The `expect` of a scenario. Raises OracleError where Karpenter gives none, for a panic for instance."""
        program = self._started()
        assert program.stdin is not None
        question = {name: part for name, part in scenario.items() if name != "expect"}
        try:
            program.stdin.write(json.dumps(question, separators=(",", ":")).encode() + b"\n")
            program.stdin.flush()
            line = self._line(program)
        except (BrokenPipeError, TimeoutError) as error:
            self._end()
            raise OracleError(f"Karpenter broke down over {scenario.get('name')}: {error}") from error
        if not line:
            self._end()
            raise OracleError(f"Karpenter broke down over {scenario.get('name')}: what it said is above.")
        reply = json.loads(line)
        if "problem" in reply:
            raise OracleError(reply["problem"])
        return reply["expect"]

    def _started(self) -> subprocess.Popen[bytes]:
        if self._program is None:
            self._program = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._environment, bufsize=0
            )
            self._unread = b""
        return self._program

    def _line(self, program: subprocess.Popen[bytes]) -> bytes:
        assert program.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(program.stdout, selectors.EVENT_READ)
            while b"\n" not in self._unread:
                if not selector.select(PATIENCE):
                    raise TimeoutError(f"no answer within {PATIENCE:.0f} s")
                part = os.read(program.stdout.fileno(), 1 << 20)
                if not part:
                    return b""
                self._unread += part
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _end(self) -> None:
        if self._program is not None:
            self._program.kill()
            self._program.communicate()
            self._program = None


def _catalog_file() -> Path:
    """The catalog as a file that a program can read."""
    file = cache() / "catalog.json"
    text = json.dumps(catalog())
    if not file.exists() or file.read_text() != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f"{file.name}.{os.getpid()}")
        partial.write_text(text)
        partial.replace(file)
    return file
