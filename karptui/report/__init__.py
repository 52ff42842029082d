"""The views as text, JSON and metrics."""
