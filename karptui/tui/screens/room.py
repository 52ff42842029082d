"""How small a terminal may be, and what is said when it is."""

LEAST = (60, 20)
COMFORT = (80, 24)
"""Everything has its place from here on; below it columns and boxes are left out."""


def too_small(width: int, height: int) -> str:
    """What stands on a screen on which there is no room for more than the sentence, else ""."""
    if width >= LEAST[0] and height >= LEAST[1]:
        return ""
    return f"karptui needs {LEAST[0]} columns and {LEAST[1]} lines; here are {width} and {height}."


def small(width: int, height: int) -> str:
    """The notice where something is left out, else ""."""
    if too_small(width, height) or (width >= COMFORT[0] and height >= COMFORT[1]):
        return ""
    return f"{width} columns, {height} lines: some are left out; {COMFORT[0]} by {COMFORT[1]} show all."
