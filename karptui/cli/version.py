"""`karptui version`."""

from karptui import __version__


def version() -> None:
    """Print the version."""
    print(f"karptui {__version__}")
