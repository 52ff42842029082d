"""User data, by which an instance becomes a node."""
