"""Raw watch events become a recording."""

import gzip
import json
from pathlib import Path

import pytest

from karptui.kube.decode_recorded import decode_recorded
from karptui.world import events
from karptui.world.import_recording import main
from karptui.world.recording import Recording
from tests.world.recorded import pod_json

AT = "2026-11-21T12:29:02.172+00:00"
BOOKMARK = {"metadata": {"annotations": {"k8s.io/initial-events-end": "true"}}}
LINES = [
    {"at": AT, "resource": "meta", "kubernetes": "v1.35.4", "karpenter": "v1.14.1"},
    {"at": AT, "resource": "karpenter/metrics", "text": "karpenter_nodes 3"},
    {"at": AT, "resource": "pods", "event": {"type": "ADDED", "object": pod_json("a")}},
    {"at": AT, "resource": "pods", "event": {"type": "BOOKMARK", "object": BOOKMARK}},
    {"at": AT, "resource": "nodes", "event": {"type": "BOOKMARK", "object": BOOKMARK}},
    {"at": AT, "resource": "pods", "event": {"type": "DELETED", "object": pod_json("a")}},
    {"at": AT, "resource": "pods", "event": {"type": "BOOKMARK", "object": {"metadata": {}}}},
]


def test_objects_and_the_ends_of_first_lists_are_taken_the_rest_is_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "raw.jsonl.gz", tmp_path / "r.zst"
    source.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in LINES).encode()))
    assert main([str(source), str(target), "--cluster", "day"]) == 0
    assert "passed over 2 lines" in capsys.readouterr().out
    recording = Recording(target, decode_recorded)
    assert (recording.header.cluster, recording.header.kubernetes, recording.header.karpenter) == (
        "day",
        "v1.35.4",
        "v1.14.1",
    )
    found = list(recording.read())[1:]
    streams = [(event.resource, event.state.value) for event in found if isinstance(event, events.StreamChanged)]
    assert streams == [("nodes", "syncing"), ("pods", "syncing"), ("pods", "live"), ("nodes", "live")]
    assert [event.change.value for event in found if isinstance(event, events.ObjectSeen)] == ["added", "deleted"]
    assert all(event.at == 1795264142.172 for event in found)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "holds no watch events"),
        ('{"at": "yesterday", "resource": "pods", "event": {"type": "ADDED", "object": {}}}\n', "line 1"),
        (json.dumps(LINES[2]) + "\n{half", "line 2"),
    ],
    ids=["empty", "no time", "half a line"],
)
def test_a_source_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, sentence: str
) -> None:
    source = tmp_path / "raw.jsonl"
    source.write_text(content)
    assert main([str(source), str(tmp_path / "r.zst")]) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


def test_a_missing_source_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere"), str(tmp_path / "r.zst")]) == 1
    assert "nowhere" in capsys.readouterr().err
