"""`karptui why`."""

from karptui.cli.looking import Looked, Written, answer


def why(name: str, /, *, looked: Looked | None = None, output: Written = "text") -> int:
    """Explain one thing: why a pod is pending, what a node is for, what a decision was made of.

    Parameters
    ----------
    name
        A pod (NAME or NAMESPACE/NAME), node, NodeClaim, NodePool, or decision (D-00001, as `karptui status` says).
    output
        text, json, md (Markdown) or csv.
    """
    from karptui.report.twins.explained import why_twin

    return answer(looked, output, lambda world, now: why_twin(world, name, now))
