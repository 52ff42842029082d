"""Mutations of NodePools, of what the cloud offers, and of settings."""

import copy

from tests.oracle.fuzz.draft import (
    ARCH,
    AWS,
    CAPACITY_TYPE,
    CUSTOM,
    INSTANCE_TYPE,
    NUMERIC,
    VALUES,
    ZONE,
    ZONES,
    Draft,
    Json,
    Mutation,
)


def _pool(draft: Draft) -> Json | None:
    return draft.pick(draft.of("NodePool"))


def _template(pool: Json) -> Json:
    return pool["spec"]["template"]["spec"]


def weight(draft: Draft) -> str | None:
    """Another weight."""
    pool = _pool(draft)
    if pool is None:
        return None
    pool["spec"]["weight"] = draft.pick((1, 10, 10, 50, 100))
    return f"{pool['metadata']['name']}: weight {pool['spec']['weight']}"


def limits(draft: Draft) -> str | None:
    """Another limit."""
    pool = _pool(draft)
    if pool is None:
        return None
    made = draft.pick(
        (
            {"cpu": draft.pick(("0", "2", "4", "10", "16", "40", "100", "1000m"))},
            {"memory": draft.pick(("4Gi", "16Gi", "100Gi", "64G"))},
            {"nodes": draft.pick(("0", "1", "2", "3"))},
            {"cpu": "32", "memory": "64Gi"},
            {"nvidia.com/gpu": draft.pick(("0", "1"))},
            {"ephemeral-storage": draft.pick(("40Gi", "100Gi"))},
            {"pods": "60"},
        )
    )
    pool["spec"]["limits"] = {**pool["spec"].get("limits", {}), **made} if draft.often(0.5) else made
    return f"{pool['metadata']['name']}: limits {pool['spec']['limits']}"


def taints(draft: Draft) -> str | None:
    """A taint, or a startup taint."""
    pool = _pool(draft)
    if pool is None:
        return None
    made = {
        "key": draft.pick(("team", "dedicated", "node.kubernetes.io/not-ready")),
        "effect": draft.pick(("NoSchedule", "NoSchedule", "PreferNoSchedule", "NoExecute")),
    }
    if draft.often(0.6):
        made["value"] = draft.pick(("red", "blue"))
    name = draft.pick(("taints", "taints", "startupTaints"))
    _template(pool)[name] = [*(_template(pool).get(name) or []), made]
    return f"{pool['metadata']['name']}: {name} {made}"


def labels(draft: Draft) -> str | None:
    """A label of the nodes."""
    pool = _pool(draft)
    if pool is None:
        return None
    key = draft.pick((*CUSTOM, "rack", "team"))
    value = draft.values(key, 1)[0]
    metadata = pool["spec"]["template"].setdefault("metadata", {})
    metadata.setdefault("labels", {})[key] = value
    return f"{pool['metadata']['name']}: label {key}={value}"


def requirements(draft: Draft) -> str | None:
    """Another requirement."""
    pool = _pool(draft)
    if pool is None:
        return None
    stated: list[Json] = _template(pool).setdefault("requirements", [])
    if stated and draft.often(0.15):
        gone = stated.pop(draft.chance.randrange(len(stated)))
        return f"{pool['metadata']['name']}: without {gone}"
    made = draft.expression()
    if draft.often(0.15):
        key = draft.pick((*NUMERIC, "stage"))
        made = {"key": key, "operator": draft.pick(("Gte", "Lte")), "values": [draft.pick(VALUES[key])]}
    elif draft.often(0.35):
        made = draft.expression((ZONE, CAPACITY_TYPE, ARCH, AWS + "instance-family", AWS + "instance-category"))
    if made["operator"] in ("In", "Exists", "NotIn") and draft.often(0.2):
        most = len(made["values"]) if made["operator"] == "In" else 6
        made["minValues"] = draft.chance.randint(1, most)
    if made["key"].startswith(("beta.", "failure-domain.", "topology.ebs")):
        return None
    stated[:] = [entry for entry in stated if entry["key"] != made["key"] or draft.often(0.3)]
    stated.append(made)
    return f"{pool['metadata']['name']}: {made}"


def min_values(draft: Draft) -> str | None:
    """How many values of instance type, family or zone there shall be."""
    pool = _pool(draft)
    if pool is None:
        return None
    key = draft.pick((INSTANCE_TYPE, AWS + "instance-family", AWS + "instance-category", AWS + "instance-size", ZONE))
    made = {"key": key, "operator": "Exists", "minValues": draft.chance.randint(1, 8)}
    _template(pool).setdefault("requirements", []).append(made)
    return f"{pool['metadata']['name']}: {made}"


