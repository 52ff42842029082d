"""`karptui budgets`."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from karptui.cli.flags import Output, WholeCluster, observer
from karptui.cli.reading import manifests_snapshot, scenario_of, scenario_snapshot
from karptui.failure import Failure

if TYPE_CHECKING:
    from karptui.model.snapshot import Snapshot

LONGEST = 366 * 86400.0


def budgets(
    *files: str,
    file: Annotated[list[str] | None, Parameter(["--file", "-f"], allow_leading_hyphen=True, negative=())] = None,
    next: str = "24h",
    cluster: WholeCluster | None = None,
    output: Output = None,
    catalog: Path | None = None,
) -> int:
    """Print the budget calendar: how many nodes of each NodePool may go, which budget says so, and when that changes.

    Parameters
    ----------
    files
        Manifests (YAML or JSON, folders), or one scenario; without any a cluster is asked.
    file
        The same, one after each -f; - is standard input.
    next
        How far to look ahead: 90m, 24h, 7d.
    output
        text or json.
    catalog
        Instance types that a scenario names; by default catalog.json beside it or one folder up.
    """
    from karptui.report.budget_lines import budgets_json, budgets_text
    from karptui.views.lists.budgets import budget_calendar

    ahead = seconds_of(next)
    snapshot, problems = _snapshot([*(file or ()), *files], catalog, cluster)
    for problem in problems:
        print(f"karptui: {problem}", file=sys.stderr)
    shown = budget_calendar(snapshot, ahead)
    print(budgets_json(shown) if output == "json" else budgets_text(shown))
    return 1 if problems else 0


def seconds_of(text: str) -> float:
    """Seconds of `90m`, `24h`, `7d`; at most a year. Raises Failure."""
    units = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not number.isascii() or not number.isdigit() or not int(number):
        raise Failure(f"--next {text} is no time to look ahead: say 90m, 24h or 7d")
    return min(int(number) * units[unit], LONGEST)


def _snapshot(given: list[str], catalog: Path | None, cluster: WholeCluster | None) -> tuple["Snapshot", list[str]]:
    if given:
        scenario = scenario_of(given)
        if scenario is not None:
            return scenario_snapshot(scenario, Path(given[0]), catalog, scenario.get("kind", ""), "budgets"), []
        snapshot, problems = manifests_snapshot(given, pending=False)
        return snapshot, [line for line in problems if "no Node among" not in line]
    from karptui.cli.flags import Cluster
    from karptui.settings import load_settings

    where = cluster or WholeCluster()
    run = observer(Cluster(where.context, where.kubeconfig), load_settings())
    asyncio.run(run.look())
    return run.world.snapshot(run.now()), [problem.message for problem in run.world.problems]
