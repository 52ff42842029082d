"""The requirement funnel: how many instance types are left after each requirement."""

from collections.abc import Sequence
from dataclasses import dataclass

from karptui.tui.segments.bars import FULL
from karptui.tui.segments.line import Line, Span, fit_line, width_of


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One line: how many are left and which requirement left them. `drawn` False gives the words without a bar."""

    left: int
    text: str
    role: str = "text"
    drawn: bool = True


def funnel(steps: Sequence[FunnelStep], width: int) -> list[Line]:
    """One line for each step, each exactly `width` cells: "█████████ 251 zone 2a 2c". Bars share one scale."""
    drawn = [step for step in steps if step.drawn]
    most = max((step.left for step in drawn), default=0)
    if most <= 0:
        return [fit_line(((f"{step.left} {step.text}", step.role),), width) for step in steps]
    # The longest bar leaves room for its own words; shorter bars leave more.
    room = width - max(width_of(f" {step.left} {step.text}") for step in drawn if step.left == most)
    longest = max(min(room, width * 3 // 5), 1)
    lines: list[Line] = []
    for index, step in enumerate(steps):
        spans: list[Span] = []
        if step.drawn:
            cells = max(round(step.left / most * longest), 1) if step.left > 0 else 0
            spans.append((FULL * cells + (" " if cells else ""), "chosen" if index == _last_drawn(steps) else "bar"))
        number_role = "bad" if step.left == 0 else "strong"
        spans += [(str(step.left), number_role), (f" {step.text}", step.role)]
        lines.append(fit_line(spans, width))
    return lines


def _last_drawn(steps: Sequence[FunnelStep]) -> int:
    return max((index for index, step in enumerate(steps) if step.drawn), default=-1)


def funnel_line(steps: Sequence[FunnelStep], width: int) -> Line:
    """The funnel in one line for narrow screens: "812 ▸704 arch ▸388 pool"; the first step is only its number."""
    spans: list[Span] = []
    for index, step in enumerate(steps):
        if index:
            spans.append((" ▸", "dim"))
        spans.append((str(step.left), "bad" if step.left == 0 else "strong"))
        if index:
            spans.append((f" {step.text}", step.role))
    return fit_line(spans, width)
