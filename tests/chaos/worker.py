"""`python -m tests.chaos.worker SPEED`: one cluster, on which the points that come on stdin are played, one a line.

Each answer is an Outcome as JSON on a line. It ends with stdin, or after a play with a fault: what a fault left behind
must not be held against the next point.
"""

import asyncio
import sys

import msgspec

from tests.chaos.death import Point
from tests.chaos.story import chaotic_cluster, play


async def _main(speed: float) -> None:
    async with chaotic_cluster(speed) as (cluster, aws):
        while line := await asyncio.to_thread(sys.stdin.readline):
            outcome = await play(cluster, aws, msgspec.json.decode(line, type=Point | None))
            print(msgspec.json.encode(outcome).decode(), flush=True)
            if outcome.faults:
                return


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1])))
