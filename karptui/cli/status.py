"""`karptui status`."""

import asyncio
import sys

from karptui.cli.flags import Cluster, Output, observer


def status(*, cluster: Cluster | None = None, output: Output = None) -> int:
    """Print how a cluster stands, and what would be decided now, then end.

    Parameters
    ----------
    output
        text or json.
    """
    from karptui.report.status import status_json, status_text
    from karptui.settings import load_settings

    run = observer(cluster or Cluster(), load_settings())
    asyncio.run(run.look())
    print(status_json(run.world, run.now()) if output == "json" else status_text(run.world, run.now()))
    for problem in run.world.problems:
        print(f"karptui: {problem.message}", file=sys.stderr)
    return 0
