"""The graduation report of shadow mode: Markdown, the same as HTML, and plain lines."""

import html
from collections.abc import Sequence

from karptui.report.shadow import moment
from karptui.shadow.judged import Judged
from karptui.shadow.score import Score, Tally, score_of
from karptui.shadow.verdict import Verdict

WORST = 10
"""Disagreements that a report lists."""


def report_markdown(judged: Sequence[Judged], cluster: str = "", blind: Sequence[str] = ()) -> str:
    """The whole report. `blind` are sentences about what could not be known."""
    score = score_of(judged)
    span = sorted(entry.at for entry in judged)
    lines = [f"# Shadow report{f': {cluster}' if cluster else ''}", ""]
    if span:
        lines += [f"{moment(span[0])[:19]} to {moment(span[-1])[:19]} UTC", ""]
    lines += ["| decisions | judged | agree | same | equivalent | differ |", "|---|---|---|---|---|---|"]
    lines.append(_row("provisioning", score.provisioning))
    lines.append(_row("disruption", score.disruption))
    lines += [_row(f"  of these {reason}", tally) for reason, tally in score.by_reason.items()]
    lines += ["", f"Unexplained: {score.unexplained}. Price gap: {score.price_gap:+.4f} USD an hour."]
    if score.lead is not None:
        lines.append(f"Predictions stood {score.lead:.2f} s before the fact (median).")
    if score.overtaken:
        lines.append(
            f"{score.overtaken} decisions that agree were not predicted: Karpenter was there before our answer, which "
            "was worked out when they were seen, from what was known before."
        )
    if score.provisional:
        lines.append(
            f"{score.provisional} NodeClaims that agree were predicted provisionally: Karpenter's batch closed at "
            f"another time than ours, on one of at most {score.alternatives} answers that stood before."
        )
    lines += ["", "| NodePool | judged | agree |", "|---|---|---|"]
    lines += [f"| {pool} | {tally.judged} | {_share(tally)} |" for pool, tally in score.by_pool.items()]
    if score.by_feature:
        lines += ["", "| feature | judged | agree |", "|---|---|---|"]
        lines += [f"| {name} | {tally.judged} | {_share(tally)} |" for name, tally in score.by_feature.items()]
    if score.causes:
        lines += ["", "| cause of what is not the same | cases |", "|---|---|"]
        lines += [f"| {cause} | {number} |" for cause, number in score.causes.items()]
    lines += _worst(judged)
    if score.not_modelled:
        lines += ["", f"Met, and not modelled: {', '.join(score.not_modelled)}."]
    if blind:
        lines += ["", "Not known here:", "", *(f"- {sentence}" for sentence in blind)]
    return "\n".join([*lines, "", verdict_line(score), ""])


def report_html(markdown: str) -> str:
    """The report as a page of its own, without anything from elsewhere."""
    body: list[str] = []
    table: list[str] = []

    def close() -> None:
        if table:
            body.append("<table>" + "".join(table) + "</table>")
            table.clear()

    for line in markdown.splitlines():
        if line.startswith("|"):
            if set(line) <= set("|-"):
                continue
            cells = [html.escape(cell.strip()) for cell in line.strip("|").split("|")]
            tag = "td" if table else "th"
            table.append("<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>")
            continue
        close()
        if line.startswith("# "):
            body.append(f"<h1>{html.escape(line[2:])}</h1>")
        elif line.strip():
            body.append(f"<p>{html.escape(line)}</p>")
    close()
    style = "body{font:16px sans-serif;margin:2em;max-width:60em}td,th{padding:.2em .8em;text-align:left}"
    head = f'<meta charset="utf-8"><title>Shadow report</title><style>{style}</style>'
    return f"<!doctype html><html><head>{head}</head><body>{''.join(body)}</body></html>\n"


def verdict_line(score: Score) -> str:
    """What it ends in: yes, yes but for some NodePools, or no and why."""
    obstacles = score.obstacles()
    if obstacles:
        return f"Ready to take over: no. {'; '.join(obstacles)[:1].upper()}{'; '.join(obstacles)[1:]}."
    held = score.pools_not_ready()
    if held:
        told = "; ".join(f"not for pool {pool}, because {why}" for pool, why in held.items())
        return f"Ready to take over: yes, but {told}."
    return "Ready to take over: yes."


def decision_line(entry: Judged) -> str:
    """Time, kind, what, verdict, cause."""
    stood = f"  foreseen {entry.ahead:.2f} s before" if entry.ahead is not None else ""
    mark = "✓" if entry.verdict.agrees else "✗"
    cause = f"  {entry.cause}" if entry.cause else ""
    return f"{moment(entry.at)[11:23]}  {entry.kind} {entry.reason}  {entry.what}  {mark} {entry.verdict}{stood}{cause}"


def _row(name: str, tally: Tally) -> str:
    same = tally.verdicts.get(Verdict.SAME.value, 0)
    equivalent = tally.verdicts.get(Verdict.EQUIVALENT.value, 0)
    return f"| {name} | {tally.judged} | {_share(tally)} | {same} | {equivalent} | {tally.judged - tally.agreed} |"


def _share(tally: Tally) -> str:
    return f"{tally.agreement:.1%}" if tally.agreement is not None else "-"


def _worst(judged: Sequence[Judged]) -> list[str]:
    differing = [entry for entry in judged if entry.watched and not entry.verdict.agrees]
    if not differing:
        return ["", "No disagreement."]
    lines = ["", f"The worst of {len(differing)} disagreements:", "", "| time | what | verdict | differs | cause |"]
    lines.append("|---|---|---|---|---|")
    for entry in sorted(differing, key=lambda entry: -abs(entry.gap))[:WORST]:
        what, differs = f"{entry.kind} {entry.what}", ", ".join(entry.differs)
        lines.append(f"| {moment(entry.at)[11:23]} | {what} | {entry.verdict} | {differs} | {entry.cause} |")
    return lines
