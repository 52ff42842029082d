"""Raw watch events, as an observer of the API server wrote them down, become a recording that `karptui replay` plays.

    python -m karptui.world.import_recording SOURCE TARGET [--cluster NAME]

SOURCE holds JSON lines, plain, gzipped or zstd-compressed: {"at": ISO time, "resource": plural, "event": {"type",
"object"}}. A line whose resource is "meta" may name the versions. Lines about Karpenter itself ("karpenter/metrics",
"karpenter/settings" ...) are no objects of the cluster and are passed over.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from karptui.failure import Failure
from karptui.world import events
from karptui.world.raw_watch import RawEvent, ends_first_list, recorded_lines
from karptui.world.recording import Header, RecordingWriter

SMALLEST = 19  # zstd's level: an import is done once, what it made is stored and read for ever


class _Line(msgspec.Struct):
    at: str
    resource: str
    event: RawEvent | None = None
    kubernetes: str = ""
    karpenter: str = ""


class _Sketch(msgspec.Struct):
    resource: str
    event: dict[str, msgspec.Raw] | None = None


_sketch = msgspec.json.Decoder(_Sketch)


def import_recording(
    source: Path, target: Path, cluster: str = "", kubernetes: str = "", karpenter: str = ""
) -> Counter[str]:
    """Write `target` from `source`; the count of events taken by resource, and of lines passed over under "".

    Raises Failure where the source cannot be read, naming the line.
    """
    counts: Counter[str] = Counter()
    decoder = msgspec.json.Decoder(_Line)
    writer: RecordingWriter | None = None
    try:
        for number, text in enumerate(recorded_lines(source), 1):
            try:
                line = decoder.decode(text)
                at = datetime.fromisoformat(line.at).timestamp()
            except (msgspec.MsgspecError, ValueError) as error:
                raise Failure(f"line {number} of {source} is no watch event: {error}") from error
            kubernetes, karpenter = line.kubernetes or kubernetes, line.karpenter or karpenter
            if line.event is None:
                counts[""] += 1
                continue
            if writer is None:
                header = Header(cluster=cluster, kubernetes=kubernetes, karpenter=karpenter, started=at)
                writer = RecordingWriter(target, header, SMALLEST)
                # All streams at once, or the first to have its list would be taken for the whole cluster.
                for resource in _resources(source):
                    writer.write(events.StreamChanged(at, resource, events.StreamState.SYNCING))
            for event in _events(at, line.resource, line.event):
                writer.write(event)
                counts[line.resource] += 1
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise Failure(f"{source} holds no watch events")
    return counts


def _resources(source: Path) -> list[str]:
    """The resources that have events, sorted."""
    found = set()
    for text in recorded_lines(source):
        try:
            line = _sketch.decode(text)
        except msgspec.MsgspecError:
            continue  # the second reading names the line
        if line.event is not None:
            found.add(line.resource)
    return sorted(found)


def _events(at: float, resource: str, event: RawEvent) -> Iterator[events.Event]:
    if ends_first_list(event):
        yield events.StreamChanged(at, resource, events.StreamState.LIVE)
    elif event.type in ("ADDED", "MODIFIED", "DELETED"):
        yield events.ObjectSeen(at, resource, events.Change(event.type.lower()), None, bytes(event.object))


def main(arguments: list[str] | None = None) -> int:
    """The command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m karptui.world.import_recording", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--cluster", default="", help="what screens call the cluster; by default the file's name")
    parser.add_argument("--kubernetes", default="", help="version of Kubernetes, where SOURCE does not say")
    parser.add_argument("--karpenter", default="", help="version of Karpenter, where SOURCE does not say")
    asked = parser.parse_args(arguments)
    try:
        counts = import_recording(asked.source, asked.target, asked.cluster, asked.kubernetes, asked.karpenter)
    except Failure as error:
        print(f"karptui: {error}", file=sys.stderr)
        return 1
    passed_over = counts.pop("", 0)
    print(f"{asked.target}: {counts.total()} events of {len(counts)} resources, {asked.target.stat().st_size} bytes")
    if passed_over:
        print(f"passed over {passed_over} lines that are no objects of the cluster")
    return 0


if __name__ == "__main__":
    sys.exit(main())
