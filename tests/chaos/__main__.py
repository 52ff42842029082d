"""`python -m tests.chaos [--points N] [--workers N] [drift:before:17 ...]`: a death before and after each call.

Prints a line for each point, a sentence for each that did not end, and the sum; exit code 1 on a fault.
"""

import argparse
import asyncio
import sys
import time

from tests.chaos.campaign import Played, Worker, breach, campaign, double, leak, points_of, polite
from tests.chaos.death import Point
from tests.chaos.story import ACTS

WORKERS = 4


async def chaos(most: int | None, workers: int, named: list[Point]) -> int:
    """Play the named points, or as many as there are; the number of faults."""
    points = named
    calls: dict[str, int] = {}
    first = Worker()
    try:
        for act in () if named else ACTS:
            plain = await first.play(act, None)
            seen = f"{plain.calls} calls, {plain.evictions} evictions"
            print(f"{act} without a death: {seen}, faults {plain.faults or 'none'}", flush=True)
            if plain.faults:
                return len(plain.faults)
            calls[act] = plain.calls
    finally:
        await first.stop()
    if not points:
        points = points_of(calls, most)
    began, done = time.monotonic(), 0

    def tell(played: Played) -> None:
        nonlocal done
        done += 1
        outcome = played.outcome
        died = f"died at {outcome.where}" if outcome.died else "lived: there was no such call this time"
        words = "; ".join(outcome.faults) or ("all held at the second try" if played.first else "all held")
        print(f"{done}/{len(points)} {outcome.point}: {died}, {played.seconds:.1f}s, {words}", flush=True)

    played = await campaign(points, workers, tell)
    return _sum(played, time.monotonic() - began)


def _sum(played: list[Played], seconds: float) -> int:
    outcomes = [entry.outcome for entry in played]
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    for entry in played:
        if entry.first:
            end = "was not brought to an end" if entry.outcome.faults else "ended at the second, slower try"
            print(f"{entry.outcome.point} (at {entry.outcome.where}) {end}: {entry.first}")
    leaks, doubles, breaches = (sum(map(kind, faults)) for kind in (leak, double, breach))
    print(
        f"points tried {sum(outcome.died for outcome in outcomes)}, leaks {leaks}, double launches {doubles}, "
        f"PDB breaches {breaches} (of {sum(outcome.evictions for outcome in outcomes)} evictions), "
        f"not brought to an end {len(faults) - leaks - doubles - breaches}, "
        f"second tries {sum(bool(entry.first) for entry in played)}, in {seconds / 60:.0f} min"
    )
    return len(faults)


def _point(text: str) -> Point:
    act, moment, number = [*text.split(":"), "", ""][:3]
    if act not in ACTS or moment not in ("before", "after") or not number.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is no point: ACT:before:17 or ACT:after:17, ACT {', '.join(ACTS)}")
    return Point(act, moment, int(number))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--points", type=int, default=None, help="so many, spread evenly; all of them if not given")
    parser.add_argument("--workers", type=int, default=WORKERS, help="clusters at once")
    parser.add_argument("named", nargs="*", type=_point, help="only these: drift:before:17")
    asked = parser.parse_args()
    polite()
    return 1 if asyncio.run(chaos(asked.points, asked.workers, asked.named)) else 0


if __name__ == "__main__":
    sys.exit(main())
