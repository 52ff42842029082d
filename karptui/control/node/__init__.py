"""Controllers of nodes: drain, evictions, repair."""
