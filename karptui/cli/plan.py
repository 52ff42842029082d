"""`karptui plan`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from karptui.cli.flags import Output
from karptui.cli.reading import manifests_snapshot, scenario_of, scenario_snapshot
from karptui.failure import Failure

COMPARED_PODS = 2_000
"""Up to so many pods it is also said what the nodes of the other policy would cost."""


def plan(
    *files: str,
    file: Annotated[list[str] | None, Parameter(["--file", "-f"], allow_leading_hyphen=True, negative=())] = None,
    output: Output = None,
    reasons: Annotated[bool, Parameter(negative=())] = False,
    catalog: Path | None = None,
    policy: Literal["karpenter", "cheapest"] = "karpenter",
) -> int:
    """Print what would be decided for the pods in manifests, or in a scenario file. No cluster is asked.

    Parameters
    ----------
    files
        Manifests (YAML or JSON, folders), or one scenario. NodePools belong to them.
    file
        The same, one after each -f; - is standard input.
    output
        text, or json: newNodeClaims, existingNodes, errors and ignored.
    reasons
        Also say, instance type by instance type, why; and pod by pod, what was relaxed, or why nowhere and what
        would help.
    catalog
        Instance types that a scenario names; by default catalog.json beside it or one folder up.
    policy
        karpenter: as Karpenter decides. cheapest: under the same rules, nodes chosen by what they cost.
    """
    given = [*(file or ()), *files]
    if not any(given):
        print("karptui: plan needs at least one file: -f FILE; see karptui plan --help", file=sys.stderr)
        return 2
    scenario = scenario_of(given)
    if scenario is not None:
        snapshot, problems = scenario_snapshot(scenario, Path(given[0]), catalog, "scheduling", "plan"), []
    else:
        if catalog is not None:
            raise Failure(f"--catalog {catalog} is for a scenario, and {given[0]} is none: leave it out")
        snapshot, problems = manifests_snapshot(given)
    for problem in problems:
        print(f"karptui: {problem}", file=sys.stderr)
    from karptui.engine.cheapest import Policy, decide

    # Parity as JSON is for machines that compare it: it is not planned a second time.
    compared = 0 if output == "json" else COMPARED_PODS
    answer = decide(snapshot, Policy(policy), compared)
    if output == "json":
        from karptui.report.expect import expect_of
        from karptui.report.reasons import expect_with_reasons

        written = expect_with_reasons(snapshot, answer) if reasons else expect_of(answer)
        print(json.dumps(written, indent=2, ensure_ascii=False))
    else:
        from karptui.report.planned import planned_text

        print(planned_text(snapshot, answer, reasons))
    return 1 if problems else 0
