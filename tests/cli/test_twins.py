"""The views of the screens as commands, over a recording."""

import json
from pathlib import Path

import pytest

from karptui.cli.looking import moment_in
from karptui.failure import Failure
from tests.cli.commands import RECORDING, karptui, started

STARTED = 1795264142.172  # 12:29:02 UTC


def test_a_moment_of_a_recording_is_asked_for_by_the_clock_or_from_its_start() -> None:
    assert moment_in("90s", STARTED) == STARTED + 90
    assert moment_in("12:29:30", STARTED) == moment_in("12:29:30Z", STARTED) == 1795264170
    assert moment_in("00:10", STARTED) > STARTED
    with pytest.raises(Failure, match="no such time of day"):
        moment_in("25:10", STARTED)


def test_a_view_of_a_recording_is_that_of_the_moment_asked_for(tmp_path: Path) -> None:
    done = karptui(tmp_path, "status", "--recording", str(RECORDING), "--at", "12:29:07")
    assert done.returncode == 0, done.stderr
    assert "5 pods wait for default-cjbhf" in done.stdout
    assert done.stderr == ""
    done = karptui(tmp_path, "nodes", "--recording", "karpenter-kwok", "--at", "5s", "-o", "json")
    assert [node["instanceType"] for node in json.loads(done.stdout)["nodes"]] == ["c-8x-amd64-linux"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["status", "--at", "3s"], "--at is a moment of a recording: name one with --recording FILE"),
        (["status", "--recording", "karpenter-kwok", "--at", "9h"], "goes from 12:29:0"),
        (["pods", "--recording", "karpenter-kwok", "-n", "x"], "a recording is looked at as a whole"),
        (["why", "nope", "--recording", "karpenter-kwok", "--watch"], "is called nope"),
        (["cost", "--recording", "nowhere"], "there is no such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_looked_at_is_one_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    done = karptui(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_watched_recording_is_told_anew_until_it_ends(tmp_path: Path) -> None:
    with started(
        tmp_path, "status", "--recording", str(RECORDING), "--at", "12:31:45", "--watch", "-o", "csv"
    ) as program:
        out, error = program.communicate(timeout=120)
    assert program.returncode == 0, error
    heads = [line for line in out.splitlines() if line.startswith("cluster,")]
    assert len(heads) >= 1
    assert "karpenter-kwok," in out


def test_what_is_paid_in_advance_and_not_used_by_spot_nodes_stands_beside_the_list_price(tmp_path: Path) -> None:
    reserved = 'kind = "reserved-instance"\ninstance_type = "c-8x-amd64-linux"\nhourly = 0.1\n'
    settings_of(tmp_path, f"[[commitments]]\n{reserved}")
    seen = ("cost", "--recording", "karpenter-kwok", "--at", "60s")
    done = karptui(tmp_path, *seen, "-o", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["effectiveUsdPerHour"] == pytest.approx(told["usdPerHour"] + 0.1)
    assert (told["commitments"][0]["usedShare"], told["unusedCommitmentUsdPerHour"]) == (0.0, pytest.approx(0.1))
    text = karptui(tmp_path, *seen).stdout
    assert "$0.100/h above list, $0.100/h of it unused" in text and "1 × c-8x-amd64-linux" in text


def test_a_commitment_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    settings_of(tmp_path, '[[commitments]]\nkind = "promise"\n')
    done = karptui(tmp_path, "cost", "--recording", "karpenter-kwok")
    assert done.returncode == 1
    assert "commitments" in done.stderr and "promise" in done.stderr and done.stderr.count("\n") == 1


def settings_of(home: Path, text: str) -> None:
    """Write the settings file of whoever runs karptui there."""
    folder = home / "config"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(text)
