"""`python -m tests.chaos [FIRST [LAST [STEP]]]`: a death before and after each call; exit code 1 on a fault."""

import asyncio
import sys
import time

from tests.chaos.death import Point
from tests.chaos.story import Outcome, chaotic_cluster, play

SPEED = 30.0


async def chaos(first: int, last: int | None, step: int) -> list[Outcome]:
    """The outcomes of every point from call `first` to call `last` (None: the last there is)."""
    outcomes: list[Outcome] = []
    async with chaotic_cluster(SPEED) as (cluster, aws):
        plain = await play(cluster, aws, None)
        seen = f"{plain.calls} calls, {plain.evictions} evictions"
        print(f"without a death: {seen}, faults {plain.faults or 'none'}", flush=True)
        outcomes.append(plain)
        for number in range(first, (last or plain.calls) + 1, step):
            for moment in ("before", "after"):
                began = time.monotonic()
                outcome = await play(cluster, aws, Point(moment, number))
                outcomes.append(outcome)
                died = f"died at {outcome.where}" if outcome.died else "lived"
                words = "; ".join(outcome.faults) or "all held"
                print(f"{outcome.point}: {died}, {time.monotonic() - began:.1f}s, {words}", flush=True)
    return outcomes


def main() -> int:
    given = [int(text) for text in sys.argv[1:]]
    first, last, step = (given[0] if given else 1), (given[1] if len(given) > 1 else None), (given[2:] or [1])[0]
    outcomes = asyncio.run(chaos(first, last, step))
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    tried = sum(outcome.died for outcome in outcomes)
    leaks = sum("without a" in fault for fault in faults)
    doubles = sum("instances for the NodeClaim" in fault for fault in faults)
    breaches = sum("past its budget" in fault for fault in faults)
    other = len(faults) - leaks - doubles - breaches
    print(
        f"points {tried}, leaks {leaks}, double launches {doubles}, PDB breaches {breaches} "
        f"(of {sum(outcome.evictions for outcome in outcomes)} evictions), not brought to an end {other}"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
