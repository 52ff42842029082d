"""`karptui shadow`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from karptui.cli.flags import WholeCluster
from karptui.failure import Failure

if TYPE_CHECKING:
    from karptui.shadow.observer import Observer

Form = Annotated[Literal["text", "json", "md", "html"] | None, Parameter(name=["--output", "-o"])]


def shadow(
    action: Literal["report"] | None = None,
    /,
    *,
    recording: Path | None = None,
    headless: Annotated[bool, Parameter(negative=())] = False,
    output: Form = None,
    min_agreement: float | None = None,
    bundles: Path | None = None,
    cluster: WholeCluster | None = None,
) -> int:
    """Foresee what the cluster's Karpenter does, and judge each prediction by what it did. Nothing is written to it.

    Parameters
    ----------
    action
        report: only the report at the end, which says whether karptui is ready to take over.
    recording
        Judge a recorded cluster instead of a live one: a recording of karptui, or raw watch lines.
    headless
        No screen: a line for every decision as it is judged, then the report.
    output
        text, json (every decision with both sides, verdict and cause), md or html (the report).
    min_agreement
        The share that must agree of provisioning and of disruption, 0 to 1; below it the exit code is 1.
    bundles
        Write every unexplained decision into this folder, as a file that karptui plan -f opens.
    """
    if min_agreement is not None and not 0 <= min_agreement <= 1:
        print("karptui: --min-agreement is a share from 0 to 1, such as 0.97", file=sys.stderr)
        return 2
    if recording is None:
        raise Failure("karptui shadow needs --recording FILE")
    from karptui.cli.replay import recording_at
    from karptui.modes.shadow import judged_recording

    observer = judged_recording(recording_at(recording))
    _print(observer, action, output)
    return _exit_code(observer, min_agreement)


def _print(observer: "Observer", action: str | None, output: str | None) -> None:
    from karptui.report.shadow_report import report_html, report_markdown, text_lines

    if output == "json":
        from karptui.report.shadow import shadow_json

        print(json.dumps(shadow_json(observer.pairs, observer.moves, observer.removals), indent=1, ensure_ascii=False))
        return
    cluster = observer.world.connected.cluster if observer.world.connected is not None else ""
    report = report_markdown(observer.pairs, observer.moves, cluster)
    if output == "html":
        print(report_html(report), end="")
        return
    if action != "report" and output != "md":
        print("\n".join(text_lines(observer.pairs, observer.moves)))
        print()
    print(report, end="")


def _exit_code(observer: "Observer", least: float | None) -> int:
    if least is None:
        return 0
    from karptui.shadow.score import score_of

    score = score_of(observer.pairs, observer.moves)
    shares = [tally.agreement for tally in (score.provisioning, score.disruption)]
    return 0 if all(share is None or share >= least for share in shares) else 1
