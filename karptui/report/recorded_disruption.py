"""What a recorded Karpenter disrupted, beside what was foreseen of it, as text and as JSON."""

from collections.abc import Sequence
from typing import Any

from karptui.report.shadow import moment, move_json
from karptui.report.status import columns
from karptui.shadow.disruptions import Move
from karptui.views.wording import percent, plural


def agreement(moves: Sequence[Move]) -> tuple[int, int]:
    """How many of the commands were foreseen as they came about, and how many there were."""
    return sum(move.verdict.agrees for move in moves), len(moves)


def recorded_json(moves: Sequence[Move]) -> dict[str, Any]:
    """Every command with both sides, and the sums."""
    agreed, judged = agreement(moves)
    return {"commands": [move_json(move) for move in moves], "judged": judged, "agreed": agreed}


def recorded_text(moves: Sequence[Move]) -> str:
    """A line for every command: when, what was foreseen, what Karpenter did, whether both are the same."""
    if not moves:
        return "nothing is disrupted in this recording"
    rows = [["TIME", "FORESEEN", "KARPENTER DID", ""]]
    for move in sorted(moves, key=lambda move: move.at):
        ours, theirs = move.predicted, move.actual
        foreseen = f"{ours.decision} {ours.reason} {_nodes(ours.nodes)}" if ours is not None else "nothing"
        did = f"{theirs.decision} {theirs.reason} {_nodes(theirs.nodes)}" if theirs is not None else "nothing"
        mark = "✓" if move.verdict.agrees else "✗"
        words = "the same" if foreseen == did and theirs is not None else did
        cause = f" ({move.cause.text})" if move.cause.text else ""
        rows.append([moment(move.at)[11:23], foreseen, words, f"{mark} {move.verdict.value}{cause}"])
    agreed, judged = agreement(moves)
    return "\n".join(
        [*columns(rows), "", f"{agreed} of {plural(judged, 'command')} foreseen ({percent(agreed / judged)})"]
    )


def _nodes(names: Sequence[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]
