"""The cause of a difference, proved: the pure engine asked again with one input swapped, until it says what happened.

An input is doubted only where there is something to put in its place: Karpenter's own prices, what stood in the cluster
a moment earlier or later, another release. Two at a time if one does not do.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from karptui.model.instance_type import Catalogue, InstanceType, Offering
from karptui.model.pod import Pod
from karptui.model.snapshot import Snapshot
from karptui.shadow.verdict import UNEXPLAINED, Cause, Found

PROFILES = ("1.14.1", "1.13.0")
"""A release of every behaviour profile (engine/disruption/profile.py)."""

BOUNDARY_GAP = 0.15
"""Seconds between two pods' triggers that are enough for a window to have closed between them."""

MOST_UNSEEN = 6
MOST_PAIRS = 60
MOST_ALONE = 12


class Doubt(Struct, frozen=True, gc=False, eq=False):
    """An input that may have been another for Karpenter, and the Snapshot with that."""

    cause: Cause
    detail: str
    swap: Callable[[Snapshot], Snapshot]


class Evidence(Struct, frozen=True, gc=False, eq=False):
    """What there is to swap: Karpenter's own catalogue, Snapshots of moments around, and when pods triggered.

    `order` are keys of pods with the time of each one's trigger, first to last. `window` is how long a batch waits for
    its next pod, in seconds.
    """

    catalogue: Catalogue | None = None
    moments: tuple[Snapshot, ...] = ()
    order: tuple[tuple[str, float], ...] = ()
    window: float = 1.0


def prove(snapshot: Snapshot, agrees: Callable[[Snapshot], bool], doubts: Sequence[Doubt]) -> Found:
    """The first doubt with which the engine agrees, else the first two; UNEXPLAINED where none do."""
    found = prove_alone(snapshot, agrees, doubts)
    return found if found is not UNEXPLAINED else prove_together(snapshot, agrees, doubts)


def prove_alone(snapshot: Snapshot, agrees: Callable[[Snapshot], bool], doubts: Sequence[Doubt]) -> Found:
    """The first doubt with which the engine agrees; UNEXPLAINED where none does."""
    for doubt in doubts:
        if agrees(doubt.swap(snapshot)):
            return Found((doubt.cause,), doubt.detail)
    return UNEXPLAINED


def prove_together(snapshot: Snapshot, agrees: Callable[[Snapshot], bool], doubts: Sequence[Doubt]) -> Found:
    """The first two doubts with which together the engine agrees; UNEXPLAINED where none do."""
    tried = 0
    for one, other in combinations(doubts, 2):
        if one.cause is other.cause:
            continue
        tried += 1
        if tried > MOST_PAIRS:
            break
        if agrees(other.swap(one.swap(snapshot))):
            return Found((one.cause, other.cause), f"{one.detail}; {other.detail}")
    return UNEXPLAINED


def doubts_of(
    snapshot: Snapshot, evidence: Evidence, ours: frozenset[str] = frozenset(), theirs: frozenset[str] = frozenset()
) -> list[Doubt]:
    """Every doubt there is about a Snapshot; `ours` and `theirs` are the pods that were planned for, where known."""
    found = [*_catalogue(snapshot, evidence), *_pods(snapshot, evidence, ours, theirs)]
    found += [doubt for moment in evidence.moments for doubt in _moment(snapshot, moment)]
    found += _releases(snapshot)
    found += _settings(snapshot)
    return found


# -- prices and capacity -----------------------------------------------------------------------------------------------


def _catalogue(snapshot: Snapshot, evidence: Evidence) -> Iterator[Doubt]:
    own = evidence.catalogue
    if own is None:
        return
    prices, availability = _offerings(own, lambda offering: offering.price), _offerings(own, _is_available)
    priced = _with_offerings(snapshot.catalogue, prices, "price")
    if priced is not snapshot.catalogue:
        yield Doubt(Cause.PRICE, "Karpenter's own price for ours", lambda base: replace(base, catalogue=priced))
    stocked = _with_offerings(snapshot.catalogue, availability, "available")
    if stocked is not snapshot.catalogue:
        yield Doubt(
            Cause.CAPACITY, "what Karpenter holds for not available", lambda base: _restocked(base, availability)
        )


def _is_available(offering: Offering) -> bool:
    return offering.available


def _restocked(base: Snapshot, availability: dict[tuple[str, str, str], Any]) -> Snapshot:
    return replace(base, catalogue=_with_offerings(base.catalogue, availability, "available"))


def _offerings(catalogue: Catalogue, of: Callable[[Offering], Any]) -> dict[tuple[str, str, str], Any]:
    return {
        (type_.name, offering.zone, offering.capacity_type): of(offering)
        for type_ in catalogue.types
        for offering in type_.offerings
        if not offering.reservation_id
    }


def _with_offerings(catalogue: Catalogue, values: dict[tuple[str, str, str], Any], field: str) -> Catalogue:
    """The catalogue with one field of its offerings taken from elsewhere; the same object where nothing differs."""
    types: list[InstanceType] = []
    changed = False
    for type_ in catalogue.types:
        offerings: list[Offering] = []
        for offering in type_.offerings:
            value = values.get((type_.name, offering.zone, offering.capacity_type))
            if value is None or value == getattr(offering, field) or offering.reservation_id:
                offerings.append(offering)
            else:
                offerings.append(replace(offering, **{field: value}))
                changed = True
        types.append(replace(type_, offerings=tuple(offerings)))
    return replace(catalogue, types=tuple(types)) if changed else catalogue


# -- pods --------------------------------------------------------------------------------------------------------------


