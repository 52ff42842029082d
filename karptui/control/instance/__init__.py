"""What becomes of instances in the cloud: interruptions, reservations that end, leftovers, tags."""
