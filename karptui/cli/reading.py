"""A Snapshot out of files: a scenario, or manifests. No cluster is asked."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from karptui.cli.flags import options_of
from karptui.failure import Failure

if TYPE_CHECKING:
    from karptui.model.snapshot import Snapshot

CATALOG = "catalog.json"


def scenario_of(files: list[str]) -> Any:
    """The scenario, if that is what was given."""
    if len(files) != 1 or not files[0].endswith(".json") or not Path(files[0]).is_file():
        return None
    from karptui.cloud.scenario import is_scenario

    try:
        document = json.loads(Path(files[0]).read_text("utf-8"))
    except (OSError, ValueError):
        return None  # whoever reads manifests says what is wrong with it
    return document if is_scenario(document) else None


def scenario_snapshot(scenario: Any, file: Path, catalog: Path | None, kind: str, command: str) -> "Snapshot":
    """The Snapshot of a scenario, which must be of the kind that the command answers. Raises Failure."""
    from karptui.cloud.scenario import ScenarioError, snapshot_of

    if scenario.get("kind", kind) != kind:
        raise Failure(f"{file} asks about {scenario['kind']}: {command} answers {kind} only")
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


def manifests_snapshot(files: list[str], pending: bool = True) -> tuple["Snapshot", list[str]]:
    """The Snapshot of manifests, and what is wrong with them; `pending`: pods that wait are what it is all about."""
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
    if pending and not world.pending:
        problems.append("there is no pending pod among the manifests: nothing is to be decided")
    if not pending and not world.of("nodes"):
        problems.append("there is no Node among the manifests: nothing is to be decided")
    return world.snapshot(now), problems
