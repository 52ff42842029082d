"""`karptui budgets`: which disruptions a pool's budgets let through, now and later."""

import json
from pathlib import Path

import yaml

from tests.cli.commands import karptui
from tests.cli.test_disrupt import node
from tests.cli.test_plan import POOL
from tests.conformance.corpus import DISRUPTION, scenario


def test_a_scenario_gets_karpenters_numbers(tmp_path: Path) -> None:
    question = scenario("schedules-many-001", DISRUPTION)
    file = tmp_path / "question.json"
    file.write_text(json.dumps({**question, "instanceTypes": []}))
    done = karptui(tmp_path, "budgets", str(file), "-o", "json", "--next", "2d")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    for pool in told["pools"]:
        wanted = question["expect"]["budgets"][pool["pool"]]
        for reason in pool["reasons"]:
            unlimited = 2**31 - 1 - pool["busy"]
            now = unlimited if reason["allowed"] is None else reason["allowed"]
            assert now == wanted[reason["reason"]], (pool["pool"], reason)
            assert reason["calendar"][0] == {"at": told["now"], "allowed": reason["allowed"], "binds": reason["binds"]}
            for entry in reason["calendar"][1:]:
                assert told["now"] < entry["at"] <= told["until"]


def test_manifests_are_told_which_budget_binds_and_when_it_changes(tmp_path: Path) -> None:
    budgets = [{"nodes": "1", "reasons": ["Drifted"]}, {"nodes": "0", "schedule": "@yearly", "duration": "24h"}]
    pool = {**POOL, "spec": {**POOL["spec"], "disruption": {"consolidateAfter": "0s", "budgets": budgets}}}
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump_all([pool, *node("a"), *node("b")]))
    done = karptui(tmp_path, "budgets", "-f", str(file), "--next", "366d")
    assert done.returncode == 0, done.stderr
    assert "default: 2 nodes" in done.stdout
    assert "Drifted" in done.stdout
    assert "0 (@yearly for 1d0h, UTC)" in done.stdout


def test_a_time_to_look_ahead_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    done = karptui(tmp_path, "budgets", "--next", "soon")
    assert done.returncode == 1
    assert done.stderr == "karptui: --next soon is no time to look ahead: say 90m, 24h or 7d\n"
