"""What the cluster costs, and what it would with a change."""
