"""Evidence bundles: a judged decision as a file that asks the engine again, with both answers in it.

A bundle is a scenario (`karptui plan -f` or `karptui disrupt -f` opens it) with a further field `shadow`: verdict,
cause, what karptui had foreseen and what Karpenter did. `pytest FOLDER` asks whether karptui now decides the same.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from karptui.cloud.scenario import snapshot_of
from karptui.cloud.scenario_writer import scenario_from
from karptui.engine.disruption import disrupt
from karptui.engine.provisioning import plan
from karptui.failure import Failure
from karptui.kube.encode import encoded_amount
from karptui.model.decision import PlannedClaim
from karptui.model.pod_requests import PODS
from karptui.report.redacted import redacted
from karptui.report.shadow import made_json, move_json, pair_json
from karptui.shadow.disruptions import Move
from karptui.shadow.provisioning import Pair
from karptui.shadow.verdict import Cause

Json = dict[str, Any]
SCHEDULING, DISRUPTION = "scheduling", "disruption"
TEST = '''"""Does karptui decide today what Karpenter decided? pytest runs one case for each bundle beside this file."""

from pathlib import Path

import pytest

from karptui.report.bundle import disagreements


@pytest.mark.parametrize("bundle", sorted(Path(__file__).parent.glob("*.json")), ids=lambda path: path.stem)
def test_karptui_decides_as_karpenter_did(bundle: Path) -> None:
    assert disagreements(bundle) == []
'''


class BundleFolder:
    """Writes bundles into a folder: of what is unexplained, or of every case. Raises Failure where it cannot.

    With `none` only those that are asked for are kept, and the folder is made for the first of them.
    """

    def __init__(self, folder: Path, every: bool = False, redact: bool = False, none: bool = False) -> None:
        self.folder = folder
        self.written = 0
        self._every, self._redact = every, redact
        self._none = none
        if not none:
            self._make()

    def _make(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(
                f"cannot write bundles to {self.folder}: {error.strerror}; name another by --bundles"
            ) from error

    def take(self, entries: Iterable[Pair | Move], pairs: Sequence[Pair]) -> None:
        """Keep what has just been judged, where it is to be kept; `pairs` are all that are still at hand."""
        for entry in entries:
            if not self._none and (self._every or Cause.UNEXPLAINED in entry.cause.causes):
                self.keep(entry, pairs)

    def keep(self, entry: Pair | Move, pairs: Sequence[Pair], name: str = "") -> Path | None:
        """The file of one case, called by `name` or a number; None where the cluster of then is not kept any more."""
        bundle = bundle_of(entry, pairs)
        return self._write(bundle, name or f"{self.written + 1:04d}") if bundle is not None else None

    def _write(self, bundle: Json, name: str) -> Path:
        self.written += 1
        file = self.folder / f"{name}-{bundle['name']}.json"
        bundle = redacted(bundle) if self._redact else bundle
        try:
            self._make()
            file.write_text(json.dumps({**bundle, "name": file.stem}, ensure_ascii=False), "utf-8")
            test = self.folder / "test_bundles.py"
            if not test.exists():
                test.write_text(TEST, "utf-8")
        except OSError as error:
            raise Failure(f"cannot write a bundle to {self.folder}: {error.strerror}") from error
        return file


def bundle_of(entry: Pair | Move, pairs: Iterable[Pair] = ()) -> Json | None:
    """The bundle of a judged decision; None where nothing is known of the cluster then.

    `pairs` are the others: NodeClaims of one round are one answer.
    """
    snapshot = entry.snapshot
    if snapshot is None:
        return None
    slug = entry.verdict.value.replace(" ", "-")
    if isinstance(entry, Move):
        bundle = scenario_from(snapshot, DISRUPTION, f"{DISRUPTION}-{slug}", "a disruption command, judged")
        after = entry.supposed.after if entry.supposed is not None else ""
        bundle["shadow"] = {**move_json(entry), "after": after}
        return bundle
    together = [other for other in pairs if entry.round is not None and other.round is entry.round] or [entry]
    made = [made_json(other.actual) for other in together if other.actual is not None]
    bundle = scenario_from(snapshot, SCHEDULING, f"{SCHEDULING}-{slug}", "a NodeClaim, judged")
    bundle["shadow"] = {**pair_json(entry), "madeInThisRound": made}
    return bundle


def disagreements(path: Path) -> list[str]:
    """A sentence for everything in which karptui's answer to a bundle is not Karpenter's; [] where both are the same.

    Raises Failure where the file cannot be read, ScenarioError where it is no bundle.
    """
    try:
        bundle = json.loads(path.read_text("utf-8"))
        kept = bundle["shadow"]
    except (OSError, ValueError, KeyError) as error:
        raise Failure(f"{path} is no bundle of karptui shadow: {error}") from error
    snapshot = snapshot_of(bundle)
    if bundle["kind"] == SCHEDULING:
        return _differ("NodeClaim", map(_of_claim, plan(snapshot).claims), map(_of_made, kept["madeInThisRound"]))
    commands = disrupt(snapshot, after=kept.get("after", ""), validate=False).commands[:1]
    ours = [
        json.dumps([command.reason, list(command.nodes), sorted(map(_types, command.replacements))])
        for command in commands
    ]
    actual = kept["actual"]
    theirs = [] if actual is None else [_of_command(actual)]
    return _differ("command", ours, theirs)


def _of_command(actual: Json) -> str:
    types = sorted(",".join(sorted(made["instanceTypes"])) for made in actual["replacements"])
    return json.dumps([actual["reason"], actual["nodes"], types])


def _types(claim: PlannedClaim) -> str:
    return ",".join(sorted(claim.instance_types))


def _of_claim(claim: PlannedClaim) -> str:
    # Requests count the pods of DaemonSets as well, as those of the NodeClaim do.
    return f"NodePool {claim.node_pool}, {encoded_amount(claim.requests.get(PODS, 0))} pods, types {_types(claim)}"


def _of_made(made: Json) -> str:
    types = ",".join(sorted(made["instanceTypes"]))
    return f"NodePool {made['nodePool']}, {made['requests'].get(PODS, '0')} pods, types {types}"


def _differ(what: str, ours: Iterable[str], theirs: Iterable[str]) -> list[str]:
    left, found = sorted(theirs), list[str]()
    for entry in sorted(ours):
        if entry in left:
            left.remove(entry)
        else:
            found.append(f"karptui foresees a {what} that Karpenter did not make: {entry}")
    return found + [f"Karpenter made a {what} that karptui does not foresee: {entry}" for entry in left]
