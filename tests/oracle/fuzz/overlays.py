"""Mutations that lay NodeOverlays over prices and capacities."""

from tests.oracle.fuzz.draft import (
    ARCH,
    AWS,
    CAPACITY_TYPE,
    CUSTOM,
    INSTANCE_TYPE,
    NODEPOOL,
    NUMERIC,
    VALUES,
    ZONE,
    Draft,
    Json,
    Mutation,
)

_KEYS = (ZONE, CAPACITY_TYPE, CAPACITY_TYPE, ARCH, INSTANCE_TYPE, AWS + "instance-family", AWS + "instance-category")


def _requirement(draft: Draft) -> Json:
    kind = draft.chance.random()
    if kind < 0.25:
        pool = draft.pick(draft.of("NodePool"))
        name = pool["metadata"]["name"] if pool is not None else "none"
        return {"key": NODEPOOL, "operator": draft.pick(("In", "In", "NotIn")), "values": [name]}
    if kind < 0.4:
        key = draft.pick(NUMERIC)
        return {"key": key, "operator": draft.pick(("Gt", "Lt", "Gte", "Lte")), "values": [draft.pick(VALUES[key])]}
    if kind < 0.5:
        return draft.expression((*CUSTOM, "karpenter.sh/restricted"))
    return draft.expression(_KEYS)


def overlay(draft: Draft) -> str | None:
    """One more NodeOverlay, behind its gate or not."""
    spec: Json = {"requirements": [_requirement(draft) for _ in range(draft.pick((0, 1, 1, 1, 2, 2, 3)))]}
    if draft.often(0.75):
        changes = ("+0.05", "-0.02", "-90%", "+10%", "-100%", "+150.5%", "-0.5%", "-7")
        if draft.often(0.5):
            spec["price"] = draft.pick(("0", "0.01", "0.1", "1.5"))
        else:
            spec["priceAdjustment"] = draft.pick(changes)
    if draft.often(0.4):
        names = ("example.com/dongle", "nvidia.com/gpu", "smarter-devices/fuse", "hugepages-2Mi", "cpu")
        spec["capacity"] = {
            name: draft.pick(("1", "2", "8", "1Gi")) for name in names if draft.often(0.04 if name == "cpu" else 0.4)
        }
    if draft.often(0.6):
        spec["weight"] = draft.pick((1, 5, 5, 10, 10000))
    made = {
        "apiVersion": "karpenter.sh/v1alpha1",
        "kind": "NodeOverlay",
        "metadata": {"name": draft.name(draft.pick("abyz")), "uid": draft.uid()},
        "spec": spec,
    }
    draft.objects.append(made)
    options = draft.scenario.setdefault("options", {})
    options["featureGates"] = {**options.get("featureGates", {}), "NodeOverlay": draft.often(0.95)}
    return f"overlay {spec}"


def wanted(draft: Draft) -> str | None:
    """A pod that asks for what an overlay may give."""
    pod = draft.pick([entry for entry in draft.of("Pod") if not entry["spec"].get("nodeName")])
    if pod is None:
        return None
    resources = pod["spec"]["containers"][0].setdefault("resources", {})
    name = draft.pick(("example.com/dongle", "smarter-devices/fuse"))
    resources.setdefault("requests", {})[name] = "1"
    resources.setdefault("limits", {})[name] = "1"
    return f"{pod['metadata']['name']} asks for {name}"


MUTATIONS: tuple[Mutation, ...] = (overlay, overlay, overlay, wanted)
