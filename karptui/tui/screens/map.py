"""Map (W4): how the cluster is packed, node by node; beside it the node under the cursor, below it the holes."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from karptui.tui.acting import Acting
from karptui.tui.actions import bindings_of
from karptui.tui.screens.frame import Frame
from karptui.tui.segments.bars import sparkline
from karptui.tui.segments.line import Line
from karptui.tui.subject import Subject
from karptui.tui.widgets.packing_map import PackingMap
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.row_messages import RowChosen
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.lists.open_savings import hold_text, holding
from karptui.views.lists.packing import (
    GROUPINGS,
    STEPS,
    Group,
    fullness,
    heats,
    legend,
    node_lines,
    packing,
    packing_lines,
)
from karptui.views.wording import percent, plural, short_node

TOPICS = ("nodes", "nodeclaims", "catalogue", "survey", "frozen", "marked", "second")


class MapScreen(Acting, Frame):
    """Cells in groups."""

    place = "map"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("map")]
    DEFAULT_CSS = """
    MapScreen #left { width: 1fr; }
    MapScreen #node-box { width: 40; }
    MapScreen #packing-box { height: 5; }
    MapScreen.-narrow #columns { layout: vertical; }
    MapScreen.-narrow #left { width: 100%; height: 1fr; }
    MapScreen.-narrow #node-box { width: 100%; height: 9; }
    MapScreen.-narrow #packing-box { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._grouping = 0
        self._heat = 0
        self._groups: list[Group] = []

    def body(self) -> ComposeResult:
        """Map, node, packing."""
        with Horizontal(id="columns"):
            with Vertical(id="left"):
                yield Panel("Packing map", PackingMap(id="map"), id="map-box")
                yield Panel("Packing", TextPane((), id="packing", focusable=False), id="packing-box")
            yield Panel("Node", TextPane((), indent=2, id="node", focusable=False), id="node-box")

    def on_mount(self) -> None:
        """Draw when nodes change; the node beside it follows the cursor."""
        super().on_mount()
        draws = self.live.clock.draws
        draws(self.query_one("#map", PackingMap), TOPICS, self._draw)
        draws(self.query_one("#node", TextPane), (*TOPICS, "cursor", "pods"), self._draw_node)
        self.query_one("#map", PackingMap).focus()

    def set_stale(self, stale: bool) -> None:
        """The map is dimmed like any list."""
        super().set_stale(stale)
        self.query_one("#map", PackingMap).set_stale(stale)

    def _draw(self, topics: frozenset[str]) -> None:
        picture, surveying = self.live.picture, self.live.surveying
        surveying.ask(picture.world, picture.now())
        rows = picture.nodes()
        possible = heats(rows)
        grouping, heat = GROUPINGS[self._grouping], possible[self._heat % len(possible)]
        self._groups = packing(picture.world, rows, surveying.latest, grouping, heat, picture.now())
        pane = self.query_one("#map", PackingMap)
        pane.show(self._groups, self.live.marked)
        marked = f"   {len(self.live.marked)} marked, w tries them" if self.live.marked else ""
        self.query_one("#map-box", Panel).set_title(
            f"Packing map by {grouping}, {'block' if pane.compact else 'bar'}: {heat}, dearest unused first",
            legend(self._groups, pane.compact, heat, pane.container_size.width - 4) if not marked else marked.strip(),
        )
        told = [*packing_lines(picture.world, self._groups, rows), self._histogram(heat)]
        self.query_one("#packing", TextPane).show(told)
        room = self.query_one("#left").size.height - pane.lines - 2
        self.query_one("#packing-box").styles.height = min(max(room, 5), len(told) + 2)

    def _histogram(self, heat: str) -> Line:
        """How many nodes are how full."""
        counted = fullness(self._groups)
        drawn = sparkline([count or None for count in counted], STEPS, low=0.0)
        words = f"  most: {plural(round(max(counted)), 'node')}" if any(counted) else ""
        return (("nodes by ", "dim"), (heat, "text"), ("  0% ", "dim"), *drawn, (" 100%", "dim"), (words, "dim"))

    def _draw_node(self, topics: frozenset[str]) -> None:
        picture, subject = self.live.picture, self.subject
        pane = self.query_one("#node", TextPane)
        if subject is None:
            pane.show([(("No node yet.", "dim"),)])
            return
        pane.show(node_lines(picture.world, subject.key, self.live.surveying.latest, picture.now()))
        self.query_one("#node-box", Panel).set_title("Node" if subject.kind == "node" else "NodeClaim", "⏎ in full")

    @property
    def subject(self) -> Subject | None:
        """The node under the cursor."""
        cell = self.query_one("#map", PackingMap).cursor_cell
        return Subject(cell.kind, cell.key) if cell is not None else None

    @on(PackingMap.Reshaped)
    def _reshaped(self) -> None:
        self._draw(frozenset())

    @on(RowChosen)
    def _node_chosen(self, event: RowChosen) -> None:
        event.stop()
        self.action_show_why()

    def action_group_rows(self) -> None:
        """By zone, pool, family or capacity type."""
        self._grouping = (self._grouping + 1) % len(GROUPINGS)
        self._redraw()

    def action_change_heat(self) -> None:
        """What the bars show."""
        self._heat = (self._heat + 1) % len(heats(self.live.picture.nodes()))
        self._redraw()

    def _redraw(self) -> None:
        self._draw(frozenset())

    def row_text(self) -> str:
        """The cell under the cursor as words."""
        cell = self.query_one("#map", PackingMap).cursor_cell
        return f"{cell.key} {cell.label} {cell.words}" if cell is not None else ""

    def sentence(self) -> str:
        """Whether the node under the cursor could go; else how well all are packed."""
        subject, surveying = self.subject, self.live.surveying
        if subject is None:
            return "there is no node yet"
        world = self.live.picture.world
        outcome = holding(world, subject.key, surveying.latest)
        name = short_node(subject.key)
        if outcome is not None:
            return f"{name} {hold_text(world, subject.key, outcome, self.live.picture.now())[0]}"
        whole = [group.packed for group in self._groups if group.nodes]
        least, most = percent(min(whole, default=0)), percent(max(whole, default=0))
        return f"{name}; {len(self._groups)} groups, packed {least} to {most}"
