"""The list of nodes as the Overview and the list of all nodes show it: with why each is still here, and with the
labels that were asked for."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from karptui.tui.lists import tables
from karptui.tui.lists.money import Unit
from karptui.tui.lists.node_tables import nodes_table, with_extended
from karptui.tui.lists.table import Table
from karptui.tui.widgets.listing import Listing
from karptui.views.lists.open_savings import hold_note, holding
from karptui.views.lists.overview import NodeRow, NodeRows

if TYPE_CHECKING:
    from karptui.tui.live import Live


class NodesListing(Listing[NodeRow]):
    """Has a column for GPUs and other extended resources while some node has any."""

    def __init__(self, table: Table[NodeRow]) -> None:
        super().__init__(table, "node", empty="No node yet.", id="nodes")
        self._plain, self._extended = table, frozenset[str]()

    def show(self, items: Sequence[NodeRow], unit: Unit | None = None) -> None:
        """Show these nodes."""
        names = items.extended if isinstance(items, NodeRows) else frozenset[str]()
        if names != self._extended:
            self._extended = names
            self.use(with_extended(self._plain, names) if names else self._plain)
        super().show(items, unit)


def nodes_listing(live: "Live") -> NodesListing:
    """The list, empty yet."""

    def note_of(row: NodeRow) -> tuple[str, str]:
        """What the disruption engine says of a node."""
        outcome = holding(live.picture.world, row.key, live.surveying.latest)
        return hold_note(outcome) if outcome is not None else ("", "")

    def labels_of(row: NodeRow) -> Mapping[str, str]:
        node = live.picture.world.of("nodes").get(row.key)
        return node.metadata.labels if node is not None else {}

    table = tables.with_labels(nodes_table(note_of), live.extra_labels, labels_of)
    return NodesListing(table)
