"""A week of about 300 nodes: deploys, scale-downs and lost nodes; after each, passes until the cluster is at rest."""

from time import process_time

from karptui.kube.garbage import quiet_collection
from tests.engine.disruption.days import week

SEEDS = (1, 2)


def measure_week(seed: int) -> None:
    """How near to a fresh packing seven days of deploys, scale-downs and lost nodes leave about 300 nodes."""
    begin = process_time()
    days = week(seed=seed, workloads=510, events_a_day=4)
    fresh = days.packed_afresh()
    # A fleet that comes back on the way to rest ends the week with an error, so nothing went from A to B to A.
    print(
        f"seed {seed}: {len(days.nodes)} nodes, {len(days.pods)} pods: {len(days.commands)} commands in {days.passes} "
        f"passes, at rest after {days.longest} at most, "
        f"${days.cost():.2f}/h at its end, ${fresh:.2f}/h packed afresh ({days.cost() / fresh:.3f}); "
        f"{process_time() - begin:.1f} s cpu",
        flush=True,
    )


def main() -> None:
    """Prints one line a seed."""
    quiet_collection()
    for seed in SEEDS:
        measure_week(seed)


if __name__ == "__main__":
    main()
