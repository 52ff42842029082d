"""`karptui decisions`."""

from karptui.cli.looking import Looked, Written, answer


def decisions(*, looked: Looked | None = None, output: Written = "text") -> int:
    """Print every decision, the newest first, and what became of it.

    Of a cluster that karptui looks at once, that is what would be decided now.

    Parameters
    ----------
    output
        text, json, md (Markdown) or csv.
    """
    from karptui.report.twins.objects import decisions_twin

    return answer(looked, output, decisions_twin)
