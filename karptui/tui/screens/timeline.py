"""From Pending to Bound (W2): the stages of a pod or a NodeClaim over time, its batch, and what is usual."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from karptui.tui.actions import bindings_of
from karptui.tui.screens.frame import Frame
from karptui.tui.screens.opening import NARROW
from karptui.tui.segments.bars import StageBand
from karptui.tui.segments.gantt import Stage, gantt
from karptui.tui.segments.line import Line, fit, fit_line, line_width, wrap
from karptui.tui.subject import Subject
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.timelines.claim_timeline import claim_timeline
from karptui.views.timelines.pod_timeline import PodTimelineView, Sibling, Usual, pod_timeline
from karptui.views.wording import duration, plural, short_node

_POD, _NODE = 18, 18
NOT_DRAWN = "not on the axis, which is of the way in and out"


class TimelineScreen(Frame):
    """The Gantt on top; below it the batch and the usual times, where there is room."""

    place = "timeline"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("timeline"), Binding("enter", "show_why", show=False)]
    DEFAULT_CSS = """
    TimelineScreen #stages-box { height: 16; }
    TimelineScreen #below { height: 1fr; }
    TimelineScreen #batch-box { width: 1fr; }
    TimelineScreen #usual-box { width: 40; }
    TimelineScreen.-narrow #stages-box { height: 1fr; }
    TimelineScreen.-narrow #below { display: none; }
    TimelineScreen.-claim #batch-box { display: none; }
    TimelineScreen.-claim #usual-box { width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._subject = Subject("", "")
        self._found: PodTimelineView | None = None

    def show_subject(self, subject: Subject) -> None:
        """Whose timeline."""
        self._subject = subject
        self.set_class(subject.kind == "claim", "-claim")
        if self.is_mounted:
            self.live.clock.dirty.mark("subject")

    @property
    def subject(self) -> Subject | None:
        """Whose timeline."""
        return self._subject

    def body(self) -> ComposeResult:
        """Three boxes."""
        yield Panel("Timeline", TextPane((), id="stages"), id="stages-box")
        with Horizontal(id="below"):
            yield Panel("Its batch", TextPane((), id="batch"), id="batch-box")
            yield Panel("Against what was seen here", TextPane((), id="usual", focusable=False), id="usual-box")

    def on_mount(self) -> None:
        """Draw when something happens to it; while a stage lasts its bar grows every second."""
        super().on_mount()
        topics = ("subject", "pods", "nodeclaims", "decisions", "second", "frozen")
        self.live.clock.draws(self.query_one("#stages", TextPane), topics, self._draw)
        self.query_one("#stages", TextPane).focus()

    def _draw(self, topics: frozenset[str]) -> None:
        picture, (kind, key) = self.live.picture, self._subject
        make = claim_timeline if kind == "claim" else pod_timeline
        found = self._found = make(picture.world, key, picture.now())
        title = f"NodeClaim {key}   the way in and out" if kind == "claim" else f"Pod {key}   Pending to Bound"
        self.query_one("#stages-box", Panel).set_title(title)
        if found is None:
            self.query_one("#stages", TextPane).show([(("Nobody has seen this pod.", "dim"),)])
            return
        self.query_one("#stages", TextPane).show(lambda width: self._stage_lines(found, width))
        rows = len(found.siblings)
        self.query_one("#batch-box", Panel).set_title(f"Its batch, {plural(rows, 'pod')}" if rows else "Its batch")
        self.query_one("#batch", TextPane).show(lambda width: batch_lines(found.siblings, width, key))
        self.query_one("#usual", TextPane).show(usual_lines(found.usual))

    def _stage_lines(self, found: PodTimelineView, width: int) -> list[Line]:
        facts: Line = ((found.facts, "dim"),)
        summary: Line = ((found.summary, "strong"),)
        wide = self.size.width >= NARROW
        if wide and line_width(facts) + line_width(summary) + 2 <= width:
            lines = [(*fit_line(facts, width - line_width(summary)), *summary), ()]
        else:
            lines = [summary, facts, ()]
        if found.refused:
            lines += [*wrap(((found.refused, "bad"),), width), ()]
        lines += gantt([_stage(bar) for bar in found.bars], width, found.length)
        if not wide:
            lines += [(), *usual_lines(found.usual)]
        return lines

    def action_show_why(self) -> None:
        """The decision behind it."""
        if self.shown_decision:
            self.live.show("decision", Subject("decision", self.shown_decision))
        else:
            self.live.tell("No decision of karptui stands behind this.")

    @property
    def shown_decision(self) -> str:
        """The decision behind it."""
        return self._found.decision if self._found is not None else ""

    def sentence(self) -> str:
        """Where the time went."""
        if self._found is None:
            return f"nobody has seen {self._subject.key}"
        return f"{self._found.summary}: {self._found.sentence}"


