"""Mutations of disruption scenarios: what keeps nodes, what lets them go, and what is known of them."""

import copy
from datetime import UTC, datetime, timedelta

from tests.oracle.fuzz.draft import CAPACITY_TYPE, NODEPOOL, Draft, Json

REASONS = ("Empty", "Drifted", "Underutilized")
DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt"


def _ago(draft: Draft, seconds: float) -> str:
    now = datetime.strptime(draft.scenario["now"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return (now - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _pairs(draft: Draft) -> list[tuple[Json, Json]]:
    """Nodes with their NodeClaims."""
    claims = {entry["status"].get("providerID"): entry for entry in draft.of("NodeClaim")}
    nodes = ((node, node["spec"].get("providerID")) for node in draft.of("Node"))
    return [(node, claims[provider_id]) for node, provider_id in nodes if provider_id in claims]


def _condition(entry: Json, kind: str, status: str | None, at: str, reason: str = "") -> None:
    conditions = entry.setdefault("status", {}).setdefault("conditions", [])
    conditions[:] = [known for known in conditions if known["type"] != kind]
    if status is not None:
        stated = {"type": kind, "status": status, "reason": reason or kind, "message": "", "lastTransitionTime": at}
        conditions.append(stated)


def _gate(draft: Draft, name: str, on: bool) -> None:
    draft.scenario.setdefault("options", {}).setdefault("featureGates", {})[name] = on


def budgets(draft: Draft) -> str | None:
    """New disruption budgets, with windows that begin or end about now."""
    pool = draft.pick(draft.of("NodePool"))
    written: list[Json] = []
    for _ in range(draft.pick((0, 1, 1, 2, 3))):
        budget: Json = {"nodes": draft.pick(("0", "1", "2", "10%", "25%", "50%", "100%", "33%"))}
        if draft.often(0.5):
            budget["reasons"] = draft.chance.sample(REASONS, draft.pick((1, 1, 2)))
        if draft.often(0.4):
            begun = _ago(draft, draft.pick((1800, 300, 60, 0, 0, -60, -300)))
            budget["schedule"] = draft.pick(
                (f"{int(begun[14:16])} {int(begun[11:13])} * * *", "@hourly", "*/7 * * * *")
            )
            budget["duration"] = draft.pick(("1m", "5m", "30m", "1h", "24h"))
        written.append(budget)
    pool["spec"]["disruption"]["budgets"] = written
    return f"{written} of {pool['metadata']['name']}"


def pod_disruption_budget(draft: Draft) -> str | None:
    """One more PodDisruptionBudget over some pods, a few of which are not ready."""
    pods = draft.bound()
    if not pods:
        return None
    chosen = draft.pick(pods)
    limit = draft.pick(({"maxUnavailable": 0}, {"maxUnavailable": "0%"}, {"minAvailable": "100%"}, {"minAvailable": 1}))
    labels = chosen["metadata"].get("labels") or {}
    spec: Json = {"selector": draft.pick(({"matchLabels": labels}, {})), **limit}
    if draft.often(0.3):
        spec["unhealthyPodEvictionPolicy"] = "AlwaysAllow"
    name = f"limit-{len(draft.objects)}"
    status = {"disruptionsAllowed": draft.pick((0, 0, 1, 5))}
    metadata = {"name": name, "namespace": chosen["metadata"]["namespace"], "uid": name}
    kind = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
    draft.objects.append({**kind, "metadata": metadata, "spec": spec, "status": status})
    for pod in draft.chance.sample(pods, min(2, len(pods))):
        _condition(pod, "Ready", draft.pick(("True", "False", "Unknown")), _ago(draft, 600))
    return f"{spec} {status}"


def do_not_disrupt(draft: Draft) -> str | None:
    """The annotation on a pod, a node or a claim: for ever, for a time, or meaning nothing."""
    pairs, pods = _pairs(draft), draft.bound()
    target = draft.pick(draft.pick(pairs)) if pairs and draft.often(0.3) else draft.pick(pods) if pods else None
    if target is None:
        return None
    value = draft.pick(("true", "true", "false", "10m", "1h", "2m5s", "0s", "-5m", "90s", "1.5h", "x"))
    target["metadata"].setdefault("annotations", {})[DO_NOT_DISRUPT] = value
    if target["kind"] == "Pod":
        target["status"]["startTime"] = _ago(draft, draft.pick((76, 89, 90, 91, 110, 124, 126, 590, 600, 5400)))
    return f"{value} on {target['metadata']['name']}"


def consolidate_after(draft: Draft) -> str | None:
    """Another consolidateAfter, with pods that came or left about so long ago."""
    pool = draft.pick(draft.of("NodePool"))
    disruption = pool["spec"]["disruption"]
    disruption["consolidateAfter"] = draft.pick(("0s", "10s", "30s", "5m", "1h", "Never"))
    for claim in draft.of("NodeClaim"):
        if draft.often(0.4):
            ago = draft.pick((0, 9, 14, 15, 16, 29, 30, 31, 290, 299, 300, 3599, 3600))
            claim["status"]["lastPodEventTime"] = _ago(draft, ago)
    disruption["consolidationPolicy"] = draft.pick(("WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced", "Balanced"))
    return f"{disruption['consolidateAfter']} {disruption['consolidationPolicy']}"


def conditions(draft: Draft) -> str | None:
    """Claims that have drifted, or are not Consolidatable; or let both be worked out."""
    state = draft.scenario.setdefault("state", {})
    if draft.often(0.3):
        state["conditions"] = "computed"
    for claim in draft.of("NodeClaim"):
        if draft.often(0.3):
            _condition(claim, "Consolidatable", draft.pick((None, "False", "True")), _ago(draft, 600))
        if draft.often(0.2):
            _condition(
                claim, "Drifted", draft.pick(("True", "True", "False")), _ago(draft, draft.chance.randrange(90000))
            )
        if draft.often(0.2):
            claim["spec"]["terminationGracePeriod"] = draft.pick(("1h", "30s", "0s"))
    return str(state)


def node_state(draft: Draft) -> str | None:
    """A node on its way in or out, or without something that consolidation needs."""
    pairs = _pairs(draft)
    if not pairs:
        return None
    node, claim = draft.pick(pairs)
    labels, at = node["metadata"]["labels"], _ago(draft, 30)
    what = draft.pick(("deleting", "terminating", "not initialized", "not registered", "label", "not ready", "known"))
    if what == "deleting":
        claim["metadata"].update(deletionTimestamp=at, finalizers=["karpenter.sh/termination"])
    elif what == "terminating":
        _condition(claim, "InstanceTerminating", draft.pick(("True", "False")), at)
    elif what in ("not initialized", "not registered"):
        labels.pop("karpenter.sh/initialized", None)
        _condition(claim, "Initialized", "Unknown", at)
        if what == "not registered":
            labels.pop("karpenter.sh/registered", None)
            _condition(claim, "Registered", "Unknown", at)
    elif what == "label":
        labels.pop(draft.pick(("topology.kubernetes.io/zone", CAPACITY_TYPE, NODEPOOL)), None)
    elif what == "not ready":
        _condition(node, "Ready", draft.pick(("False", "Unknown")), at)
    else:
        kind = draft.pick(("nominated", "markedForDeletion"))
        draft.scenario.setdefault("state", {})[kind] = [node["metadata"]["name"]]
    return f"{node['metadata']['name']} {what}"


def spot(draft: Draft) -> str | None:
    """Some nodes are of another capacity type, and spot may replace spot."""
    kind = draft.pick(("spot", "spot", "on-demand"))
    for pair in _pairs(draft):
        if draft.often(0.5):
            for entry in pair:
                entry["metadata"]["labels"][CAPACITY_TYPE] = kind
    _gate(draft, "SpotToSpotConsolidation", draft.often(0.7))
    return kind


def pod_cost(draft: Draft) -> str | None:
    """What it costs to move a few pods, or that they are gone."""
    pods = draft.bound()
    for pod in draft.chance.sample(pods, min(3, len(pods))):
        if draft.often(0.4):
            draft.objects.remove(pod)
        elif draft.often(0.5):
            pod["spec"]["priority"] = draft.pick((-2000000000, -33554432, 1000, 100000000))
        else:
            cost = draft.pick(("2147483647", "-2147483647", "-134217728", "x"))
            pod["metadata"].setdefault("annotations", {})["controller.kubernetes.io/pod-deletion-cost"] = cost
    return f"{len(pods)} pods"


def fixed_size(draft: Draft) -> str | None:
    """A pool of fixed size, some nodes of which have drifted."""
    pool = draft.pick(draft.of("NodePool"))
    pool["spec"].pop("weight", None)
    pool["spec"]["replicas"] = draft.pick((1, 2, 3, 5, 10))
    pool["spec"]["limits"] = {"nodes": draft.pick(("2", "3", "6", "12"))}
    _gate(draft, "StaticCapacity", draft.often(0.8))
    for _, claim in _pairs(draft):
        if draft.often(0.4):
            _condition(claim, "Drifted", "True", _ago(draft, 600))
    return pool["metadata"]["name"]


def split(draft: Draft) -> str | None:
    """Half of a pool's nodes go to a copy of it."""
    pool = draft.pick(draft.of("NodePool"))
    old = pool["metadata"]["name"]
    new = copy.deepcopy(pool)
    name = f"{old}-{len(draft.objects)}"
    new["metadata"].update(name=name, uid=f"uid-{name}")
    draft.objects.append(new)
    for pair in _pairs(draft):
        if pair[1]["metadata"]["labels"].get(NODEPOOL) == old and draft.often(0.5):
            for entry in pair:
                entry["metadata"]["labels"][NODEPOOL] = name
    return f"{old} and {name}"


MUTATIONS = (
    budgets,
    pod_disruption_budget,
    do_not_disrupt,
    consolidate_after,
    conditions,
    node_state,
    spot,
    pod_cost,
    fixed_size,
    split,
)
