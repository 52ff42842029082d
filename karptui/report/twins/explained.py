"""`karptui why` and `karptui timeline`: one thing, its reasons, and its way stage by stage."""

import math
from typing import Any

import msgspec

from karptui.failure import Failure
from karptui.report.answer import answer_data, answer_text, found_by
from karptui.report.twins.twin import Record, Twin
from karptui.views.answers.other_side import other_side
from karptui.views.forms import Export
from karptui.views.lists.decisions import DecisionView, decision_view
from karptui.views.timelines.claim_timeline import claim_timeline
from karptui.views.timelines.pod_timeline import PodTimelineView, pod_timeline
from karptui.views.wording import amount, duration
from karptui.world.world import World


def why_twin(world: World, name: str, now: float) -> Twin:
    """Why NAME is as it is. Its CSV: the instance types of a decision, the stages of a pod, else the facts. Raises
    Failure."""
    kind, key = found_by(world, name)
    data = answer_data(world, name, now)
    boxes = [Export("Why", (), (), tuple(data["lines"]))]
    table: list[Record] = [{"fact": line} for line in data["lines"]]
    if kind == "decision":
        view = decision_view(world, world.decisions[key], now)
        boxes += _decision_boxes(view)
        table = _candidates(view)
    elif kind == "pod" and (way := pod_timeline(world, key, now)) is not None:
        boxes.append(_stages_box(way, now))
        table = _stages(way)
    return Twin(
        f"why {key}",
        str(data["title"]),
        boxes,
        msgspec.to_builtins(data, str_keys=True),
        table,
        text=answer_text(world, name, now),
        whole=True,
    )


def _decision_boxes(view: DecisionView) -> list[Export]:
    funnel = tuple((f"{row.remaining:,}", row.text) for row in view.funnel)
    types = tuple(
        (row.instance_type, row.capacity_type, row.zone, amount(row.price) if math.isfinite(row.price) else "-",
         row.use, row.verdict)
        for row in view.candidates
    )  # fmt: skip
    return [
        Export("Requirement funnel", ("TYPES LEFT", "AFTER"), funnel),
        Export("Instance types", ("TYPE", "CAP", "ZONE", "$/h", "CPU/MEMORY", "VERDICT"), types),
    ]


def _candidates(view: DecisionView) -> list[Record]:
    return [
        {
            "instanceType": row.instance_type,
            "capacityType": row.capacity_type,
            "zone": row.zone,
            "usdPerHour": row.price if math.isfinite(row.price) else None,
            "verdict": row.verdict,
            "code": row.code.value,
        }
        for row in view.candidates
    ]


def timeline_twin(world: World, name: str, now: float) -> Twin:
    """The way of a pod or NodeClaim stage by stage; of a node that of its NodeClaim, of a decision what came of it.
    Raises Failure."""
    kind, key = found_by(world, name)
    if kind not in ("pod", "claim"):
        beside = other_side(world, kind, key, "timeline", now)
        if beside is None:
            raise Failure(f"{name} has no timeline: pods and NodeClaims have one, and none belongs to it")
        kind, key = beside
    way = pod_timeline(world, key, now) if kind == "pod" else claim_timeline(world, key, now)
    if way is None:
        raise Failure(f"nothing is known of the way of {key}")
    stages = _stages(way)
    usual: list[Record] = [
        {"stage": row.stage, "p50Seconds": row.p50, "p95Seconds": row.p95, "thisSeconds": row.this} for row in way.usual
    ]
    boxes = [_stages_box(way, now)]
    if usual:
        rows = tuple(
            (row.stage, duration(row.p50), duration(row.p95), "-" if row.this is None else duration(row.this))
            for row in way.usual
        )
        boxes.append(Export("As usual here", ("STAGE", "P50", "P95", "THIS"), rows))
    data: dict[str, Any] = {
        "kind": kind,
        "name": key,
        "summary": way.summary,
        "decision": way.decision,
        "stages": stages,
        "usual": usual,
    }
    return Twin(f"timeline of {key}", f"{key}: {way.summary}; {way.sentence}", boxes, data, stages)


def _stages(way: PodTimelineView) -> list[Record]:
    return [
        {
            "stage": bar.name,
            "source": bar.source,
            "startSeconds": round(bar.start, 3),
            "endSeconds": None if bar.end is None else round(bar.end, 3),
            "tookSeconds": None if bar.end is None else round(bar.end - bar.start, 3),
            "late": bar.late,
            "detail": bar.text,
        }
        for bar in way.bars
    ]


def _stages_box(way: PodTimelineView, now: float) -> Export:
    rows = tuple(
        (
            bar.name,
            f"+{duration(bar.start)}",
            "still" if bar.end is None else duration(bar.end - bar.start),
            "late" if bar.late else "-",
            bar.text or "-",
        )
        for bar in way.bars
    )
    return Export("Stages", ("STAGE", "BEGINS", "TAKES", "", "DETAIL"), rows)
