"""A recorded day of a real Karpenter, judged, and held against what its own log says that it decided."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import zstandard
from msgspec import Struct

from karptui.modes.shadow import judged_recording
from karptui.shadow.observer import Observer

RECORDED = Path(__file__).parent / "recorded"
DAY = RECORDED / "karpenter-day.jsonl.zst"
TRUTH = RECORDED / "karpenter-day-truth.json.zst"
Truth = dict[str, Any]


class Comparison(Struct):
    """What of the truth was foreseen exactly (or as one of the answers chance allows); the rest by name."""

    provisioned: int = 0
    missed_claims: list[str] = []
    commands: int = 0
    missed_commands: list[str] = []
    judged_wrongly: list[str] = []


def truth_at(path: Path) -> Truth:
    """The decisions that Karpenter's own log, events and objects tell."""
    raw = path.read_bytes()
    if path.suffix == ".zst":
        raw = zstandard.ZstdDecompressor().decompress(raw)
    return json.loads(raw)


def judged(path: Path) -> Observer:
    """The recording judged to its end."""
    return judged_recording(path)


def compared(observer: Observer, truth: Truth) -> Comparison:
    """Hold the predictions themselves, not our verdicts, against the truth; and our verdicts against that."""
    found = Comparison()
    by_name = {pair.actual.name: pair for pair in observer.pairs if pair.actual is not None}
    for claim in truth["provisioning"]:
        pair = by_name.get(claim["nodeClaim"])
        right = pair is not None and pair.predicted is not None and _claim_is_right(pair.predicted, claim)
        found.provisioned += right
        if not right:
            found.missed_claims.append(claim["nodeClaim"])
        if pair is None or pair.verdict.agrees != right:
            found.judged_wrongly.append(claim["nodeClaim"])
    for command in truth["disruptions"]:
        nodes = tuple(sorted(node["node"] for node in command["nodes"]))
        began = datetime.fromisoformat(command["time"]).timestamp()
        near = (m for m in observer.moves if m.actual is not None and abs(m.actual.at - began) < 2)
        move = next((entry for entry in near if entry.actual is not None and entry.actual.nodes == nodes), None)
        right = move is not None and move.predicted is not None and _command_is_right(move.predicted, nodes, command)
        found.commands += right
        if not right:
            found.missed_commands.append(f"{command['time'][11:19]} {command['reason']} {nodes[0]}")
        if move is None or move.verdict.agrees != right:
            found.judged_wrongly.append(nodes[0])
    return found


def _claim_is_right(predicted: Any, claim: Truth) -> bool:
    pods = set(claim["pods"])
    named = set(predicted.pods) == pods if claim["podsFrom"] != "partial" else pods <= set(predicted.pods)
    return (
        predicted.node_pool == claim["nodePool"]
        and named
        and len(predicted.pods) == claim["podCount"]
        and set(predicted.instance_types) == set(claim["instanceTypes"])
    )


def _command_is_right(predicted: Any, nodes: tuple[str, ...], command: Truth) -> bool:
    types = sorted(tuple(sorted(made["instanceTypes"])) for made in command["replacements"])
    return (
        predicted.nodes == nodes
        and predicted.reason == command["reason"]
        and predicted.decision == command["decision"]
        and sorted(tuple(sorted(claim.instance_types)) for claim in predicted.replacements) == types
    )
