"""`karptui shadow`."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from karptui.cli.flags import Look, WholeCluster
from karptui.failure import Failure

if TYPE_CHECKING:
    from karptui.modes.run import Run
    from karptui.modes.shadow import Shadow
    from karptui.report.bundle import BundleFolder
    from karptui.report.shadow_metrics import ShadowMetrics
    from karptui.shadow.judged import Judged
    from karptui.shadow.observer import Observer

Form = Annotated[Literal["text", "json", "md", "html"] | None, Parameter(name=["--output", "-o"])]
SHOWN_EVERY = 0.2


def shadow(
    action: Literal["report"] | None = None,
    /,
    *,
    recording: Path | None = None,
    headless: Annotated[bool, Parameter(negative=())] = False,
    output: Form = None,
    min_agreement: float | None = None,
    journal: Path | None = None,
    record: Path | None = None,
    metrics_url: str = "",
    seconds: float | None = None,
    bundles: Path | None = None,
    redact: Annotated[bool, Parameter(negative=())] = False,
    every_case: Annotated[bool, Parameter(negative=())] = False,
    speed: float | None = None,
    metrics_port: int | None = None,
    cluster: WholeCluster | None = None,
    look: Look | None = None,
) -> int:
    """Foresee what the cluster's Karpenter does, and judge each prediction by what it did. Nothing is written to it.

    Parameters
    ----------
    action
        report: only the report, of the journal or of --recording: is karptui ready to take over?
    recording
        Judge a recorded cluster instead of a live one: a recording of karptui, or raw watch lines.
    headless
        No screen: a line for every decision as it is judged, then the report.
    output
        text, json (every decision with verdict and cause), md or html (the report).
    min_agreement
        The share that must agree of provisioning and of disruption, 0 to 1; below it the exit code is 1.
    journal
        Where predictions and verdicts are kept over restarts; by default a file for each cluster in the user's state.
    record
        Also write a recording to this file.
    metrics_url
        Karpenter's metrics, where the API server's proxy does not reach them.
    seconds
        End after so many seconds; without it ctrl-c ends.
    bundles
        Folder for evidence: each unexplained case as a file that plan -f or disrupt -f opens; pytest runs the folder.
    redact
        Bundles get other names for everything that is somebody's own.
    every_case
        Bundles of every case, not only of the unexplained.
    speed
        How many times faster than it happened a recording is played on the screen; else as fast as it can be judged.
    metrics_port
        With --headless: Prometheus metrics of agreement, predictions and inputs at this port's /metrics.
    """
    refused = _refused(bundles, redact or every_case, metrics_port, headless and recording is None)
    if refused := refused or _out_of_range(min_agreement, speed):
        print(f"karptui: {refused}", file=sys.stderr)
        return 2
    kept_in = _bundles(bundles, every_case, redact)
    from karptui.cli.playing import wants_screen

    on_screen = action is None and not headless and wants_screen(output)
    if recording is not None:
        if on_screen:
            return _recorded_shown(recording, speed, kept_in, look or Look())
        return _recorded(recording, action, output, min_agreement, kept_in)
    chosen = cluster or WholeCluster()
    kept = journal or _journal_of(chosen)
    if action == "report":
        return _reported(kept, output, min_agreement)
    make = _maker(chosen, kept, record, metrics_url, kept_in)
    if on_screen:
        return _shown(make, look or Look())
    return _beside(make(), output, min_agreement, seconds, metrics_port)


def _refused(bundles: Path | None, about_bundles: bool, metrics_port: int | None, serves: bool) -> str:
    """What does not go together, or nothing."""
    if bundles is None and about_bundles:
        return "--redact and --every-case are about bundles: name their folder by --bundles"
    if metrics_port is not None and not serves:
        return "--metrics-port goes with --headless beside a cluster"
    return ""


def _out_of_range(min_agreement: float | None, speed: float | None) -> str:
    """What is wrong with a number, or nothing."""
    if min_agreement is not None and not 0 <= min_agreement <= 1:
        return "--min-agreement is a share from 0 to 1, such as 0.97"
    if speed is not None and not speed > 0:
        return f"--speed {speed:g}: the speed must be more than 0"
    return ""


def _shown(make: "Callable[[], Run]", look: Look) -> int:
    """On the screen, beginning with the Overview; 5 is the Shadow screen."""
    from karptui.cli.playing import play

    return play(make, look.settings(), None, mode="SHADOW")


def _recorded_shown(recording: Path, speed: float | None, kept_in: "BundleFolder | None", look: Look) -> int:
    from karptui.cli.replay import recording_at

    path = recording_at(recording)

    def make() -> "Run":
        from karptui.modes.shadow_replay import ShadowReplay

        run = ShadowReplay(path, speed, look.settings().region)
        run.bundles = kept_in or _asked_for()
        return run

    return _shown(make, look)


def _asked_for() -> "BundleFolder":
    """Where a screen keeps the cases that a person asks for, where no folder was named."""
    from karptui.report.bundle import BundleFolder

    return BundleFolder(Path("karptui-bundles"), none=True)


def _maker(
    cluster: WholeCluster, journal: Path, record: Path | None, metrics_url: str, kept_in: "BundleFolder | None"
) -> Callable[[], "Shadow"]:
    """How the run beside a live cluster is made; its imports take longer than a first frame may. Raises Failure."""
    if record is not None:
        from karptui.cli.record import check_new

        check_new(str(record))

    def make() -> "Shadow":
        from karptui.modes.shadow import Shadow
        from karptui.settings import costs_folder, load_settings

        settings = load_settings()
        run = Shadow(cluster.kubeconfig, cluster.context, None, record, settings.region, journal, metrics_url)
        run.costs = costs_folder(settings)
        run.bundles = kept_in or _asked_for()
        return run

    return make


def _beside(
    run: "Shadow",
    output: str | None,
    min_agreement: float | None,
    seconds: float | None,
    metrics_port: int | None = None,
) -> int:
    """Watches a live cluster without a screen, then reports."""
    try:
        asyncio.run(_watch(run, output, seconds, metrics_port))
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass  # ctrl-c is how watching ends
    if run.failure:
        raise Failure(run.failure)
    if output != "json":
        _print_report(run.judged, output, _name_of(run), tuple(run.blind.values()))
    return _exit_code(run.judged, min_agreement)


def _bundles(folder: Path | None, every: bool, redact: bool) -> "BundleFolder | None":
    if folder is None:
        return None
    from karptui.report.bundle import BundleFolder

    return BundleFolder(folder, every, redact)


def _recorded(
    recording: Path,
    action: str | None,
    output: str | None,
    least: float | None,
    bundles: "BundleFolder | None" = None,
) -> int:
    from karptui.cli.replay import recording_at
    from karptui.modes.shadow import judged_recording
    from karptui.report.shadow import shadow_json
    from karptui.report.shadow_report import decision_line
    from karptui.shadow.judged import judgements
    from karptui.shadow.watch import EVIDENCE_KEPT

    def take(observer: "Observer") -> None:
        fresh = observer.judge.new_verdicts()
        if bundles is not None:
            bundles.take(fresh, observer.pairs)
        observer.judge.forget(EVIDENCE_KEPT)

    observer = judged_recording(recording_at(recording), judged=take)
    for problem in observer.world.problems:
        if problem.where == "recording":
            print(f"karptui: {problem.message}", file=sys.stderr)
    judged = judgements(observer.pairs, observer.moves)
    if bundles is not None:
        print(f"karptui: {bundles.written} bundles are in {bundles.folder}", file=sys.stderr)
    if output == "json":
        written = shadow_json(observer.pairs, observer.moves, observer.removals)
        print(json.dumps(written, indent=1, ensure_ascii=False))
    else:
        if action != "report" and output is None:
            print("\n".join(map(decision_line, judged)), end="\n\n")
        known = observer.world.connected
        _print_report(judged, output, known.cluster if known is not None else "")
    return _exit_code(judged, least)


def _reported(journal: Path, output: str | None, least: float | None) -> int:
    from karptui.shadow.memory import read_journal

    judged, until = read_journal(journal)
    if not until:
        raise Failure(f"there is no journal {journal}: run karptui shadow beside a Karpenter, or name --recording")
    if output == "json":
        _print_score(judged)
    else:
        _print_report(judged, output)
    return _exit_code(judged, least)


async def _watch(run: "Shadow", output: str | None, seconds: float | None, metrics_port: int | None = None) -> None:
    """Print every verdict as it falls, until the end of the time or ctrl-c."""
    from karptui.cli.playing import end_on_terminate
    from karptui.report.shadow import judged_json
    from karptui.report.shadow_report import decision_line

    end_on_terminate()
    told, problems = len(run.judged), 0
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds if seconds is not None else None
    served = _served(metrics_port)

    def show() -> None:
        nonlocal told
        for entry in run.judged[told:]:
            print(json.dumps(judged_json(entry)) if output == "json" else decision_line(entry), flush=True)
        if served is not None and run.watch is not None:
            served.take(run.watch.cases.all[told:])
            served.look(run.watch, run.world, run.now())
        told = len(run.judged)

    try:
        await run.start()
        while not run.ended.is_set() and (ends is None or loop.time() < ends):
            await asyncio.sleep(SHOWN_EVERY)
            show()
            for problem in list(run.world.problems)[problems:]:
                if problem.message == run.failure:
                    continue  # it ends the run, and is said then
                print(f"karptui: {problem.message}", file=sys.stderr, flush=True)
            problems = len(run.world.problems)
            run.world.dirty.clear()  # no eyes look at it
    finally:
        await run.stop()
        show()
        if served is not None:
            served.close()
        if output == "json":
            _print_score(run.judged)


def _served(port: int | None) -> "ShadowMetrics | None":
    if port is None:
        return None
    from karptui.report.shadow_metrics import ShadowMetrics

    return ShadowMetrics(port)


def _print_score(judged: "Sequence[Judged]") -> None:
    from karptui.report.shadow import score_json
    from karptui.shadow.score import score_of

    print(json.dumps({"score": score_json(score_of(judged))}), flush=True)


def _print_report(judged: "Sequence[Judged]", output: str | None, cluster: str = "", blind: Sequence[str] = ()) -> None:
    from karptui.report.shadow_report import report_html, report_markdown

    report = report_markdown(judged, cluster, blind)
    print(report_html(report) if output == "html" else report, end="")


def _exit_code(judged: "Sequence[Judged]", least: float | None) -> int:
    if least is None:
        return 0
    from karptui.shadow.score import score_of

    score = score_of(judged)
    shares = [tally.agreement for tally in (score.provisioning, score.disruption)]
    return 0 if all(share is None or share >= least for share in shares) else 1


def _name_of(run: "Shadow") -> str:
    return run.world.connected.cluster if run.world.connected is not None else ""


def _journal_of(cluster: WholeCluster) -> Path:
    """One file for each context of a kubeconfig."""
    import platformdirs

    name = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in cluster.context or "current")
    return platformdirs.user_state_path("karptui") / "shadow" / f"{name}.jsonl"
