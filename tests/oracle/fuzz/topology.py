"""Mutations of what ties pods to each other: spread constraints, affinity and anti-affinity."""

import copy

from tests.oracle.fuzz.draft import ARCH, AWS, CAPACITY_TYPE, HOSTNAME, NODEPOOL, ZONE, Draft, Json, Mutation

KEYS = (ZONE, ZONE, ZONE, HOSTNAME, HOSTNAME, CAPACITY_TYPE, ARCH, NODEPOOL, AWS + "instance-family", "team", "rack")


def selector(draft: Draft, own: Json | None) -> Json:
    """A label selector: of the pod's own labels, of another pod's, by expressions, or of everything."""
    labels = own if own and draft.often(0.6) else draft.labels()
    key = draft.pick(sorted(labels))
    value = labels[key]
    drawn = draft.chance.random()
    if drawn < 0.65:
        return {"matchLabels": {key: value}}
    if drawn < 0.75:
        return {"matchExpressions": [{"key": key, "operator": "In", "values": [value, "another"]}]}
    if drawn < 0.82:
        return {"matchExpressions": [{"key": key, "operator": "NotIn", "values": [value]}]}
    if drawn < 0.88:
        return {"matchExpressions": [{"key": key, "operator": draft.pick(("Exists", "DoesNotExist"))}]}
    if drawn < 0.94:
        return {"matchLabels": dict(labels)}
    return {}


def _constraint(draft: Draft, own: Json | None) -> Json:
    made: Json = {
        "maxSkew": draft.pick((1, 1, 1, 2, 3)),
        "topologyKey": draft.pick(KEYS),
        "whenUnsatisfiable": draft.pick(("DoNotSchedule", "DoNotSchedule", "ScheduleAnyway")),
        "labelSelector": selector(draft, own),
    }
    if made["whenUnsatisfiable"] == "DoNotSchedule" and draft.often(0.25):
        made["minDomains"] = draft.chance.randint(1, 5)
    if draft.often(0.2):
        made["nodeAffinityPolicy"] = draft.pick(("Honor", "Ignore"))
    if draft.often(0.25):
        made["nodeTaintsPolicy"] = draft.pick(("Honor", "Ignore"))
    if draft.often(0.15):
        made["matchLabelKeys"] = [draft.pick(("pod-template-hash", "version", "tier"))]
    return made


def spread(draft: Draft) -> str | None:
    """One more spread constraint, or a single one."""
    pods = draft.some_pods()
    if not pods:
        return None
    made = _constraint(draft, pods[0]["metadata"].get("labels"))
    alone = draft.often(0.3)
    for pod in pods:
        known = [] if alone else pod["spec"].get("topologySpreadConstraints") or []
        # An API server takes one constraint for a key and a whenUnsatisfiable.
        same = (made["topologyKey"], made["whenUnsatisfiable"])
        known = [entry for entry in known if (entry["topologyKey"], entry["whenUnsatisfiable"]) != same]
        pod["spec"]["topologySpreadConstraints"] = [*known, copy.deepcopy(made)]
    return f"spread {made}"


def altered_spread(draft: Draft) -> str | None:
    """Another value in a constraint that is there."""
    pod = draft.pick(pod for pod in draft.pending() if pod["spec"].get("topologySpreadConstraints"))
    if pod is None:
        return None
    made = draft.pick(pod["spec"]["topologySpreadConstraints"])
    before = copy.deepcopy(made)
    field = draft.pick(("maxSkew", "minDomains", "nodeTaintsPolicy", "nodeAffinityPolicy", "labelSelector", "key"))
    fresh = _constraint(draft, pod["metadata"].get("labels"))
    if field == "maxSkew":
        after = {**made, "maxSkew": draft.chance.randint(1, 4)}
    elif field == "minDomains":
        after = {**made, "minDomains": draft.chance.randint(1, 5), "whenUnsatisfiable": "DoNotSchedule"}
    elif field in ("nodeTaintsPolicy", "nodeAffinityPolicy"):
        after = {**made, field: draft.pick(("Honor", "Ignore"))}
    elif field == "labelSelector":
        after = {**made, "labelSelector": fresh["labelSelector"]}
    else:
        after = {**made, "topologyKey": fresh["topologyKey"]}
    for other in draft.pending():
        constraints = other["spec"].get("topologySpreadConstraints") or []
        if before in constraints:
            constraints[constraints.index(before)] = copy.deepcopy(after)
            seen: set[tuple[str, str]] = set()
            for entry in list(constraints):
                identity = (entry["topologyKey"], entry["whenUnsatisfiable"])
                if identity in seen:
                    constraints.remove(entry)
                seen.add(identity)
    return f"spread {field} {after}"


def _affinity_term(draft: Draft, own: Json | None) -> Json:
    made: Json = {"topologyKey": draft.pick(KEYS), "labelSelector": selector(draft, own)}
    if draft.often(0.1):
        made["namespaces"] = draft.pick((["default"], ["other"], ["default", "other"], ["nowhere"]))
    if draft.often(0.1):
        made["namespaceSelector"] = draft.pick(({}, {"matchLabels": {"kubernetes.io/metadata.name": "other"}}))
    return made


def _with_terms(draft: Draft, pods: list[Json], kind: str) -> str | None:
    if not pods:
        return None
    made = _affinity_term(draft, pods[0]["metadata"].get("labels"))
    preferred = draft.often(0.35)
    name = ("preferred" if preferred else "required") + "DuringSchedulingIgnoredDuringExecution"
    entry = {"weight": draft.pick((1, 10, 100)), "podAffinityTerm": made} if preferred else made
    alone = draft.often(0.3)
    for pod in pods:
        affinity = pod["spec"].setdefault("affinity", {}).setdefault(kind, {})
        affinity[name] = [*([] if alone else affinity.get(name) or []), copy.deepcopy(entry)]
    return f"{kind} {entry}"


def affinity(draft: Draft) -> str | None:
    """A term of pod affinity."""
    return _with_terms(draft, draft.some_pods(), "podAffinity")


def anti_affinity(draft: Draft) -> str | None:
    """A term of pod anti-affinity."""
    return _with_terms(draft, draft.some_pods(), "podAntiAffinity")


def anti_affinity_of_bound(draft: Draft) -> str | None:
    """A term of anti-affinity of a pod that runs already."""
    pod = draft.pick(draft.bound())
    return _with_terms(draft, [pod], "podAntiAffinity") if pod else None


MUTATIONS: tuple[Mutation, ...] = (
    spread,
    spread,
    spread,
    altered_spread,
    altered_spread,
    affinity,
    affinity,
    anti_affinity,
    anti_affinity,
    anti_affinity_of_bound,
)
