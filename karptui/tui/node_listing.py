"""The list of nodes as the Overview and the list of all nodes show it: with why each is still here, and with the
labels that were asked for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from karptui.tui import tables
from karptui.tui.widgets.listing import Listing
from karptui.views.open_savings import hold_note
from karptui.views.overview import NodeRow

if TYPE_CHECKING:
    from karptui.tui.live import Live


def nodes_listing(live: "Live") -> Listing[NodeRow]:
    """The list, empty yet."""

    def note_of(row: NodeRow) -> tuple[str, str]:
        """What the disruption engine says of a node."""
        survey = live.surveying.latest
        outcome = survey.nodes.get(row.key) if survey is not None else None
        return hold_note(outcome) if outcome is not None else ("", "")

    def labels_of(row: NodeRow) -> Mapping[str, str]:
        node = live.picture.world.of("nodes").get(row.key)
        return node.metadata.labels if node is not None else {}

    table = tables.with_labels(tables.nodes_table(note_of), live.extra_labels, labels_of)
    return Listing(table, "node", empty="No node yet.", id="nodes")
