"""`python -m tests.chaos.worker SPEED`: one cluster, on which the acts that come on stdin are played, one a line.

A line is [act, point or null], each answer an Outcome as JSON. It ends with stdin, or after an act with a fault: what a
fault left behind must not be held against the next point.
"""

import asyncio
import sys

import msgspec

from tests.chaos.death import Point
from tests.chaos.stage import stage
from tests.chaos.story import play


async def _main(speed: float) -> None:
    async with stage(speed) as cluster:
        while line := await asyncio.to_thread(sys.stdin.readline):
            act, point = msgspec.json.decode(line, type=tuple[str, Point | None])
            outcome = await play(cluster, act, point)
            print(msgspec.json.encode(outcome).decode(), flush=True)
            if outcome.faults:
                return


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1])))
