"""EC2NodeClasses resolved: networks, images, profile, placement, reservations."""
