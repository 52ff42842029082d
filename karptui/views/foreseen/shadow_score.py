"""The score of shadow mode for a screen: agreement by kind, pool and feature and over time, causes, inputs."""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from karptui.shadow.inputs import Input
from karptui.shadow.judged import Judged
from karptui.shadow.score import Score, Tally
from karptui.views.foreseen.shadow import CaseRow
from karptui.views.line import Line
from karptui.views.wording import amount, duration, plural


class Span(Struct, frozen=True):
    """Agreement over time: a share for each column (None: nothing was judged then), and its width in seconds."""

    shares: list[float | None]
    seconds: float


def score_lines(judged: Sequence[Judged], score: Score) -> list[Line]:
    """Agreement of both kinds, what is unexplained, price gap, lead."""
    if not judged:
        return [
            (("Nothing has been judged yet: a verdict comes 6 to 9 s after Karpenter acts.", "dim"),),
            (("What it will do next stands at the right; scale something to see it.", "dim"),),
        ]
    span = max(entry.at for entry in judged) - min(entry.at for entry in judged)
    whole = score.provisioning.judged + score.disruption.judged
    agreed = score.provisioning.agreed + score.disruption.agreed
    first: list[tuple[str, str]] = [
        (f"{duration(span)}  ", "dim"),
        (f"{plural(whole, 'decision')}  ", "text"),
        (f"{_share(agreed, whole)} agree  ", "ok" if whole and agreed / whole >= 0.9 else "bad"),
        (f"unexplained {score.unexplained}", "bad" if score.unexplained else "ok"),
    ]
    unwatched = score.provisioning.not_watched + score.disruption.not_watched
    if unwatched:
        first.append((f"  not watched {unwatched}", "dim"))
    second: list[tuple[str, str]] = [(f"price gap {_gap(score.price_gap)}", "money")]
    if score.lead is not None:
        second.append((f"  foreseen {duration(score.lead)} before (median)", "dim"))
    return [tuple(first), _kinds(judged), tuple(second)]


def _kinds(judged: Sequence[Judged]) -> Line:
    spans: list[tuple[str, str]] = []
    for kind in ("provision", "delete", "replace"):
        found = [entry for entry in judged if entry.kind == kind and entry.watched]
        if found:
            agreed = sum(entry.verdict.agrees for entry in found)
            spans += [(f"{kind} ", "dim"), (f"{_share(agreed, len(found))} of {len(found)}  ", "text")]
    return tuple(spans)


def _gap(gap: float) -> str:
    if abs(gap) < 0.00005:
        return "$0/h"
    return f"${amount(abs(gap))}/h ({'ours cheaper' if gap > 0 else 'ours dearer'})"


def _share(agreed: int, whole: int) -> str:
    if not whole:
        return "-"
    return "100%" if agreed == whole else f"{agreed / whole:.1%}"


