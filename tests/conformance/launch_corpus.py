"""The recorded launches and what EC2 says of the instance types in them, packed beside this file."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import zstandard

FOLDER = Path(__file__).parent
SCENARIOS = FOLDER / "launches.jsonl.zst"
CATALOGUE = FOLDER / "launch_catalogue.json.zst"


def _read(path: Path) -> str:
    return zstandard.ZstdDecompressor().decompress(path.read_bytes()).decode()


@cache
def _lines() -> dict[str, str]:
    """Scenarios as text by name, parsed when asked for."""
    lines = _read(SCENARIOS).splitlines()
    return {line.removeprefix('{"name":"').partition('"')[0]: line for line in lines}


def launch_names() -> list[str]:
    """The names of all scenarios: `<case>-<number>`."""
    return list(_lines())


def launch_scenario(name: str) -> dict[str, Any]:
    """One scenario."""
    return json.loads(_lines()[name])


@cache
def launch_catalogue() -> dict[str, Any]:
    """Instance types, their zones and prices."""
    return json.loads(_read(CATALOGUE))


def pack_launches(folder: Path) -> int:
    """Packs `ec2-launch/*.json` and `ec2-catalog.json` of a folder; how many scenarios there were."""
    files = sorted((folder / "ec2-launch").glob("*.json"))
    if not files:
        return 0
    lines: list[bytes] = []
    for file in files:
        content = json.loads(file.read_text())
        ordered = {"name": content.pop("name"), **content}
        # One line each; line separators that JSON leaves alone would break it, and it writes none.
        lines.append(json.dumps(ordered, separators=(",", ":")).encode())
    compressor = zstandard.ZstdCompressor(level=19)
    SCENARIOS.write_bytes(compressor.compress(b"\n".join(lines)))
    types = json.loads((folder / "ec2-catalog.json").read_text())
    CATALOGUE.write_bytes(compressor.compress(json.dumps(types, separators=(",", ":")).encode()))
    return len(files)
