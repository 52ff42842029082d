"""Every object of one kind, as k9s' prompt asks for them: nodes, NodePools, NodeClaims, NodeClasses,
PodDisruptionBudgets."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from karptui.model.disruption import Survey
from karptui.tui.acting import Acting
from karptui.tui.actions import OBJECT_LISTS, bindings_of
from karptui.tui.lists import tables
from karptui.tui.lists.object_tables import PDBS, class_table
from karptui.tui.node_listing import nodes_listing
from karptui.tui.screens.detail import NAMES
from karptui.tui.screens.frame import Frame
from karptui.tui.screens.narrowed import Narrowed
from karptui.tui.subject import Subject
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.views.emptiness import nothing
from karptui.views.lists.object_lists import all_claims, class_rows, holdings, pdb_rows
from karptui.views.wording import monthly, plural

_TITLES = {found.resource: found.title for found in OBJECT_LISTS}
_SINGULAR = {found.resource: NAMES[found.kind] for found in OBJECT_LISTS}
_TOPICS = {
    "nodes": ("nodes", "catalogue", "marked", "survey", "second"),
    "nodepools": ("nodepools", "nodes", "pods", "catalogue"),
    "nodeclaims": ("nodeclaims", "nodes", "second"),
    "nodeclasses": ("nodeclasses", "nodepools", "nodes", "second"),
    "poddisruptionbudgets": ("poddisruptionbudgets", "survey", "second"),
}


class ObjectsScreen(Acting, Narrowed, Frame):
    """One list for each kind, of which one is shown; below it why, for the row under the cursor."""

    place = "objects"
    why_below = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("objects")]

    def __init__(self) -> None:
        super().__init__()
        self._resource = "nodes"

    def body(self) -> ComposeResult:
        """The lists."""
        lists = {
            "nodes": nodes_listing(self.live),
            "nodepools": Listing(tables.POOLS, "pool", id="nodepools"),
            "nodeclaims": Listing(tables.CLAIMS, "claim", id="nodeclaims"),
            "nodeclasses": Listing(class_table(self.live.picture.now), "class", id="nodeclasses"),
            "poddisruptionbudgets": Listing(PDBS, "pdb", id="poddisruptionbudgets"),
        }
        for resource, listing in lists.items():
            yield Panel(_TITLES[resource], listing, id=f"{resource}-box")

    def on_mount(self) -> None:
        """Say what each list is drawn from."""
        super().on_mount()
        for resource, topics in _TOPICS.items():
            drawn = (*topics, "unit", "frozen", "filter", "streams")
            self.live.clock.draws(self.query_one(f"#{resource}", Listing), drawn, self._drawer(resource))
        self._show_kind()
        self.narrow_now()

    def show_subject(self, subject: Subject) -> None:
        """Which kind is listed."""
        self._resource = subject.kind
        if self.is_mounted:
            self._show_kind()

    def _show_kind(self) -> None:
        for resource in _TOPICS:
            self.query_one(f"#{resource}-box").display = resource == self._resource
        self.query_one(f"#{self._resource}", Listing).focus()
        self.live.clock.dirty.mark("cursor")
        self.live.clock.draw_again(self)

    @property
    def listing(self) -> "Listing[Any] | None":
        """The one that is shown."""
        return self.query_one(f"#{self._resource}", Listing) if self.is_attached else None

    def lists(self) -> "list[Listing[Any]]":
        """The one that is shown."""
        return [self.query_one(f"#{self._resource}", Listing)]

    def _drawer(self, resource: str) -> Any:
        def draw(_: frozenset[str]) -> None:
            listing = self.query_one(f"#{resource}", Listing)
            listing.say_of_nothing(nothing(self.live.picture.world, resource))
            listing.show(self._rows(resource), self.live.unit)
            if resource == "nodes":
                listing.set_marked(self.live.marked)
            shown, of = listing.counts
            chosen = listing.chosen_filter
            words = f"{_TITLES[resource]}, {shown:,} of {of:,}" if chosen else f"{_TITLES[resource]} {of:,}"
            self.query_one(f"#{resource}-box", Panel).set_title(words, f"/ {chosen.source}" if chosen else "")

        return draw

    def _rows(self, resource: str) -> Sequence[Any]:
        picture = self.live.picture
        world, now = picture.world, picture.now()
        if resource in ("nodes", "poddisruptionbudgets"):
            self.live.surveying.ask(world, now)
        match resource:
            case "nodes":
                return picture.nodes()
            case "nodepools":
                return picture.pools()
            case "nodeclaims":
                return all_claims(world, picture.waiting(), now)
            case "nodeclasses":
                return class_rows(world, picture.pools())
            case _:
                return pdb_rows(world, self._survey())

    def _survey(self) -> Survey | None:
        """What holds each node, as far as it was looked into."""
        return self.live.surveying.latest

    def subject_of(self, listing: "Listing[Any]", key: str) -> Subject | None:
        """What the row is; nodes without a NodePool have no why of their own."""
        return Subject(listing.kind, key) if key != "(no pool)" else None

    def sentence(self) -> str:
        """What is wrong here, if anything is."""
        world, resource = self.live.picture.world, self._resource
        if resource == "nodeclasses":
            broken = [row for row in class_rows(world, self.live.picture.pools()) if row.ready is False]
            if broken:
                return f"{broken[0].kind} {broken[0].name} is not Ready: {broken[0].wrong}"
        if resource == "poddisruptionbudgets":
            held = {entry.node: entry.saves for entries in holdings(self._survey()).values() for entry in entries}
            shut = [found for found in world.of(resource).values() if not found.disruptions_allowed]
            if shut:
                of = f"{plural(len(shut), 'PodDisruptionBudget')} of {len(world.of(resource)):,}"
                keeps = f": {plural(len(held), 'node')} kept" if held else ""
                allow, saves = "allows" if len(shut) == 1 else "allow", sum(held.values())
                return f"{of} {allow} no eviction now{keeps}" + (f", {monthly(saves)}" if saves else "")
        count = len(world.of(resource))
        return f"1 {_SINGULAR[resource]}" if count == 1 else f"{count:,} {_TITLES[resource]}"
