"""What AWS says of instances by itself: the interruption queue, and their own status."""
