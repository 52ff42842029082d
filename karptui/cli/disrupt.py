"""`karptui disrupt`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from karptui.cli.flags import Output
from karptui.cli.reading import manifests_snapshot, scenario_of, scenario_snapshot
from karptui.failure import Failure

if TYPE_CHECKING:
    from karptui.model.snapshot import Snapshot

RECORDINGS = (".jsonl", ".jsonl.zst", ".jsonl.gz")
"""How files with a recorded cluster end."""


def disrupt(
    *files: str,
    file: Annotated[list[str] | None, Parameter(["--file", "-f"], allow_leading_hyphen=True, negative=())] = None,
    recording: Path | None = None,
    output: Output = None,
    catalog: Path | None = None,
) -> int:
    """Print which nodes would go next, for what, and why the others stay. No cluster is asked.

    Parameters
    ----------
    files
        Manifests (YAML or JSON, folders) with Nodes, NodeClaims, NodePools and pods, one scenario, or one recording.
    file
        The same, one after each -f; - is standard input.
    recording
        Instead of files a recorded cluster with its Karpenter: at each step what was foreseen, and what Karpenter did.
    output
        text, or json: commands, blocked, driftOnly, budgets and refused.
    catalog
        Instance types that a scenario names; by default catalog.json beside it or one folder up.
    """
    given = [*(file or ()), *files]
    if recording is None and len(given) == 1 and given[0].endswith(RECORDINGS):
        recording, given = Path(given[0]), []
    if recording is not None:
        return _recorded(recording, given, output)
    if not given:
        print("karptui: disrupt needs at least one file: -f FILE; see karptui disrupt --help", file=sys.stderr)
        return 2
    from karptui.engine.disruption import disrupt as decide
    from karptui.engine.disruption import survey, with_conditions

    scenario = scenario_of(given)
    computed = False
    if scenario is not None:
        snapshot, problems = scenario_snapshot(scenario, Path(given[0]), catalog, "disruption", "disrupt"), []
        computed = (scenario.get("state") or {}).get("conditions") == "computed"
        if computed:
            snapshot = with_conditions(snapshot)
    else:
        snapshot, problems = manifests_snapshot(given, pending=False)
    for problem in problems:
        print(f"karptui: {problem}", file=sys.stderr)
    if output == "json":
        print(json.dumps(_written(snapshot, computed), indent=2, ensure_ascii=False))
    else:
        from karptui.report.disruption_lines import disruption_text

        print(disruption_text(snapshot, decide(snapshot), survey(snapshot)))
    return 1 if problems else 0


def _recorded(recording: Path, given: list[str], output: str | None) -> int:
    """Disruptions of a recording, foreseen from what was seen before each."""
    if given:
        raise Failure(f"--recording {recording} and {given[0]}: disrupt answers for one of both")
    from karptui.cli.replay import recording_at
    from karptui.modes.shadow import judged_recording
    from karptui.report.recorded_disruption import recorded_json, recorded_text

    moves = judged_recording(recording_at(recording)).moves
    if output == "json":
        print(json.dumps(recorded_json(moves), indent=2, ensure_ascii=False))
    else:
        print(recorded_text(moves))
    return 0


def _written(snapshot: "Snapshot", computed: bool) -> dict[str, object]:
    from karptui.engine.disruption import disrupt as decide
    from karptui.report.disruption_expect import conditions_expect, disruption_expect

    written = disruption_expect(decide(snapshot))
    if computed:
        written["conditions"] = conditions_expect(snapshot)
    return written
