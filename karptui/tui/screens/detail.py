"""All about one thing: why, its Events, the object as YAML, and what hangs together with it."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from karptui.failure import Failure
from karptui.tui.actions import bindings_of
from karptui.tui.lists.table import Table
from karptui.tui.screens.frame import Frame
from karptui.tui.segments.line import Line, plain
from karptui.tui.subject import Subject
from karptui.tui.widgets.columns import Column
from karptui.tui.widgets.key_bar import KeyBar
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.answers.manifest import RESOURCE_OF, kept_object, remarks, yaml_lines
from karptui.views.answers.object_events import event_lines
from karptui.views.answers.relations import Relation, relations
from karptui.views.answers.why import ALL_PODS, Why
from karptui.views.wording import clock, duration, short_node

FACETS = ("why", "events", "yaml", "relations")
NAMES = {"node": "node", "claim": "NodeClaim", "pool": "NodePool", "class": "NodeClass", "pod": "pod",
         "decision": "decision", "pdb": "PodDisruptionBudget", "": ""}  # fmt: skip

RELATIONS: Table[Relation] = Table(
    columns=(
        Column("", 20, weight=1),
        Column("KIND", 9, most=19),
        Column("NAME", 24, weight=3, cut="middle"),
        Column("WHAT", 20, weight=3, drop=1, wraps=True),
    ),
    key=lambda row: row.key,
    cells=lambda row, unit: (
        (row.relation, "dim"),
        (NAMES[row.kind], "dim"),
        short_node(row.name) if row.kind == "node" else row.name,
        (row.text, "text"),
    ),
    words=lambda row: f"{row.relation} {NAMES[row.kind]} {row.name} {row.text}",
    fields=lambda row: {"kind": row.kind, "name": row.name},
)


def _name(subject: Subject) -> str:
    """`NodePool general`, `EC2NodeClass default`."""
    kind, key = subject
    return key.replace("/", " ", 1) if kind == "class" else f"{NAMES.get(kind, kind)} {key}".strip()


class DetailScreen(Frame):
    """One box; `e`, `y` and `r` show another side in it, the same key or esc leads back to why."""

    place = "detail"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("detail"), Binding("enter", "show_why", show=False)]
    DEFAULT_CSS = """
    DetailScreen #relations-box { display: none; }
    DetailScreen.-relations #relations-box { display: block; }
    DetailScreen.-relations #why-box { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._subject = Subject("", "")
        self._found = Why("", [])
        self._facet = "why"
        self._object: dict[str, Any] | None = None
        self._asked = False
        self._fault = ""

    def show_subject(self, subject: Subject, facet: str = "why") -> None:
        """What it is about."""
        self._subject, self._object, self._asked, self._fault = subject, None, False, ""
        self._found = Why("", [])
        if self.is_mounted:
            self.query_one("#relations", Listing).begin_anew()
            self.show_facet(facet)
        else:
            self._facet = facet

    def show_facet(self, facet: str) -> None:
        """Another side of it, from its top."""
        self._facet = facet
        self.live.forget_answer()
        self.set_class(facet == "relations", "-relations")
        self.query_one("#why", TextPane).scroll_to(y=0, animate=False)
        (self.query_one("#relations", Listing) if facet == "relations" else self.query_one("#why", TextPane)).focus()
        if facet == "yaml" and not self._asked:
            self.run_worker(self._fetch(self._subject), exit_on_error=False, exclusive=True)
        self.live.clock.dirty.mark("subject")
        self.live.clock.draw_now()

    @property
    def subject(self) -> Subject | None:
        """What it is about; among relations the one under the cursor."""
        listing = self.query_one("#relations", Listing)
        if self._facet == "relations" and listing.has_focus and (item := listing.item) is not None and item.kind:
            return Subject(item.kind, item.name)
        return self._subject

    @property
    def facet(self) -> str:
        """Which side is shown."""
        return self._facet

    def body(self) -> ComposeResult:
        """The text, and the list of relations."""
        yield Panel("Why", TextPane((), indent=4, id="why"), id="why-box")
        listing = Listing(RELATIONS, "relation", empty="Nothing else hangs together with it.", id="relations")
        yield Panel("Relations", listing, id="relations-box")

    def on_mount(self) -> None:
        """Draw when anything changes."""
        super().on_mount()
        topics = (
            "subject", "pods", "nodes", "nodeclaims", "nodepools", "decisions", "preview", "second", "frozen",
        )  # fmt: skip
        self.live.clock.draws(self.query_one("#why", TextPane), topics, self._draw)
        self.live.clock.draws(self.query_one("#relations", Listing), (*topics, "filter"), self._draw)
        self.show_facet(self._facet)

    def _draw(self, topics: frozenset[str]) -> None:
        picture, (kind, key) = self.live.picture, self._subject
        pane, panel = self.query_one("#why", TextPane), self.query_one("#why-box", Panel)
        name = _name(self._subject)
        match self._facet:
            case "events":
                world = picture.world
                pane.show(lambda width: event_lines(world, kind, key, width))
                panel.set_title(f"Events of {name}", "e back to why")
            case "yaml":
                pane.show(self._yaml_lines())
                panel.set_title(f"YAML of {name}", f"read only, {self._source()}   y back to why")
            case "relations":
                rows = relations(picture.world, kind, key, picture.now())
                self.query_one("#relations", Listing).show(rows)
                self.query_one("#relations-box", Panel).set_title(f"Relations of {name}", f"{len(rows):,}   ⏎ go there")
            case _:
                self._found = self.live.why(self._subject, most=ALL_PODS)
                pane.show(self._found.lines)
                note = f"⏎ {self._found.decision}" if self._found.decision else ""
                panel.set_title(self._found.title, note)
        self.query_one(KeyBar).offer("show_why", self._facet != "why" or bool(self._found.decision))

    # YAML

    async def _fetch(self, subject: Subject) -> None:
        """Ask the API server; what karptui keeps of the object stands in where there is none."""
        run, resource = self.live.run_shown, RESOURCE_OF.get(subject.kind)
        found, fault = None, ""
        if resource is not None:
            try:
                found = await run.fetch(resource, subject.key)
            except Failure as failure:
                fault = str(failure)
        if subject == self._subject:
            self._object, self._fault, self._asked = found, fault, True
            self.live.clock.dirty.mark("subject")

    def _source(self) -> str:
        """Where the YAML is from: the API server only knows the present."""
        if not self._asked:
            return "asked for"
        past = self.live.picture.past
        if self._object is not None:
            return "from the API server just now" if past is None else f"as it is NOW, not as at {clock(past)}"
        then = f" at {clock(past)}" if past is not None else ""
        return f"what karptui keeps of it{then}" + (f": {self._fault}" if self._fault else "")

    def _yaml_lines(self) -> list[Line]:
        if not self._asked:
            return [(("Reading it…", "dim"),)]
        if self._object:
            return yaml_lines(self._object)
        found = kept_object(self.live.picture.world, *self._subject)
        return yaml_lines(found, remarks(self._subject.kind)) if found else [(("It is gone.", "dim"),)]

    # What can be done

    def _toggle(self, facet: str) -> None:
        self.show_facet("why" if self._facet == facet else facet)

    def action_show_events(self) -> None:
        """Its Events, or back."""
        self._toggle("events")

    def action_show_yaml(self) -> None:
        """The object as YAML, or back."""
        self._toggle("yaml")

    def action_show_relations(self) -> None:
        """What hangs together with it, or back."""
        self._toggle("relations")

    def action_leave(self) -> None:
        """Back to why, then to where one came from."""
        listing = self.query_one("#relations", Listing)
        if self._facet != "why" and not listing.chosen_filter:
            self.show_facet("why")
            return
        super().action_leave()

    def action_show_why(self) -> None:
        """The decision behind it; among relations, there."""
        if self._facet == "relations":
            item: Any = self.query_one("#relations", Listing).item
            if item is None or not item.kind:
                self.live.tell("karptui has no screen about that.")
            else:
                self.live.show_why(Subject(item.kind, item.name))
        elif decision := self.shown_decision:
            self.live.show("decision", Subject("decision", decision))
        else:
            self.live.tell("No decision of karptui stands behind this.")

    @property
    def shown_decision(self) -> str:
        """The decision behind it, which is only known before where why was shown."""
        return self._found.decision or self.live.why(self._subject).decision

    def row_text(self) -> str:
        """All of the text."""
        if self._facet == "relations":
            return super().row_text()
        return "\n".join(plain(line) for line in self.query_one("#why", TextPane).lines)

    def sentence(self) -> str:
        """The first line."""
        if self._facet == "events":
            seen = self.live.picture.now() - self.live.picture.world.at
            return f"what Kubernetes says about {_name(self._subject)}, as of {duration(max(seen, 0.0))} ago"
        if self._facet == "yaml":
            return f"{_name(self._subject)}: {self._source()}"
        if self._facet == "relations":
            return f"what hangs together with {_name(self._subject)}, nearest first"
        return f"{self._found.title}: {plain(self._found.lines[0])}" if self._found.lines else self._found.title
