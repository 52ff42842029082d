"""`karptui conform`."""

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karptui.cli.flags import Output
from karptui.failure import Failure

if TYPE_CHECKING:
    from karptui.report.conformance import Verdict

CATALOG, EC2_CATALOG = "catalog.json", "ec2-catalog.json"


def conform(
    *paths: Path,
    answers: Path | None = None,
    least: Annotated[float, Parameter(name="--min")] = 0.99,
    output: Output = None,
    catalog: Path | None = None,
) -> int:
    """Answer scenario files, and compare with the answers of the real Karpenter that they come with.

    Parameters
    ----------
    paths
        Scenario files, or folders of them.
    answers
        Write each answer into this folder, under the name of its scenario's file.
    least
        The share of compared scenarios that must agree at every level, 0 to 1; below it the exit code is 1.
    output
        text: a table by family and what differs; json: one object a line for every scenario.
    catalog
        Instance types that scenarios name; by default catalog.json beside a file or one folder up, of launches
        ec2-catalog.json.
    """
    if not paths:
        print("karptui: conform needs scenario files or folders of them; see karptui conform --help", file=sys.stderr)
        return 2
    if not 0 <= least <= 1:
        print("karptui: --min is a share from 0 to 1, such as 0.99", file=sys.stderr)
        return 2
    from karptui.report.conformance import agreement, table, verdict_json

    if answers is not None:
        try:
            answers.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(f"cannot write answers to {answers}: {error.strerror}") from error
    verdicts: list[Verdict] = []
    for file in _files(paths):
        verdict = _verdict(file, catalog, answers)
        if verdict is None:
            continue
        verdicts.append(verdict)
        if output == "json":
            print(json.dumps(verdict_json(verdict), ensure_ascii=False), flush=True)
        elif verdict.problem or verdict.difference is not None:
            print(_fault(verdict))
    if not verdicts:
        raise Failure(f"there is no scenario in {', '.join(map(str, paths))}")
    if output != "json":
        print("\n".join(table(verdicts)))
    share = agreement(verdicts)
    if share < least:
        print(f"karptui: {share:.1%} of the compared scenarios agree, less than {least:.1%}", file=sys.stderr)
        return 1
    return 0


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*.json") if file.is_file())
        elif path.is_file():
            yield path
        else:
            raise Failure(f"there is no file or folder {path}")


def _verdict(file: Path, catalog: Path | None, answers: Path | None) -> "Verdict | None":
    """What became of a file; None where it is something else than a scenario, such as a catalogue."""
    from karptui.cloud.scenario import ScenarioError
    from karptui.report.conformance import Verdict, answered, is_question, judged

    try:
        scenario: Any = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        return Verdict(file.stem, "", problem=f"it cannot be read: {error}")
    if not is_question(scenario):
        return None
    name, kind = str(scenario.get("name") or file.stem), str(scenario.get("kind", "scheduling"))
    beside = EC2_CATALOG if kind == "launch" else CATALOG
    try:
        answer, seconds = answered(scenario, _catalog(_beside(file, beside) if catalog is None else catalog))
    except ScenarioError as error:
        return Verdict(name, kind, problem=str(error))
    except Exception as error:
        return Verdict(name, kind, problem=f"no answer: {type(error).__name__}: {error}")
    if answers is not None:
        try:
            (answers / file.name).write_text(json.dumps(answer, indent=1, ensure_ascii=False) + "\n", "utf-8")
        except OSError as error:
            raise Failure(f"cannot write {answers / file.name}: {error.strerror}") from error
    return judged(name, scenario, answer, seconds)


def _beside(file: Path, name: str) -> Path | None:
    for folder in (file.parent, file.parent.parent):
        if (folder / name).is_file():
            return folder / name
    return None


@cache
def _catalog(path: Path | None) -> Any:
    if path is None:
        return None
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Failure(f"cannot read the catalogue {path}: {error}") from error


def _fault(verdict: "Verdict") -> str:
    if verdict.difference is None:
        return f"{verdict.name}: {verdict.problem}"
    level, ours, theirs = verdict.difference
    return f"{verdict.name}: differs in {level}\n  ours   {_short(ours)}\n  theirs {_short(theirs)}"


def _short(value: object, width: int = 400) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= width else text[: width - 1] + "…"