def state(draft: Draft) -> str | None:
    """A pool that is not ready, static, or on its way out."""
    pool = _pool(draft)
    if pool is None:
        return None
    kind = draft.pick(("unready", "static", "deleted", "foreign"))
    if kind == "unready":
        for condition in pool["status"]["conditions"]:
            if condition["type"] in ("Ready", "NodeClassReady"):
                condition["status"] = draft.pick(("False", "Unknown"))
    elif kind == "static":
        pool["spec"]["replicas"] = 1
        pool["spec"].pop("weight", None)
        pool["spec"].pop("limits", None)
    elif kind == "deleted":
        pool["metadata"]["deletionTimestamp"] = "2026-01-01T11:59:00Z"
        pool["metadata"]["finalizers"] = ["example.com/hold"]
    else:
        _template(pool)["nodeClassRef"] = {"group": "example.com", "kind": "OtherClass", "name": "default"}
    return f"{pool['metadata']['name']}: {kind}"


def another(draft: Draft) -> str | None:
    """One more pool, like one that is there."""
    pool = _pool(draft)
    if pool is None:
        return None
    made = copy.deepcopy(pool)
    made["metadata"]["name"], made["metadata"]["uid"] = draft.name(draft.pick("abyz")), draft.uid()
    if draft.often(0.6):
        made["spec"]["weight"] = draft.chance.randint(1, 100)
    draft.objects.append(made)
    return f"pool {made['metadata']['name']} like {pool['metadata']['name']}"


def _named(draft: Draft) -> list[str]:
    stated = draft.scenario["instanceTypes"]
    catalog = stated.get("catalog") if isinstance(stated, dict) else None
    return catalog if isinstance(catalog, list) else []


def offered(draft: Draft) -> str | None:
    """Fewer instance types, or other ones for a pool."""
    names = _named(draft)
    if len(names) < 3:
        return None
    some = draft.chance.sample(names, draft.chance.randint(1, len(names)))
    pool = _pool(draft)
    if pool is not None and draft.often(0.4):
        draft.scenario.setdefault("instanceTypesByNodePool", {})[pool["metadata"]["name"]] = some
        return f"{pool['metadata']['name']} sees {some}"
    draft.scenario["instanceTypes"]["catalog"] = [name for name in names if name in some]
    return f"types {some}"


def override(draft: Draft) -> str | None:
    """Offerings that are gone, cost something else, are reserved, or hold more."""
    names = _named(draft)
    if not names:
        return None
    made: Json = {}
    if draft.often(0.7):
        made["types"] = draft.chance.sample(names, draft.chance.randint(1, min(4, len(names))))
    if draft.often(0.5):
        made["zones"] = draft.chance.sample(ZONES, draft.chance.randint(1, 3))
    if draft.often(0.5):
        made["capacityTypes"] = [draft.pick(("spot", "on-demand"))]
    kind = draft.pick(("available", "available", "price", "reservation", "reservation", "capacity", "offering"))
    if kind == "available":
        made["available"] = False
    elif kind == "price":
        made["price"] = draft.pick((0.001, 0.05, 0.1, 0.1, 3.0))
    elif kind == "reservation":
        made = {"types": made.get("types") or [draft.pick(names)]}
        made["reservation"] = {
            "id": draft.pick(("cr-1", "cr-2", "cr-3")),
            "zone": draft.pick(ZONES),
            "capacity": draft.chance.randint(0, 3),
            "type": draft.pick(("default", "capacity-block")),
            "interruptible": False,
            "price": 1e-8,
        }
    elif kind == "capacity":
        made["capacity"] = draft.pick(({"nvidia.com/gpu": "1"}, {"pods": "4"}, {"hugepages-2Mi": "1Gi"}))
    else:
        made["capacityOverride"] = draft.pick(({"cpu": "4"}, {"example.com/dongle": "2"}, {"memory": "1Gi"}))
        if draft.often(0.4):
            made["overheadOverride"] = {"kubeReserved": {"cpu": draft.pick(("100m", "3"))}}
    draft.scenario["instanceTypes"].setdefault("overrides", []).append(made)
    return f"override {made}"


def settings(draft: Draft) -> str | None:
    """Another policy or feature gate."""
    options = draft.scenario.setdefault("options", {})
    kind = draft.pick(("preference", "preference", "minValues", "reserved", "static"))
    if kind == "preference":
        options["preferencePolicy"] = draft.pick(("Ignore", "Respect"))
    elif kind == "minValues":
        options["minValuesPolicy"] = draft.pick(("BestEffort", "Strict"))
    elif kind == "reserved":
        options["featureGates"] = {**options.get("featureGates", {}), "ReservedCapacity": False}
    else:
        options["featureGates"] = {**options.get("featureGates", {}), "StaticCapacity": True}
    return f"options {options}"


MUTATIONS: tuple[Mutation, ...] = (
    weight,
    limits,
    limits,
    taints,
    taints,
    labels,
    requirements,
    requirements,
    min_values,
    state,
    another,
    offered,
    override,
    override,
    settings,
)
