"""`karptui nodes`."""

from karptui.cli.looking import Looked, Written, answer


def nodes(*, looked: Looked | None = None, extra_labels: str | None = None, output: Written = "text") -> int:
    """Print the nodes, dearest unused capacity first, and why each is still there.

    Parameters
    ----------
    extra_labels
        Labels, with commas between them, that get a column of their own.
    output
        text, json, md (Markdown) or csv.
    """
    from karptui.report.twins.objects import nodes_twin
    from karptui.settings import load_settings

    labels = load_settings(extra_labels=extra_labels).label_names
    return answer(looked, output, lambda world, now: nodes_twin(world, now, labels))
