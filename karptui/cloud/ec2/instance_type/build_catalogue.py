"""Makes the shipped catalogue: `python -m karptui.cloud.ec2.instance_type.build_catalogue FOLDER`.

It stands beside the reader because both share the file's shape. FOLDER holds the figures that Karpenter's AWS provider
publishes: instance-types-al2023.json (labels, allocatable), ec2-on-demand-us-east-1.json, eni-limits.json,
network-bandwidth-mbps.json. Where types are offered and how they can be bought comes from moto's copy of EC2's answers.
"""

import gzip
import json
import sys
import zlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from karptui.cloud.ec2.instance_type.facts import ShippedFile

REGIONS = ("us-east-1", "us-west-2")
ZONE_IDS = {
    "us-east-1a": "use1-az6",
    "us-east-1b": "use1-az1",
    "us-east-1c": "use1-az2",
    "us-east-1d": "use1-az4",
    "us-east-1e": "use1-az3",
    "us-east-1f": "use1-az5",
    "us-west-2a": "usw2-az2",
    "us-west-2b": "usw2-az1",
    "us-west-2c": "usw2-az3",
    "us-west-2d": "usw2-az4",
}
"""Which zone has which id differs from account to account; these are one account's."""

PLAIN = {"cpu", "memory", "pods", "ephemeral-storage"}


def build(folder: Path) -> ShippedFile:
    """The catalogue made from the published figures in `folder`."""
    published: dict[str, Any] = json.loads((folder / "instance-types-al2023.json").read_text())
    prices: dict[str, Any] = json.loads((folder / "ec2-on-demand-us-east-1.json").read_text())
    limits: dict[str, Any] = json.loads((folder / "eni-limits.json").read_text())
    names = sorted(published)
    described = _moto("instance_types.json.gz")
    keys = sorted({key for entry in published.values() for key in entry["labels"]})
    resources: dict[str, dict[int, int]] = {}
    for index, name in enumerate(names):
        for resource, amount in published[name]["allocatable"].items():
            if resource not in PLAIN:
                resources.setdefault(resource, {})[index] = int(amount)
    usage = [described.get(name, {}).get("SupportedUsageClasses", ["on-demand", "spot"]) for name in names]
    return ShippedFile(
        as_of=prices["as_of"],
        price_region=prices["region"],
        zone_ids=ZONE_IDS,
        types=names,
        labels={key: [published[name]["labels"].get(key) for name in names] for key in keys},
        pods=[int(published[name]["allocatable"]["pods"]) for name in names],
        resources=resources,
        usage=usage,
        offered={region: _offered(region, names, set(described)) for region in REGIONS},
        on_demand=[prices["prices"].get(name) for name in names],
        branch_interfaces={
            name: entry["branch_interfaces"]
            for name, entry in sorted(limits.items())
            if entry["trunking"] and entry["branch_interfaces"]
        },
        bandwidth_mbps=json.loads((folder / "network-bandwidth-mbps.json").read_text()),
    )


def _moto(path: str) -> Any:
    return json.loads(gzip.decompress(files("moto.ec2").joinpath(f"resources/{path}").read_bytes()))


def _offered(region: str, names: list[str], described: set[str]) -> list[str | None]:
    """Letters of the zones of each type; None where nothing is known about the type."""
    letters: dict[str, set[str]] = {}
    for row in _moto(f"instance_type_offerings/availability-zone/{region}.json.gz"):
        letters.setdefault(row["InstanceType"], set()).add(row["Location"].removeprefix(region))
    return ["".join(sorted(letters.get(name, ()))) if name in described else None for name in names]


def main() -> None:
    """Writes data/catalogue.msgpack.z beside this file."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m karptui.cloud.ec2.instance_type.build_catalogue FOLDER")
    packed = zlib.compress(msgspec.msgpack.encode(build(Path(sys.argv[1]))), 9)
    target = Path(__file__).parents[1] / "data" / "catalogue.msgpack.z"
    target.write_bytes(packed)
    print(f"{target.name}: {len(packed):,} bytes")


if __name__ == "__main__":
    main()
