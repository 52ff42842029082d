"""Recordings: what is written is read, and what is broken says so in one sentence."""

import json
from pathlib import Path

import pytest
import zstandard

from karptui.kube.decode_recorded import decode_recorded
from karptui.model.decision import Decision, DecisionKind, PlannedClaim
from karptui.world import events
from karptui.world.events import Change, StreamState
from karptui.world.marks import mark_of
from karptui.world.recording import Header, Recording, RecordingError, RecordingWriter, check_writable
from tests.world.recorded import RECORDING, STARTED, decode, pod_json, recorded_events


def pod_seen(at: float, name: str = "web-1") -> events.ObjectSeen:
    manifest = pod_json(name)
    return events.ObjectSeen(at, "pods", Change.ADDED, decode("pods", manifest), json.dumps(manifest).encode())


def written(path: Path, *what: events.Event) -> Path:
    writer = RecordingWriter(path, Header(cluster="c", started=STARTED))
    for event in what:
        writer.write(event)
    writer.close()
    return path


def compress(path: Path, *lines: object) -> Path:
    text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    path.write_bytes(zstandard.ZstdCompressor().compress(text.encode()))
    return path


HEADER = {"format": "karptui-recording", "version": 1, "cluster": "c", "started": STARTED}


def test_what_is_written_is_read_back_in_order(tmp_path: Path) -> None:
    claim = PlannedClaim("default", ("default/web-1",), (), ("m5.large",), {"cpu": 10**9}, price=0.096)
    decision = Decision("D-00001", STARTED + 3, DecisionKind.LAUNCH, ("default/web-1",), claim=claim)
    what: list[events.Event] = [
        events.StreamChanged(STARTED, "pods", StreamState.LIVE),
        pod_seen(STARTED + 1),
        events.DecisionMade(STARTED + 3, decision),
        events.DecisionCarriedOut(STARTED + 4, "D-00001", "default-abcde", "created"),
        events.CloudCalled(STARTED + 5, "CreateFleet", "default-abcde", "m5.large"),
        events.InterruptionSeen(STARTED + 6, "i-1", "spot_interrupted", STARTED + 126),
        events.Narrated(STARTED + 7, 1, "act one"),
        events.Problem(STARTED + 8, "pods", "Not allowed"),
    ]
    recording = Recording(written(tmp_path / "r.zst", *what), decode_recorded)
    assert recording.header.cluster == "c"
    connected, stream, seen, made, *rest = list(recording.read())
    assert isinstance(connected, events.Connected)
    assert connected.source == "recording"
    assert stream == what[0]
    assert isinstance(seen, events.ObjectSeen)
    assert (seen.at, seen.change, seen.object.key, seen.raw) == (STARTED + 1, Change.ADDED, "default/web-1", None)
    assert isinstance(made, events.DecisionMade)
    assert made.decision.claim is not None
    assert made.decision.claim.instance_types == ("m5.large",)
    assert rest == what[3:]
    assert recording.problem == ""


def test_the_shipped_recording_survives_being_recorded_again(tmp_path: Path) -> None:
    first = list(recorded_events(keep_raw=True))
    second = list(Recording(written(tmp_path / "again.zst", *first), decode_recorded).read(keep_raw=True))
    assert [(event.at, getattr(event, "raw", None)) for event in first[1:]] == [
        (event.at, getattr(event, "raw", None)) for event in second[1:]
    ]


def karpenter_said(at: float, reason: str, kind: str = "NodeClaim") -> events.ObjectSeen:
    when = "2026-11-21T12:29:10Z"
    manifest = {
        "metadata": {"name": f"{kind}.{reason}.{at:.0f}", "namespace": "default"}, "reason": reason,
        "message": "SpotInterrupted is only named here", "type": "Warning", "lastTimestamp": when,
        "involvedObject": {"kind": kind, "name": "default-abcde"}, "source": {"component": "karpenter"},
    }  # fmt: skip
    return events.ObjectSeen(at, "events", Change.ADDED, decode("events", manifest), json.dumps(manifest).encode())


def test_the_outline_marks_ahead_all_that_is_marked_as_it_is_played(tmp_path: Path) -> None:
    path = written(
        tmp_path / "r.zst",
        *recorded_events(keep_raw=True),
        karpenter_said(STARTED + 60, "SpotInterrupted"),
        karpenter_said(STARTED + 61, "SpotInterrupted", "Node"),
        karpenter_said(STARTED + 62, "DisruptionBlocked"),
        karpenter_said(STARTED + 63, "InstanceTerminating"),
        events.InterruptionSeen(STARTED + 64, "i-1", "spot_interrupted", STARTED + 184),
    )
    played = [mark for event in Recording(path, decode_recorded).read() if (mark := mark_of(event)) is not None]
    marks = Recording(path, decode_recorded).outline().marks
    assert list(marks) == played
    ahead = [mark.at - STARTED for mark in marks if mark.kind == "interruption"]
    assert ahead == pytest.approx([60.0, 63.0, 64.0])


