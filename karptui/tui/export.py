"""In which forms a view can be taken away, for the palette."""

from typing import Literal

from karptui.tui.dialogs.palette import Entry

Format = Literal["svg", "md", "json", "csv"]
FORMATS: tuple[tuple[Format, str], ...] = (
    ("svg", "a picture of the screen (SVG)"),
    ("md", "Markdown"),
    ("json", "JSON"),
    ("csv", "CSV of the list with the focus"),
)


def export_entries() -> list[Entry]:
    """What can be done with a view, for the palette."""
    saves = [Entry("command", f"Save {words}", "export_as", f".{name}", (name,)) for name, words in FORMATS]
    forms = (("md", "Markdown"), ("json", "JSON"), ("csv", "CSV"))
    return saves + [Entry("command", f"Copy as {name}", "copy_as", "clipboard", (form,)) for form, name in forms]
