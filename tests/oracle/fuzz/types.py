"""Mutations of instance types that are written out in full, so that they may be as no EC2 type is."""

import copy

from tests.conformance.corpus import catalog
from tests.oracle.fuzz.draft import AWS, CAPACITY_TYPE, INSTANCE_TYPE, ZONE, ZONES, Draft, Json, Mutation

ZONE_ID, REGION = "topology.k8s.aws/zone-id", "topology.kubernetes.io/region"
RESERVATION = tuple(
    AWS + name
    for name in ("capacity-reservation-id", "capacity-reservation-type", "capacity-reservation-interruptible")
)


def _in(key: str, *values: str) -> Json:
    return {"key": key, "operator": "In", "values": list(values)}


def _absent(key: str) -> Json:
    return {"key": key, "operator": "DoesNotExist"}


def written_out(name: str) -> Json:
    """A type of the catalog as scenarios write types out."""
    known = catalog()
    entry = next(entry for entry in known["types"] if entry["name"] == name)
    ids: Json = known["zoneIDs"]
    spot: Json = entry.get("spot") or {}
    kinds = ["on-demand", "spot"] if spot else ["on-demand"]
    requirements = [
        *(_in(key, value) for key, value in entry["labels"].items()),
        _in(ZONE, *entry["zones"]),
        _in(ZONE_ID, *(ids[zone] for zone in entry["zones"])),
        _in(REGION, known["region"]),
        _in(CAPACITY_TYPE, *kinds),
        _in(AWS + "instance-tenancy", "default", "dedicated"),
        *(_absent(key) for key in known["doesNotExist"] if key not in entry["labels"]),
    ]
    offerings: list[Json] = []
    for zone in entry["zones"]:
        for kind in kinds:
            if kind == "spot" and zone not in spot:
                continue
            own = [_in(CAPACITY_TYPE, kind), _in(ZONE, zone), _in(ZONE_ID, ids[zone]), *map(_absent, RESERVATION)]
            price = entry["onDemand"] if kind == "on-demand" else spot[zone]
            offerings.append({"requirements": own, "price": price, "available": True})
    return {
        "name": name,
        "requirements": requirements,
        "capacity": dict(entry["capacity"]),
        "overhead": copy.deepcopy(entry.get("overhead") or {}),
        "offerings": offerings,
    }


def _write_out(draft: Draft) -> list[Json]:
    """The types of a scenario, written out from now on; none where it names all of the catalog."""
    stated = draft.scenario["instanceTypes"]
    if isinstance(stated, list):
        return stated
    names = stated.get("catalog")
    if not isinstance(names, list) or stated.get("overrides"):
        return []
    draft.scenario["instanceTypes"] = [written_out(name) for name in names]
    return draft.scenario["instanceTypes"]


def written(draft: Draft) -> str | None:
    """Types as they are, but written out."""
    return "types written out" if _write_out(draft) else None


def odd_requirement(draft: Draft) -> str | None:
    """A type without a requirement, with one more, or with another kind of it."""
    type_ = draft.pick(_write_out(draft))
    if type_ is None:
        return None
    requirements: list[Json] = type_["requirements"]
    kind = draft.pick(("without", "custom", "several", "not", "bounds"))
    if kind == "without":
        gone = draft.pick([entry for entry in requirements if entry["key"] != INSTANCE_TYPE])
        requirements.remove(gone)
        return f"{type_['name']}: without {gone['key']}"
    key = draft.pick(("team", "stage", AWS + "instance-cpu", AWS + "instance-category", AWS + "instance-family"))
    made = _in(key, *draft.values(key))
    if kind == "not":
        made["operator"] = draft.pick(("NotIn", "Exists", "DoesNotExist"))
        if made["operator"] != "NotIn":
            made.pop("values")
    elif kind == "bounds":
        made = {"key": "stage", "operator": draft.pick(("Gt", "Lt", "Gte", "Lte")), "values": ["3"]}
    requirements[:] = [entry for entry in requirements if entry["key"] != made["key"]]
    requirements.append(made)
    return f"{type_['name']}: {made}"


def odd_offering(draft: Draft) -> str | None:
    """Offerings that are gone, cost the same, are in a zone of their own, or hold something else."""
    type_ = draft.pick(_write_out(draft))
    if type_ is None or not type_["offerings"]:
        return None
    kind = draft.pick(("gone", "none", "price", "zone", "reserved", "override", "off"))
    offering: Json = draft.pick(type_["offerings"])
    if kind == "gone":
        type_["offerings"].remove(offering)
    elif kind == "none":
        type_["offerings"] = []
    elif kind == "price":
        offering["price"] = draft.pick((0.0, 0.1, 0.0001))
    elif kind == "zone":
        for entry in offering["requirements"]:
            if entry["key"] == ZONE:
                entry["values"] = [draft.pick((*ZONES, "us-east-1z"))]
    elif kind == "reserved":
        zone = draft.pick(ZONES)
        own = [_in(CAPACITY_TYPE, "reserved"), _in(ZONE, zone), _in(RESERVATION[0], draft.pick(("cr-1", "cr-2")))]
        capacity = draft.chance.randint(0, 3)
        made = {"requirements": own, "price": 0.0, "available": True, "reservationCapacity": capacity}
        type_["offerings"].append(made)
        for entry in type_["requirements"]:
            if entry["key"] == CAPACITY_TYPE:
                entry["values"] = [*entry["values"], "reserved"]
    elif kind == "override":
        offering["capacityOverride"] = draft.pick(({"cpu": "2"}, {"memory": "2Gi"}, {"example.com/dongle": "1"}))
    else:
        offering["available"] = False
    return f"{type_['name']}: offering {kind}"


def odd_capacity(draft: Draft) -> str | None:
    """A type of another size, with large pages, or with nothing but overhead."""
    type_ = draft.pick(_write_out(draft))
    if type_ is None:
        return None
    made = draft.pick(
        (
            {"pods": "5"},
            {"cpu": "0"},
            {"hugepages-2Mi": "2Gi"},
            {"hugepages-1Gi": "500Gi"},
            {"nvidia.com/gpu": "2"},
            {"example.com/dongle": "3"},
            {"memory": "100Mi"},
        )
    )
    type_["capacity"].update(made)
    if draft.often(0.2):
        type_["overhead"] = draft.pick(
            ({}, {"systemReserved": {"cpu": "1", "memory": "2Gi"}}, {"kubeReserved": {"cpu": "99"}})
        )
    return f"{type_['name']}: {made}"


MUTATIONS: tuple[Mutation, ...] = (written, odd_requirement, odd_offering, odd_offering, odd_capacity)
