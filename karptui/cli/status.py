"""`karptui status`."""

from karptui.cli.looking import Looked, Written, answer


def status(*, looked: Looked | None = None, output: Written = "text") -> int:
    """Print how a cluster stands and what would be decided now: the sentence of the Overview and its boxes.

    Parameters
    ----------
    output
        text, json, md (Markdown) or csv.
    """
    from karptui.report.twins.standing import status_twin

    return answer(looked, output, status_twin)
