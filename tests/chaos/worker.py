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
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with stage(speed) as cluster:
        line = await lines.readline()
        while line:
            act, point = msgspec.json.decode(line, type=tuple[str, Point | None])
            playing = asyncio.ensure_future(play(cluster, act, point))
            coming = asyncio.ensure_future(lines.readline())
            await asyncio.wait((playing, coming), return_when=asyncio.FIRST_COMPLETED)
            if not playing.done():  # whoever asked is gone: the cluster and its controller shall not outlive it
                playing.cancel()
                await asyncio.gather(playing, return_exceptions=True)
                return
            outcome = await playing
            print(msgspec.json.encode(outcome).decode(), flush=True)
            if outcome.faults:
                coming.cancel()
                return
            line = await coming


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1])))
