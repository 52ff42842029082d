import json
import re
import subprocess
import sys
from pathlib import Path

from karptui.cloud.scenario import snapshot_of
from karptui.cloud.scenario_writer import scenario_from
from karptui.engine.disruption import disrupt
from karptui.engine.provisioning import plan
from karptui.report.bundle import BundleFolder, bundle_of, disagreements
from karptui.report.disruption_expect import disruption_expect
from karptui.report.expect import expect_of
from karptui.report.redacted import redacted
from karptui.shadow.observer import Observer
from karptui.shadow.verdict import UNEXPLAINED, Verdict

SAMPLE = 15


def test_a_snapshot_written_down_asks_the_same_question(recorded_day: Observer) -> None:
    for pair in recorded_day.pairs[::SAMPLE]:
        assert pair.snapshot is not None
        again = snapshot_of(json.loads(json.dumps(scenario_from(pair.snapshot, "scheduling", "again"))))
        assert expect_of(plan(again)) == expect_of(plan(pair.snapshot))
    for move in recorded_day.moves[::SAMPLE]:
        assert move.snapshot is not None
        again = snapshot_of(json.loads(json.dumps(scenario_from(move.snapshot, "disruption", "again"))))
        assert disruption_expect(disrupt(again)) == disruption_expect(disrupt(move.snapshot))


def test_a_redacted_bundle_names_nobody_and_is_decided_alike(recorded_day: Observer) -> None:
    pair = next(pair for pair in recorded_day.pairs if pair.verdict is Verdict.SAME)
    bundle = bundle_of(pair, recorded_day.pairs)
    assert bundle is not None
    hidden = redacted(bundle)

    text = json.dumps({key: value for key, value in hidden.items() if key != "instanceTypes"})
    for manifest in bundle["objects"]:
        name, uid = manifest["metadata"]["name"], manifest["metadata"].get("uid", "-")
        assert not re.search(rf'["/]{re.escape(name)}["/]', text), name
        assert uid not in text
    ours, theirs = plan(snapshot_of(bundle)).claims, plan(snapshot_of(hidden)).claims
    assert [(len(claim.pods), claim.instance_types) for claim in ours] == [
        (len(claim.pods), claim.instance_types) for claim in theirs
    ]


def test_only_what_is_unexplained_is_kept_unless_every_case_is_asked_for(
    recorded_day: Observer, tmp_path: Path
) -> None:
    folder = BundleFolder(tmp_path / "none")
    folder.take([*recorded_day.pairs, *recorded_day.moves], recorded_day.pairs)
    pair = recorded_day.pairs[0]
    cause, pair.cause = pair.cause, UNEXPLAINED
    try:
        one = BundleFolder(tmp_path / "one")
        one.take([*recorded_day.pairs, *recorded_day.moves], recorded_day.pairs)
    finally:
        pair.cause = cause

    assert folder.written == 0
    assert one.written == 1


def test_bundles_open_in_plan_and_disrupt_and_run_under_pytest(recorded_day: Observer, tmp_path: Path) -> None:
    same = Verdict.SAME
    pairs = [next(pair for pair in recorded_day.pairs if pair.verdict is same)]
    together = [pair for pair in recorded_day.pairs if pair.round is pairs[0].round]
    moves = [next(m for m in recorded_day.moves if m.verdict is same and m.predicted is not None and not m.by_chance)]
    folder = BundleFolder(tmp_path, every=True, redact=True)
    folder.take([*together, *moves], together)

    files = sorted(tmp_path.glob("*.json"))
    assert len(files) == len(together) + 1
    for file in files:
        command = "disrupt" if "disruption" in file.name else "plan"
        ran = subprocess.run(
            [sys.executable, "-m", "karptui", command, "-f", str(file), "-o", "json"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        answer = json.loads(ran.stdout)
        assert answer["commands" if command == "disrupt" else "newNodeClaims"]
        assert disagreements(file) == []
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout.decode()


def test_a_bundle_in_which_karpenter_did_something_else_says_what(recorded_day: Observer, tmp_path: Path) -> None:
    pair = recorded_day.pairs[0]
    bundle = bundle_of(pair, recorded_day.pairs)
    assert bundle is not None
    bundle["shadow"]["madeInThisRound"] = []
    file = tmp_path / "other.json"
    file.write_text(json.dumps(bundle))

    assert any("Karpenter did not make" in sentence for sentence in disagreements(file))
