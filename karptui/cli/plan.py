"""`karptui plan`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karptui.cli.flags import Output, options_of
from karptui.failure import Failure

if TYPE_CHECKING:
    from karptui.model.snapshot import Snapshot

CATALOG = "catalog.json"


def plan(
    *files: str,
    file: Annotated[list[str] | None, Parameter(name=["--file", "-f"], allow_leading_hyphen=True)] = None,
    output: Output = None,
    reasons: bool = False,
    catalog: Path | None = None,
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
        Also say, instance type by instance type, why.
    catalog
        Instance types that a scenario names; by default catalog.json beside it or one folder up.
    """
    given = [*(file or ()), *files]
    if not given:
        print("karptui: plan needs at least one file: -f FILE; see karptui plan --help", file=sys.stderr)
        return 2
    scenario = _scenario(given)
    if scenario is not None:
        snapshot, problems = _from_scenario(scenario, Path(given[0]), catalog), []
    else:
        snapshot, problems = _from_manifests(given)
    for problem in problems:
        print(f"karptui: {problem}", file=sys.stderr)
    from karptui.engine.provisioning import plan as decide

    answer = decide(snapshot)
    if output == "json":
        from karptui.report.expect import expect_of

        print(json.dumps(expect_of(answer), indent=2, ensure_ascii=False))
    else:
        from karptui.report.planned import planned_text

        print(planned_text(snapshot, answer, reasons))
    return 1 if problems else 0


def _scenario(files: list[str]) -> Any:
    """The scenario, if that is what was given."""
    if len(files) != 1 or not files[0].endswith(".json") or not Path(files[0]).is_file():
        return None
    from karptui.cloud.scenario import is_scenario

    try:
        document = json.loads(Path(files[0]).read_text("utf-8"))
    except (OSError, ValueError):
        return None  # whoever reads manifests says what is wrong with it
    return document if is_scenario(document) else None


def _from_scenario(scenario: Any, file: Path, catalog: Path | None) -> "Snapshot":
    from karptui.cloud.scenario import ScenarioError, snapshot_of

    if scenario.get("kind", "scheduling") != "scheduling":
        raise Failure(f"{file} asks about {scenario['kind']}: plan answers scheduling only")
    beside = [path for path in (file.parent / CATALOG, file.parent.parent / CATALOG) if path.is_file()]
    chosen = catalog or (beside[0] if beside else None)
    try:
        types = json.loads(chosen.read_text("utf-8")) if chosen is not None else None
    except (OSError, ValueError) as error:
        raise Failure(f"cannot read the catalogue {chosen}: {error}") from error
    try:
        return snapshot_of(scenario, types)
    except ScenarioError as error:
        raise Failure(f"{file}: {error}") from error


def _from_manifests(files: list[str]) -> tuple["Snapshot", list[str]]:
    import time

    from karptui.cloud.choose import catalogue_for
    from karptui.kube.manifests import read_manifests
    from karptui.kube.pending_pods import planned_objects
    from karptui.settings import load_settings
    from karptui.world import events
    from karptui.world.world import World

    now = time.time()
    settings = load_settings()
    found = read_manifests(files)
    objects, faults = planned_objects(found.objects, now)
    for line in [*found.warnings, *found.notes]:
        print(f"karptui: {line}", file=sys.stderr)
    world = World(options_of(settings))
    for resource, entry in objects:
        world.apply(events.ObjectSeen(now, resource, events.Change.ADDED, entry))
    world.apply(events.CatalogueSeen(now, catalogue_for(world, settings.region)))
    problems = [*found.problems, *faults]
    if problems and not objects:
        raise Failure("\nkarptui: ".join(problems))
    if not world.of("nodepools"):
        problems.append("there is no NodePool among the manifests, so no node can be made: add one with -f")
    if not world.pending:
        problems.append("there is no pending pod among the manifests: nothing is to be decided")
    return world.snapshot(now), problems
