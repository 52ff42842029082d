"""Shadow mode's verdicts as plain data for JSON, and as lines of text."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from karptui.model.decision import PlannedClaim
from karptui.model.resources import format_resources
from karptui.shadow.actual import Made
from karptui.shadow.disruptions import Move
from karptui.shadow.judged import Judged, judgements, lead_of, of_move
from karptui.shadow.provisioning import Pair
from karptui.shadow.removals import Removal
from karptui.shadow.score import Score, Tally, score_of
from karptui.shadow.served import alike, served

Json = dict[str, Any]


def shadow_json(pairs: Sequence[Pair], moves: Sequence[Move], removals: Sequence[Removal] = ()) -> Json:
    """provisioning, disruption, removals, score and unexplained."""
    score = score_of(judgements(pairs, moves))
    return {
        "provisioning": [pair_json(pair) for pair in pairs],
        "disruption": [move_json(move) for move in moves],
        "removals": [
            {"at": moment(entry.at), "node": entry.node, "nodeClaim": entry.claim, "cause": entry.cause}
            for entry in removals
        ],
        "score": score_json(score),
        "unexplained": score.unexplained,
    }


def pair_json(pair: Pair) -> Json:
    """One NodeClaim: as foreseen, as made, verdict and cause."""
    pods: tuple[str, ...] = ()
    if pair.predicted is not None:
        pods = pair.predicted.pods
    elif pair.actual is not None:
        pods = served(pair.actual).pods
    return {
        "at": moment(pair.at),
        "pods": list(pods),
        "predicted": _predicted_claim(pair) if pair.predicted is not None else None,
        "actual": made_json(pair.actual, pair.predicted) if pair.actual is not None else None,
        **_judgement(pair),
    }


def move_json(move: Move) -> Json:
    """One command: as foreseen, as carried out, verdict and cause."""
    predicted: Json | None = None
    if move.predicted is not None:
        command = move.predicted
        predicted = {
            **_stamp(move, move.foreseen, move.overtaken, False, move.alternatives),
            "reason": command.reason,
            "method": command.method,
            "decision": command.decision,
            "nodes": list(command.nodes),
            "pods": list(command.pods),
            "savings": round(command.price_before - command.price_after, 6),
            "replacements": [_claim(claim) for claim in command.replacements],
            "byChance": move.by_chance,
        }
    actual: Json | None = None
    if move.actual is not None:
        carried = move.actual
        planned = move.predicted.replacements if move.predicted is not None else ()
        actual = {
            "time": moment(carried.at),
            "reason": carried.reason,
            "decision": carried.decision,
            "nodes": list(carried.nodes),
            "nodeClaims": sorted(entry.claim for entry in carried.taken),
            "pods": list(carried.pods),
            "replacements": [made_json(*each) for each in alike(planned, carried.replacements)],
        }
    return {
        "at": moment(move.at),
        "reason": of_move(move).reason,
        "predicted": predicted,
        "actual": actual,
        **_judgement(move),
    }


def judged_json(entry: Judged) -> Json:
    """One verdict as it falls, on one line."""
    return {
        "at": moment(entry.at),
        "kind": entry.kind,
        "reason": entry.reason,
        "what": entry.what,
        "nodePools": list(entry.pools),
        "verdict": entry.verdict.value,
        "differs": list(entry.differs),
        "cause": entry.cause,
        "ahead": _rounded(entry.ahead),
        "priceGap": round(entry.gap, 6),
    }


def score_json(score: Score) -> Json:
    """Agreement by kind, reason and NodePool, causes, price gap, and whether karptui may take over."""
    return {
        "provisioning": _tally(score.provisioning),
        "disruption": _tally(score.disruption),
        "disruptionByReason": {reason: _tally(tally) for reason, tally in score.by_reason.items()},
        "byNodePool": {pool: _tally(tally) for pool, tally in score.by_pool.items()},
        "byFeature": {name: _tally(tally) for name, tally in score.by_feature.items()},
        "causes": score.causes,
        "notModelled": list(score.not_modelled),
        "priceGap": round(score.price_gap, 6),
        "ahead": _rounded(score.lead),
        "overtaken": score.overtaken,
        "provisional": score.provisional,
        "alternatives": score.alternatives,
        "ready": score.ready,
        "obstacles": score.obstacles(),
        "poolsNotReady": score.pools_not_ready(),
    }


def moment(at: float) -> str:
    """An ISO time in UTC, to the microsecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _judgement(entry: Pair | Move) -> Json:
    return {"verdict": entry.verdict.value, "differs": list(entry.differs), "cause": entry.cause.text}


def _predicted_claim(pair: Pair) -> Json:
    assert pair.predicted is not None, "asked only about pairs with a prediction"
    assert pair.round is not None, "a prediction is of a round"
    round_ = pair.round
    stamp = _stamp(pair, round_.stamped, round_.overtaken, round_.provisional, round_.alternatives)
    return {**stamp, **_claim(pair.predicted), "byChance": pair.by_chance}


def _stamp(entry: Pair | Move, stamped: float, overtaken: bool, provisional: bool, alternatives: int) -> Json:
    """When a prediction was made, and as one of how many: the same of NodeClaims and of commands."""
    return {
        "stamped": moment(stamped),
        "ahead": _rounded(lead_of(entry)),
        "overtaken": overtaken,
        "provisional": provisional,
        "alternatives": alternatives,
    }


def _claim(claim: PlannedClaim) -> Json:
    return {
        "nodePool": claim.node_pool,
        "pods": list(claim.pods),
        "instanceTypes": list(claim.instance_types),
        "requirements": [
            {"key": entry.key, "operator": entry.operator, "values": list(entry.values)} for entry in claim.requirements
        ],
        "requests": format_resources(claim.requests, claim.formats),
        "cheapest": {
            "instanceType": claim.instance_types[0] if claim.instance_types else "",
            "zone": claim.zone,
            "capacityType": claim.capacity_type,
            "price": claim.price,
        },
    }


def made_json(made: Made, predicted: PlannedClaim | None = None) -> Json:
    """A NodeClaim as it was made. `pods` are those that it was made for as far as events and bindings name them,
    `podCount` is their number, `podsLater` came to its node afterwards."""
    pods = served(made, predicted)
    return {
        "nodeClaim": made.name,
        "nodePool": made.claim.node_pool,
        "time": moment(made.at),
        "podCount": pods.count,
        "pods": list(pods.pods),
        "podsLater": list(pods.later),
        "podsNamed": sorted(made.named),
        "podsBound": sorted({*made.bound, *made.later}),
        "instanceTypes": list(made.types),
        "requests": format_resources(made.claim.requests),
        "launched": {
            "instanceType": made.instance_type,
            "zone": made.zone,
            "capacityType": made.capacity_type,
        },
        "node": made.node,
    }


def _tally(tally: Tally) -> Json:
    return {
        "judged": tally.judged,
        "agreed": tally.agreed,
        "agreement": _rounded(tally.agreement),
        "verdicts": tally.verdicts,
        "notWatched": tally.not_watched,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
