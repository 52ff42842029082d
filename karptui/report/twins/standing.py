"""`karptui status`: how everything stands."""

from typing import Any

import msgspec

from karptui.report.status import status_data, status_sections, status_text
from karptui.report.twins.twin import Twin
from karptui.views.forms import Export
from karptui.views.head import head
from karptui.world.world import World


def status_twin(world: World, now: float) -> Twin:
    """The Overview. Its CSV is one line of figures."""
    found, top = status_data(world, now), head(world, "OBSERVE", now)
    figures: dict[str, Any] = {
        "cluster": top.cluster,
        "pending": top.pending,
        "oldestPendingSeconds": top.oldest,
        "boundP50Seconds": top.bound_p50,
        "boundP95Seconds": top.bound_p95,
        "nodes": top.nodes,
        "nodesComing": top.coming,
        "nodesDraining": top.draining,
        "usdPerHour": top.hourly,
        "nodesUnpriced": top.unpriced,
        "streamsLive": top.streams_live,
        "streams": top.streams,
        "sentence": found["sentence"],
    }
    boxes = [
        Export(title.capitalize(), tuple(columns), tuple(map(tuple, rows)))
        for title, columns, rows in status_sections(world, now)
        if rows
    ]
    return Twin(
        "status",
        found["sentence"],
        boxes,
        msgspec.to_builtins(found),
        [figures],
        text=status_text(world, now),
        whole=True,
    )