def _pods(snapshot: Snapshot, evidence: Evidence, ours: frozenset[str], theirs: frozenset[str]) -> Iterator[Doubt]:
    extra = ours - theirs if theirs else frozenset[str]()
    # Without one pod others may find room elsewhere: then more are missing than Karpenter had not seen.
    one_by_one = [frozenset((key,)) for key in sorted(extra)[:MOST_ALONE]]
    order = [entry for entry in evidence.order if entry[0] in ours]
    ends = [frozenset(key for key, _ in order[cut:]) for cut in range(1, len(order))]
    cut_off = [keys for keys in ends if keys < extra and _is_end_of_batch(keys, order)][:MOST_ALONE]
    for keys in dict.fromkeys((extra, *cut_off, *one_by_one) if extra else ()):
        cause = Cause.BATCH if _is_end_of_batch(keys, order) else Cause.POD
        detail = "the window closed before" if cause is Cause.BATCH else "Karpenter had not seen"
        yield Doubt(cause, f"{detail} {_named(keys)}", _hiding(keys))
    missing = theirs - ours
    known = {key: pod for moment in evidence.moments for key, pod in moment.pods.items() if key in missing}
    if known:
        later = _pending(known.values())
        cause = Cause.BATCH if _is_end_of_batch(frozenset(known), (*evidence.order, *later)) else Cause.POD
        detail = "the window closed after" if cause is Cause.BATCH else "Karpenter had seen"
        yield Doubt(cause, f"{detail} {_named(known)}", lambda base: replace(base, pods={**base.pods, **known}))
    if extra and known:
        yield Doubt(
            Cause.BATCH,
            f"another batch: {_named(known)}, without {_named(extra)}",
            lambda base: _hidden(replace(base, pods={**base.pods, **known}), extra),
        )


def waiting_doubts(snapshot: Snapshot) -> list[Doubt]:
    """About a pass: pods that wait and that Karpenter may not have seen, all of them, then the newest alone."""
    waiting = [pod for pod in snapshot.pods.values() if pod.provisionable]
    newest = sorted(waiting, key=lambda pod: (-pod.metadata.created, pod.key))[:MOST_UNSEEN]
    groups = dict.fromkeys((frozenset(pod.key for pod in waiting), *(frozenset((pod.key,)) for pod in newest)))
    return [Doubt(Cause.POD, f"Karpenter had not seen {_named(keys)}", _hiding(keys)) for keys in groups if keys]


def _pending(pods: Iterable[Pod]) -> list[tuple[str, float]]:
    """Pods that were known later, by when the scheduler gave up on them."""
    return sorted(((pod.key, pod.unschedulable_since() or 0.0) for pod in pods), key=lambda entry: entry[1])


def _is_end_of_batch(pods: frozenset[str], order: Sequence[tuple[str, float]]) -> bool:
    """Whether these are the last that triggered, far enough after those before them."""
    last = [entry for entry in order if entry[0] in pods]
    before = [entry for entry in order if entry[0] not in pods]
    if not last or len(last) < len(pods) or not before:
        return False
    gap = min(at for _, at in last) - max(at for _, at in before)
    return gap >= (0.0 if len(last) > 1 else BOUNDARY_GAP)


def _hiding(keys: frozenset[str]) -> Callable[[Snapshot], Snapshot]:
    return lambda base: _hidden(base, keys)


def _hidden(base: Snapshot, keys: Iterable[str]) -> Snapshot:
    gone = set(keys)
    return replace(base, pods={key: pod for key, pod in base.pods.items() if key not in gone})


def _named(keys: Iterable[str]) -> str:
    names = sorted(keys)
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


# -- what stood in the cluster at another moment ---------------------------------------------------------------------

_MOMENT = (
    (Cause.BUDGET, "PodDisruptionBudgets", ("budgets",)),
    (Cause.POOL, "NodePools", ("node_pools", "node_classes", "node_overlays")),
    (Cause.NODE, "nodes and the pods on them", ("nodes", "node_claims", "pods", "csi_nodes")),
    (Cause.TIMING, "nominations and nodes on their way out", ("nominated", "marked_for_deletion")),
)


def _moment(snapshot: Snapshot, moment: Snapshot) -> Iterator[Doubt]:
    off = moment.now - snapshot.now
    for cause, what, fields in _MOMENT:
        values = {field: getattr(moment, field) for field in fields}
        if all(values[field] == getattr(snapshot, field) for field in fields):
            continue
        yield Doubt(cause, f"{what} as of {off:+.2f} s", _swapping(values))
    values = {"now": moment.now}
    yield Doubt(Cause.TIMING, f"{off:+.2f} s", _swapping(values))


def _swapping(values: dict[str, Any]) -> Callable[[Snapshot], Snapshot]:
    return lambda base: replace(base, **values)


def _releases(snapshot: Snapshot) -> Iterator[Doubt]:
    for version in PROFILES:
        if version != snapshot.options.karpenter_version:
            options = replace(snapshot.options, karpenter_version=version)
            yield Doubt(Cause.PROFILE, f"as Karpenter {version} does it", _swapping({"options": options}))


def _settings(snapshot: Snapshot) -> Iterator[Doubt]:
    options = snapshot.options
    others = {
        "PREFERENCE_POLICY": {"preference_policy": "Ignore" if options.preference_policy == "Respect" else "Respect"},
        "MIN_VALUES_POLICY": {"min_values_policy": "BestEffort" if options.min_values_policy == "Strict" else "Strict"},
        "SpotToSpotConsolidation": {
            "feature_gates": {
                **options.feature_gates,
                "SpotToSpotConsolidation": not options.gate("SpotToSpotConsolidation"),
            }
        },
    }
    for name, values in others.items():
        swapped = replace(options, **values)
        yield Doubt(Cause.SETTINGS, f"{name} the other way", _swapping({"options": swapped}))
