"""What a command line that is wrong gets, and that a right one costs little."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from karptui import __version__
from karptui.cli.app import COMMANDS
from tests.cli.commands import RECORDING, ROOT, environment, karptui

HEAVY = ("textual", "kubernetes_asyncio", "aioboto3", "pydantic", "aiohttp", "yaml", "moto")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bogus"], "there is no command bogus; there are observe, demo"),
        (["replai"], "there is no command replai; did you mean replay?"),
        (["--bogus"], "Unknown option: --bogus"),
        (["replay"], "FILE requires an argument; see karptui replay --help"),
        (["replay", "x", "--speed"], "--speed requires an argument"),
        (["replay", "x", "--speed", "fast"], 'unable to convert "fast" into float'),
        (["replay", "x", "-o", "yaml"], 'Choose from: "text", "json"'),
        (["replay", "x", "y"], "y: more than the command takes"),
        (["plan"], "plan needs at least one file: -f FILE"),
        (["why"], "NAME requires an argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_is_one_plain_sentence_and_exit_code_2(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    done = karptui(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("karptui: ")
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["replay", "nowhere.zst"], "cannot read the recording nowhere.zst: there is no such file; karptui comes with"),
        (["replay", "no/karpenter-kwok"], "cannot read the recording no/karpenter-kwok"),
        (["plan", "--catalog", "c.json", "a.yaml"], "--catalog c.json is for a scenario, and a.yaml is none"),
        (["lab", "--port", "99999"], "a port is a number from 1 to 65535"),
        (["lab", "--speed", "0"], "the speed must be more than 0"),
        (["replay", str(ROOT / "pyproject.toml")], "it is not zstd-compressed"),
        (["replay", str(RECORDING), "--from", "soon"], "--from soon: not a time; write 90s or 1m30s"),
        (["replay", str(RECORDING), "--speed", "0"], "the speed must be more than 0"),
        (["plan", "-f", "nowhere.yaml"], "nowhere.yaml: No such file or directory; check the path."),
        (["status", "--kubeconfig", "nowhere"], "nowhere"),
        (["why", "x", "--kubeconfig", "nowhere"], "nowhere"),
        (["record", str(RECORDING)], "exists already; choose another name or remove it"),
        (["record", "no/folder/r.zst", "--kubeconfig", "nowhere"], "choose another place"),
        (["observe", "-o", "text", "--kubeconfig", "nowhere"], "nowhere"),
    ],
    ids=lambda value: " ".join(value)[-30:] if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_said_in_a_sentence_and_exit_code_1(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    done = karptui(tmp_path, *arguments)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert sentence in done.stderr
    assert done.stderr.startswith("karptui: ")
    said = done.stderr.splitlines()[-1].removeprefix("karptui: ")
    assert (done.stdout + done.stderr).count(said) == 1


def test_a_fault_in_the_config_file_names_the_file_and_the_setting(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text('colour = "red"\n')
    done = karptui(tmp_path, "replay", str(RECORDING))
    assert done.returncode == 1
    assert "config.toml: colour: there is no setting 'colour'" in done.stderr


@pytest.mark.parametrize("asked", [["version"], ["--version"], ["-V"]])
def test_the_version_is_one_line(tmp_path: Path, asked: list[str]) -> None:
    done = karptui(tmp_path, *asked)
    assert (done.returncode, done.stdout) == (0, f"karptui {__version__}\n")


@pytest.mark.parametrize(
    "code",
    [
        "import karptui.cli",
        "import karptui.cli.app",
        "import sys; sys.argv[1:] = ['version']; from karptui.cli import main; main()",
        "import karptui.cli.plan, karptui.cli.replay, karptui.cli.status, karptui.cli.why, karptui.cli.record",
    ],
    ids=["cli", "app", "version", "commands"],
)
def test_nothing_heavy_is_imported_before_it_is_needed(tmp_path: Path, code: str) -> None:
    program = f"import sys\n{code}\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_names_every_command(tmp_path: Path) -> None:
    done = karptui(tmp_path, "--help")
    assert done.returncode == 0
    for command, summary in COMMANDS.items():
        assert f" {command} " in done.stdout
        assert " ".join(summary.split()[:3]) in done.stdout


def test_a_lab_whose_port_is_taken_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = karptui(tmp_path, "lab", "--api-only", "--port", str(port))
    assert done.returncode == 1
    assert f"port {port} cannot be used: Address already in use" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_shipped_recording_is_played_by_its_name(tmp_path: Path) -> None:
    done = karptui(tmp_path, "replay", RECORDING.name.partition(".")[0], "--from", "1h", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert "synced" in done.stdout


def test_json_lines_are_json(tmp_path: Path) -> None:
    done = karptui(tmp_path, "replay", str(RECORDING), "--speed", "400", "-o", "json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all({"at", "kind", "text"} <= set(line) for line in lines)
    kinds = {line["kind"] for line in lines}
    assert {"connected", "synced", "pending", "nodeclaim", "node", "bound", "cost", "pods gone"} <= kinds
