"""What the nodes of a batch cost: as Karpenter chooses them, under policy cheapest, and beside the lower bound."""

from time import process_time

from karptui.engine.bound import NoSolver, lower_bound
from karptui.engine.cheapest import cheapest, price_of
from karptui.engine.provisioning import plan
from karptui.kube.garbage import quiet_collection
from karptui.model.snapshot import Options, Snapshot
from tests.bench.engine import benchmark_pool, benchmark_types, diverse, plain, shipped_types


def main() -> None:
    """Prints one line for every mix and catalogue."""
    quiet_collection()
    print(f"{'1,000 pods':<16}{'types':>6}{'bound $/h':>11}{'Karpenter':>18}{'cheapest':>18}{'nodes':>12}{'CPU s':>8}")
    for name, mix in (("diverse", diverse), ("plain, 50 sizes", plain(50))):
        for catalogue in (benchmark_types(), shipped_types()):
            world = Snapshot(1, 0.0, Options(), catalogue, mix(1000), node_pools={"default": benchmark_pool()})
            parity = plan(world)
            begun = process_time()
            other = cheapest(world, parity)
            seconds = process_time() - begun
            try:
                bound = lower_bound(world, parity)
            except NoSolver:
                bound = None
            least = bound.price if bound is not None else float("nan")
            prices = [f"{price_of(entry):.2f} ({price_of(entry) / least - 1:+.1%})" for entry in (parity, other)]
            nodes = f"{len(parity.claims)} → {len(other.claims)}"
            count = len(catalogue.types)
            print(f"{name:<16}{count:>6}{least:>11.2f}{prices[0]:>18}{prices[1]:>18}{nodes:>12}{seconds:>8.1f}")


if __name__ == "__main__":
    main()
