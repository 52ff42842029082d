"""`karptui conform`: scenarios in, agreement out."""

import json
from pathlib import Path
from typing import Any

from tests.cli.commands import karptui
from tests.conformance.corpus import DISRUPTION, catalog, scenario
from tests.conformance.launch_corpus import launch_catalogue, launch_scenario


def corpus(home: Path, *questions: dict[str, Any]) -> Path:
    folder = home / "conformance" / "scheduling"
    folder.mkdir(parents=True)
    (folder.parent / "catalog.json").write_text(json.dumps(catalog()))
    for question in questions:
        (folder / f"{question['name']}.json").write_text(json.dumps(question))
    return folder.parent


def test_a_folder_of_scenarios_gives_a_table_by_family(tmp_path: Path) -> None:
    folder = corpus(tmp_path, scenario("large-000"), scenario("taints-000"), scenario("balanced-001", DISRUPTION))
    done = karptui(tmp_path, "conform", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    rows = {line.split()[0]: line.split()[1:4] for line in done.stdout.splitlines()[1:]}
    assert rows == dict.fromkeys(("large", "taints", "balanced"), ["1"] * 3) | {"all": ["3"] * 3}


def test_answers_are_written_in_the_shape_in_which_they_are_expected(tmp_path: Path) -> None:
    folder = corpus(tmp_path, scenario("large-000"))
    assert karptui(tmp_path, "conform", str(folder), "--answers", "mine/deep").returncode == 0
    answer = json.loads((tmp_path / "mine" / "deep" / "large-000.json").read_text())
    assert answer["newNodeClaims"] == scenario("large-000")["expect"]["newNodeClaims"]
    assert answer.keys() >= {"newNodeClaims", "existingNodes", "errors", "ignored"}


def test_too_few_that_agree_are_a_failure_with_the_first_difference(tmp_path: Path) -> None:
    wrong = scenario("large-000")
    wrong["expect"]["newNodeClaims"][0]["instanceTypes"].reverse()
    folder = corpus(tmp_path, wrong, scenario("taints-000"))
    done = karptui(tmp_path, "conform", str(folder))
    assert done.returncode == 1
    assert "50.0% of the compared scenarios agree, less than 99.0%" in done.stderr
    assert "large-000: differs in their order" in done.stdout
    assert karptui(tmp_path, "conform", str(folder), "--min", "0.5").returncode == 0


def test_json_is_one_object_a_scenario(tmp_path: Path) -> None:
    wrong, open_question = scenario("large-000"), scenario("taints-000")
    wrong["expect"]["newNodeClaims"].pop()
    del open_question["expect"]
    folder = corpus(tmp_path, wrong, open_question)
    done = karptui(tmp_path, "conform", str(folder), "-o", "json", "--min", "0")
    assert done.returncode == 0
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["name"], first["family"], first["level"], first["agrees"]) == ("large-000", "large", 0, False)
    assert first["difference"]["level"] == first["levels"][0] == "placement"
    assert first["seconds"] > 0
    assert (second["level"], second["agrees"], second["difference"]) == (None, None, None)


def test_a_scenario_that_cannot_be_read_counts_and_hides_no_other(tmp_path: Path) -> None:
    broken = scenario("large-000") | {"name": "broken-000", "objects": [{"kind": "Pod", "apiVersion": "v1", "spec": 5}]}
    folder = corpus(tmp_path, broken, scenario("taints-000"))
    (folder / "scheduling" / "torn-000.json").write_text("{")
    done = karptui(tmp_path, "conform", str(folder))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    assert "broken-000: the scenario broken-000" in done.stdout
    assert "torn-000: it cannot be read" in done.stdout
    assert done.stdout.splitlines()[-1].split()[:4] == ["all", "3", "3", "1"]


def test_a_path_without_scenarios_is_said_in_a_sentence(tmp_path: Path) -> None:
    assert "there is no file or folder" in karptui(tmp_path, "conform", "nowhere").stderr
    (tmp_path / "empty").mkdir()
    assert "there is no scenario in empty" in karptui(tmp_path, "conform", "empty").stderr
    assert karptui(tmp_path, "conform").returncode == 2


def test_a_launch_is_answered_with_the_calls_that_ec2_would_get(tmp_path: Path) -> None:
    folder = tmp_path / "conformance" / "ec2-launch"
    folder.mkdir(parents=True)
    (folder / "launch.json").write_text(json.dumps(launch_scenario("basic-al2023-001")))
    (folder.parent / "ec2-catalog.json").write_text(json.dumps(launch_catalogue()))
    done = karptui(tmp_path, "conform", str(folder), "--answers", "mine", "-o", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["kind"], told["agrees"], told["level"]) == ("launch", True, len(told["levels"]))
    answer = json.loads((tmp_path / "mine" / "launch.json").read_text())
    assert answer["launches"][0]["createFleet"]
