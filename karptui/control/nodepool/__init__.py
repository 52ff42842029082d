"""Controllers of NodePools, NodeClasses and NodeOverlays."""