def over_time(judged: Sequence[Judged], columns: int) -> Span:
    """Agreement in columns of equal length, so many at most, up to the latest verdict: two for each column at least."""
    known = [entry for entry in judged if entry.watched]
    columns = min(columns, max(len(known) // 2, 8))
    if not known or columns <= 0:
        return Span([], 0.0)
    first, last = min(entry.at for entry in known), max(entry.at for entry in known)
    seconds = max((last - first) / columns, 1.0)
    agreed, whole = Counter[int](), Counter[int]()
    for entry in known:
        place = min(int((entry.at - first) / seconds), columns - 1)
        whole[place] += 1
        agreed[place] += entry.verdict.agrees
    used = min(int((last - first) / seconds) + 1, columns)
    return Span([agreed[place] / whole[place] if whole[place] else None for place in range(used)], seconds)


def cause_lines(judged: Sequence[Judged], score: Score) -> list[Line]:
    """Causes of what differs, with what they cost; what is unexplained first."""
    if not score.causes:
        return [(("Nothing differs so far." if judged else "Nothing has been judged yet.", "dim"),)]
    costs: dict[str, float] = {}
    for entry in judged:
        for cause in entry.causes:
            costs[cause.value] = costs.get(cause.value, 0.0) + entry.gap
    lines: list[Line] = [((f"{'CAUSE':22}{'N':>5}{'$/h':>10}", "dim"),)]
    for cause, number in score.causes.items():
        role = "bad" if cause == "unexplained" else "text"
        gap = f"{costs[cause]:+.4f}" if abs(costs[cause]) >= 0.00005 else "0"
        lines.append(((f"{cause:22}{number:>5}{gap:>10}", role),))
    if score.not_modelled:
        lines.append((("not modelled ", "warn"), (", ".join(score.not_modelled), "text")))
    return lines


def tally_lines(title: str, tallies: dict[str, Tally]) -> list[Line]:
    """Agreement by NodePool or by feature, the worst first."""
    if not tallies:
        return [(("Nothing has been judged yet.", "dim"),)]
    lines: list[Line] = [((f"{title:24}{'JUDGED':>6}{'AGREE':>8}", "dim"),)]
    for name, tally in sorted(
        tallies.items(), key=lambda item: (item[1].agreement if item[1].judged else 2.0, item[0])
    ):
        share = tally.agreement
        role = "dim" if share is None else "ok" if share >= 0.9 else "bad"
        lines.append(((f"{name[:23]:24}{tally.judged:>6}", "text"), (f"{_share(tally.agreed, tally.judged):>8}", role)))
    return lines


def input_lines(inputs: Sequence[Input], banners: Sequence[str], now: float) -> list[Line]:
    """What is known of Karpenter, from where and since when; then what may not be read."""
    lines: list[Line] = []
    for entry in inputs:
        age = f", {duration(max(now - entry.at, 0.0))} old" if entry.at is not None else ""
        lines.append(
            (
                (f"{entry.name:13}", "dim"),
                (entry.text, "text" if entry.known else "warn"),
                (f"  {entry.source}{age}", "dim"),
            )
        )
    return [*lines, *(((f"NOT KNOWN  {sentence}", "warn"),) for sentence in banners)]


def freshness(inputs: Sequence[Input], now: float) -> Line:
    """The same in one line."""
    parts: list[tuple[str, str]] = []
    for entry in inputs:
        age = f" {duration(max(now - entry.at, 0.0))}" if entry.at is not None else ""
        words = entry.text if entry.name == "version" else entry.name
        if not entry.known:
            words, age = f"{entry.name} assumed", ""
        parts += [(f"{'karpenter ' if entry.name == 'version' else ''}{words}{age}", "dim" if entry.known else "warn")]
        parts.append(("  ", "text"))
    return tuple(parts[:-1])


def agreement_fact(judged: Sequence[Judged]) -> tuple[str, str]:
    """`agree 96%` for the head, with its role; "" while nothing is judged."""
    watched = [entry for entry in judged if entry.watched]
    if not watched:
        return "", "text"
    share = sum(entry.verdict.agrees for entry in watched) / len(watched)
    return f"agree {share:.0%}", "ok" if share >= 0.9 else "bad"


def sentence(rows: Sequence[CaseRow], score: Score, banners: Sequence[str], next_act: str) -> str:
    """What matters: what nobody can explain, what may not be read, what comes next."""
    if score.unexplained:
        latest = next((row for row in rows if row.cause.startswith("unexplained")), None)
        where = f": {latest.at}, {latest.kind} of {latest.real}; b keeps its evidence" if latest is not None else ""
        return f"{score.unexplained} unexplained{where}"
    if banners:
        return banners[0]
    if next_act:
        return f"next: {next_act}"
    if rows:
        latest = rows[0]
        if latest.agrees:
            return f"{latest.at} {latest.kind} of {latest.real} came as it was foreseen"
        return f"{latest.at} {latest.kind}: we said {latest.ours}, Karpenter did {latest.real}"
    return "waiting for Karpenter to do something"