def test_a_reader_gets_everything_that_was_flushed_while_the_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "r.zst"
    writer = RecordingWriter(path, Header(cluster="c", started=STARTED))
    for number in range(50):
        writer.write(pod_seen(STARTED + number, f"web-{number}"))
    writer.flush()
    writer.write(pod_seen(STARTED + 99, "not-flushed"))
    recording = Recording(path, decode_recorded)
    names = [event.object.metadata.name for event in recording.read() if isinstance(event, events.ObjectSeen)]
    assert names == [f"web-{number}" for number in range(50)]
    assert "cut off" in recording.problem
    writer.close()
    whole = Recording(path, decode_recorded)
    assert sum(isinstance(event, events.ObjectSeen) for event in whole.read()) == 51
    assert whole.problem == ""


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_truncated_file_plays_up_to_the_cut_and_says_so(tmp_path: Path, share: float) -> None:
    whole = RECORDING.read_bytes()
    path = tmp_path / "cut.zst"
    path.write_bytes(whole[: int(len(whole) * share)])
    recording = Recording(path, decode_recorded) if share > 0.5 else None
    if recording is None:
        # The shipped file is compressed in few blocks: little of it may be readable at all.
        try:
            recording = Recording(path, decode_recorded)
        except RecordingError as error:
            assert "cut off" in str(error)
            return
    list(recording.read())
    assert "cut off" in recording.problem
    assert str(path) in recording.problem


def test_half_a_line_at_the_end_is_left_out_and_said(tmp_path: Path) -> None:
    path = compress(tmp_path / "r.zst", HEADER, _line("a"), json.dumps(_line("b"))[:-20])
    recording = Recording(path, decode_recorded)
    assert len(list(recording.read())) == 2
    assert "cut off" in recording.problem


def _line(name: str, **change: object) -> dict[str, object]:
    return {"at": STARTED + 1, "resource": "pods", "type": "ADDED", "object": pod_json(name), **change}


def test_lines_that_cannot_be_read_are_counted_and_the_others_played(tmp_path: Path) -> None:
    broken = pod_json("broken")
    broken["spec"]["containers"] = "none"
    path = compress(
        tmp_path / "r.zst",
        HEADER,
        _line("a"),
        "not json\n",
        _line("b", object=broken),
        _line("c", type="EXPLODED"),
        _line("d", resource="leases"),
        _line("e"),
    )
    recording = Recording(path, decode_recorded)
    names = [event.object.metadata.name for event in recording.read() if isinstance(event, events.ObjectSeen)]
    assert names == ["a", "e"]
    assert recording.problem == f"{path} has 3 lines that could not be read and were left out"


def test_a_file_may_be_cut_off_and_hold_bad_lines(tmp_path: Path) -> None:
    path = compress(tmp_path / "r.zst", HEADER, "not json\n", _line("a"), "{half")
    recording = Recording(path, decode_recorded)
    assert len(list(recording.read())) == 2
    assert "is cut off" in recording.problem
    assert "and has 1 line that could not be read" in recording.problem


def test_nodepools_of_an_older_version_are_read_as_what_they_are(tmp_path: Path) -> None:
    pool = {
        "apiVersion": "karpenter.sh/v1beta1",
        "kind": "NodePool",
        "metadata": {"name": "old"},
        "spec": {
            "disruption": {"consolidationPolicy": "WhenUnderutilized"},
            "template": {"spec": {"requirements": [], "nodeClassRef": {"kind": "EC2NodeClass", "name": "default"}}},
        },
    }
    path = compress(tmp_path / "r.zst", HEADER, _line("", resource="nodepools", object=pool))
    recording = Recording(path, decode_recorded)
    seen = list(recording.read())[1]
    assert isinstance(seen, events.ObjectSeen)
    assert seen.object.consolidation_policy == "WhenEmptyOrUnderutilized"
    assert recording.problem == ""


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not a recording: it is empty or cut off before its first line"),
        (b"hello, world, this is text\n" * 20, "is not a recording: it is not zstd-compressed"),
        (zstandard.compress(b"hello\nworld\n"), "is not a recording: its first line is no header"),
        (zstandard.compress(b'{"format":"something"}\n'), "is not a recording: its format is 'something'"),
        (
            zstandard.compress(b'{"format":"karptui-recording","version":99,"karptui":"9.9.9"}\n'),
            "was written by karptui 9.9.9 in format 99",
        ),
    ],
    ids=["empty", "text", "no header", "another format", "a newer format"],
)
def test_what_is_no_recording_says_so_in_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(RecordingError) as caught:
        Recording(path, decode_recorded)
    assert sentence in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_say_so(tmp_path: Path) -> None:
    for path, sentence in ((tmp_path / "nowhere", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(RecordingError, match=sentence):
            Recording(path, decode_recorded)


def test_a_place_that_cannot_be_written_is_found_out_before_anything_begins(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="choose another place"):
        check_writable(tmp_path / "no" / "folder" / "r.zst")
    check_writable(tmp_path / "fine.zst")
    assert not (tmp_path / "fine.zst").exists()
