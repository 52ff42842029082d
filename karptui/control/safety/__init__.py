"""Who may write, and what is held back: the gate, brakes, the Lease, and what is examined before the start."""