def _stage(bar: object) -> Stage:
    from karptui.views.timelines.pod_timeline import Bar

    assert isinstance(bar, Bar)
    note = NOT_DRAWN if bar.aside else bar.text
    return Stage(bar.name, bar.start, bar.end, bar.source, note, bar.role, bar.late, bar.aside)


def batch_lines(siblings: list[Sibling], width: int, own: str) -> list[Line]:
    """One line a pod: when it was bound, where to, and its stages as a band; all bands share one scale."""
    if not siblings:
        return [(("No decision of karptui stands behind it.", "dim"),)]
    names = [entry.key.partition("/")[2] for entry in siblings]
    pod = min(max(_POD, (width - 40) // 2), max(map(len, names)))
    node_width = min(_NODE, max(4, *(len(short_node(entry.node)) for entry in siblings)))
    room = max(width - pod - node_width - 12, 8)
    last = max((end for entry in siblings for _, _, end in entry.stages), default=1.0)
    cell = next(
        size for size in (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 86400) if last / size <= room
    )
    title = f"1 cell {cell:g}s  ░wait ▒launch ▓boot █start ▄bound"
    title = title if len(title) <= room else f"1 cell {cell:g}s"
    lines: list[Line] = [
        (
            (fit("POD", pod + 1), "dim"),
            (fit("BOUND", 7, "right"), "dim"),
            (f"  {fit('NODE', node_width)} ", "dim"),
            (title, "dim"),
        )
    ]
    for name, entry in zip(names, siblings, strict=True):
        start = min((begin for _, begin, _ in entry.stages), default=0.0)
        parts = ((start, ""), *((end - begin, role) for role, begin, end in entry.stages))
        band = StageBand(parts[1:] if start < cell / 2 else parts, cell).draw(room)
        bound = duration(entry.bound) if entry.bound is not None else "waits"
        lines.append(
            (
                (fit(name, pod, where="middle"), "strong" if entry.key == own else "text"),
                (" ", "text"),
                (fit(bound, 7, "right"), "text" if entry.bound is not None else "pending"),
                (f"  {fit(short_node(entry.node), node_width, where='middle')} ", "dim"),
                *band,
            )
        )
    return lines


def usual_lines(usual: list[Usual]) -> list[Line]:
    """Median and 95th percentile of what was seen here, and this one; ▲ where it took a fifth longer."""
    if not usual:
        return [(("Nothing to compare with yet.", "dim"),)]
    lines: list[Line] = [((f"{'STAGE':<9}{'p50':>8}{'p95':>8}{'this':>8}", "dim"),)]
    for row in usual:
        late = row.this is not None and row.this > 1.2 * row.p50
        this = duration(row.this) if row.this is not None else "-"
        lines.append(
            (
                (f"{row.stage:<9}", "text"),
                (f"{duration(row.p50):>8}{duration(row.p95):>8}", "dim"),
                (f"{this:>8}", "strong" if row.this is not None else "dim"),
                (" ▲" if late else "", "warn"),
            )
        )
    return lines
