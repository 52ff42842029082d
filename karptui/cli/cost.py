"""`karptui cost`."""

from karptui.cli.looking import Looked, Written, answer


def cost(*, looked: Looked | None = None, output: Written = "text") -> int:
    """Print what the cluster costs: by pool and namespace, what moves said and earned, savings nobody has taken.

    Parameters
    ----------
    output
        text, json, md (Markdown) or csv.
    """
    from karptui.report.twins.cost import cost_twin

    return answer(looked, output, cost_twin)
