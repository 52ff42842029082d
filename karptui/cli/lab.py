"""`karptui lab`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from karptui.failure import Failure

HIGHEST_PORT = 65_535


def lab(
    *,
    seed: str = "talk",
    speed: float = 1.0,
    port: int = 0,
    api_only: Annotated[bool, Parameter(negative=())] = False,
    kubeconfig: Path | None = None,
) -> int:
    """Serve the embedded cluster alone, for kubectl and for other programs, until ctrl-c.

    Parameters
    ----------
    seed
        Decides spot prices, capacity and delays.
    speed
        How many seconds pass in the cluster in a second.
    port
        Port of the API server on loopback; a free one if not given.
    api_only
        Only the API server: no controllers, no scheduler, no kubelets, no EC2.
    kubeconfig
        Where to write the kubeconfig; a new file in the temporary folder if not given.
    """
    import asyncio

    if not speed > 0:
        raise Failure(f"--speed {speed:g}: the speed must be more than 0")
    if not 0 <= port <= HIGHEST_PORT:
        raise Failure(f"--port {port}: a port is a number from 1 to {HIGHEST_PORT}")
    return asyncio.run(_serve(seed, speed, port, api_only, kubeconfig))


async def _serve(seed: str, speed: float, port: int, api_only: bool, kubeconfig: Path | None) -> int:
    from karptui.cli.playing import end_on_terminate
    from karptui.lab.lab import start_lab

    end_on_terminate()
    running = await start_lab(seed=seed, speed=speed, port=port, api_only=api_only, kubeconfig=kubeconfig)
    try:
        print(f"The cluster answers at {running.url}; try, in another terminal:", flush=True)
        print(f"  kubectl --kubeconfig {running.kubeconfig} get nodes,pods -A", flush=True)
        if running.ec2:
            print(f"EC2, SQS, SSM and IAM answer at {running.ec2}", flush=True)
        print("ctrl-c ends it.", flush=True)
        await running.wait()
    finally:
        await running.stop()
    raise Failure(f"the embedded cluster ended: {running.last_words or 'it said nothing'}")
