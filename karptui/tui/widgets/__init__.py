"""Widgets that paint lines. Each shows what it is given and knows nothing of the world."""
