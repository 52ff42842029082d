"""`karptui why`."""

import asyncio

from karptui.cli.flags import Cluster, Output, observer


def why(name: str, /, *, cluster: Cluster | None = None, output: Output = None) -> int:
    """Explain one thing: why a pod is pending, what a node is for, what a decision was made of.

    Parameters
    ----------
    name
        A pod (NAME or NAMESPACE/NAME), node, NodeClaim, NodePool, or decision (D-00001, as `karptui status` says).
    output
        text or json.
    """
    from karptui.report.answer import answer_json, answer_text
    from karptui.settings import load_settings

    run = observer(cluster or Cluster(), load_settings())
    asyncio.run(run.look())
    print((answer_json if output == "json" else answer_text)(run.world, name, run.now()))
    return 0
