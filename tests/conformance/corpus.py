"""The scenarios and the catalog they refer to, packed beside this file."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import zstandard

FOLDER = Path(__file__).parent
SCHEDULING, DISRUPTION = "scheduling", "disruption"
"""The kinds of questions, each in a file `<kind>.jsonl.zst` of its own."""

CATALOG = FOLDER / "catalog.json.zst"


def _read(path: Path) -> str:
    return zstandard.ZstdDecompressor().decompress(path.read_bytes()).decode()


@cache
def _lines(kind: str) -> dict[str, str]:
    """Scenarios as text by name: parsing all of them at once would hold up every test run that wants one."""
    found: dict[str, str] = {}
    for line in _read(_packed(kind)).splitlines():
        name = line.removeprefix('{"name":"').partition('"')[0]
        found[name] = line
    return found


def _packed(kind: str) -> Path:
    return FOLDER / f"{kind}.jsonl.zst"


def names(kind: str = SCHEDULING) -> list[str]:
    """The names of all scenarios: `<family>-<number>`."""
    return list(_lines(kind))


def family(name: str) -> str:
    """What a scenario is about."""
    return name.rpartition("-")[0]


def scenario(name: str, kind: str = SCHEDULING) -> dict[str, Any]:
    """One scenario."""
    return json.loads(_lines(kind)[name])


@cache
def catalog() -> dict[str, Any]:
    """The instance types that scenarios name."""
    return json.loads(_read(CATALOG))


def pack(folder: Path) -> int:
    """Packs `<kind>/*.json` and `catalog.json` of a folder; how many scenarios there were."""
    compressor = zstandard.ZstdCompressor(level=19)
    count = 0
    for kind in (SCHEDULING, DISRUPTION):
        lines: list[bytes] = []
        for file in sorted((folder / kind).glob("*.json")):
            content = json.loads(file.read_text())
            ordered = {"name": content.pop("name"), **content}
            lines.append(json.dumps(ordered, separators=(",", ":")).encode())
        if lines:
            _packed(kind).write_bytes(compressor.compress(b"\n".join(lines)))
        count += len(lines)
    types = json.loads((folder / "catalog.json").read_text())
    CATALOG.write_bytes(compressor.compress(json.dumps(types, separators=(",", ":")).encode()))
    return count
