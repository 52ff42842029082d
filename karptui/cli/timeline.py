"""`karptui timeline`."""

from karptui.cli.looking import Looked, Written, answer


def timeline(name: str, /, *, looked: Looked | None = None, output: Written = "text") -> int:
    """Print the way of a pod or NodeClaim, stage by stage: who took how long, and what was late.

    Parameters
    ----------
    name
        A pod (NAME or NAMESPACE/NAME), NodeClaim, node, or decision.
    output
        text, json, md (Markdown) or csv.
    """
    from karptui.report.twins.explained import timeline_twin

    return answer(looked, output, lambda world, now: timeline_twin(world, name, now))
