"""`karptui pods`."""

from karptui.cli.looking import Looked, Written, answer


def pods(
    *, looked: Looked | None = None, extra_labels: str | None = None, pending: bool = False, output: Written = "text"
) -> int:
    """Print the pods that are not done: those that wait first, with what they wait for.

    Parameters
    ----------
    extra_labels
        Labels, with commas between them, that get a column of their own.
    pending
        Only pods that wait.
    output
        text, json, md (Markdown) or csv.
    """
    from karptui.report.twins.objects import pods_twin
    from karptui.settings import load_settings

    labels = load_settings(extra_labels=extra_labels).label_names
    return answer(looked, output, lambda world, now: pods_twin(world, now, labels, pending))
