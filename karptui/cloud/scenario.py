"""Scenario files: one question put to a provisioning or disruption engine, as JSON (tests/conformance/README.md).

A scenario names what the cloud offers, the settings, and Kubernetes objects as an API server returns them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from karptui.engine.provisioning.catalogue import allocatable
from karptui.kube.decode import decode_manifest
from karptui.kube.errors import DecodeError
from karptui.model.instance_type import Catalogue, InstanceType, Offering, Overhead
from karptui.model.labels import (
    CAPACITY_RESERVATION_ID,
    CAPACITY_RESERVATION_INTERRUPTIBLE,
    CAPACITY_RESERVATION_TYPE,
    CAPACITY_TYPE,
    DOES_NOT_EXIST,
    IN,
    INSTANCE_TENANCY,
    ON_DEMAND,
    REGION,
    RESERVED,
    SPOT,
    ZONE,
    ZONE_ID,
)
from karptui.model.quantity import QuantityError
from karptui.model.requirements import Requirement, Requirements, requirement
from karptui.model.resources import Resources, parse_resources
from karptui.model.snapshot import Options, Snapshot

Json = Mapping[str, Any]

_FIELDS = {
    "pods": "pods",
    "nodes": "nodes",
    "nodeclaims": "node_claims",
    "nodepools": "node_pools",
    "nodeoverlays": "node_overlays",
    "daemonsets": "daemon_sets",
    "poddisruptionbudgets": "budgets",
    "namespaces": "namespaces",
    "priorityclasses": "priority_classes",
    "persistentvolumeclaims": "volume_claims",
    "persistentvolumes": "volumes",
    "storageclasses": "storage_classes",
    "csinodes": "csi_nodes",
}
"""Where in a Snapshot objects of a resource belong; NodeClasses and workloads are told apart below."""

_WORKLOADS = frozenset({"deployments", "replicasets", "statefulsets", "jobs"})


class ScenarioError(ValueError):
    """The file is no scenario that can be answered. The message is one sentence that can be shown as it is."""


def is_scenario(document: object) -> bool:
    """Whether a parsed file is a scenario and not a Kubernetes object."""
    return isinstance(document, Mapping) and "instanceTypes" in document and "objects" in document


def snapshot_of(scenario: Json, catalog: Json | None = None) -> Snapshot:
    """The Snapshot that a scenario describes; `catalog` is the parsed catalog file that types by name refer to.

    Raises ScenarioError.
    """
    try:
        fields = _objects(scenario.get("objects") or ())
        state: Json = scenario.get("state") or {}
        now = datetime.fromisoformat(scenario["now"]).timestamp()
        return Snapshot(
            number=0,
            now=now,
            options=_options(scenario.get("options") or {}),
            catalogue=catalogue_of(scenario, catalog),
            nominated=dict.fromkeys(state.get("nominated") or (), now + 20.0),
            marked_for_deletion=frozenset(state.get("markedForDeletion") or ()),
            provider_drift=dict(state.get("providerDrift") or {}),
            favoured=tuple(state.get("favoured") or ()),
            **fields,
        )
    except (DecodeError, QuantityError) as error:
        raise ScenarioError(f"the scenario {_name(scenario)} cannot be read: {error}") from error
    except KeyError as error:
        raise ScenarioError(
            f"the scenario {_name(scenario)} lacks {error}, or names something unknown by it"
        ) from error
    except (TypeError, AttributeError, ValueError) as error:
        if isinstance(error, ScenarioError):
            raise
        raise ScenarioError(f"the scenario {_name(scenario)} is malformed: {error}") from error


def _name(scenario: Json) -> str:
    return str(scenario.get("name") or "without a name")


def _objects(manifests: Iterable[Json]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for manifest in manifests:
        resource, decoded = decode_manifest(manifest)
        if resource in _WORKLOADS:
            field = "workloads"
        elif resource.endswith("nodeclasses"):
            field = "node_classes"
        else:
            field = _FIELDS.get(resource, "")
        if resource == "nodepools" and "budgets" not in ((manifest.get("spec") or {}).get("disruption") or {}):
            # A scenario is past the API server's defaults: what it leaves out is an empty list, which Go omits.
            decoded = replace(decoded, budgets=())
        if field:
            fields.setdefault(field, {})[decoded.key] = decoded
    return fields


def _options(options: Json) -> Options:
    return Options(
        preference_policy=options.get("preferencePolicy", "Respect"),
        min_values_policy=options.get("minValuesPolicy", "Strict"),
        ignore_dra_requests=options.get("ignoreDRARequests", True),
        feature_gates=dict(options.get("featureGates") or {}),
        karpenter_version=options.get("karpenterVersion") or Options().karpenter_version,
    )


def catalogue_of(scenario: Json, catalog: Json | None = None) -> Catalogue:
    """What the cloud offers in a scenario: types written out, or by name out of `catalog`. Raises ScenarioError."""
    stated = scenario["instanceTypes"]
    by_pool = {pool: tuple(names) for pool, names in (scenario.get("instanceTypesByNodePool") or {}).items()}
    if not isinstance(stated, Mapping):
        types = [_written_out(entry) for entry in stated]
        return Catalogue(types=tuple(types), by_pool=by_pool, source="scenario")
    types = _named(stated["catalog"], catalog) if stated.get("catalog") else []
    types += [_written_out(entry) for entry in stated.get("extra") or ()]
    for override in stated.get("overrides") or ():
        names = frozenset(override["types"]) if override.get("types") is not None else None
        types = [_overridden(type_, override) if names is None or type_.name in names else type_ for type_ in types]
    return Catalogue(types=tuple(types), by_pool=by_pool, source="scenario")


def _named(names: Any, catalog: Json | None) -> list[InstanceType]:
    if catalog is None:
        raise ScenarioError("the scenario names types of a catalog, which was not given: put catalog.json beside it")
    entries = {entry["name"]: entry for entry in catalog["types"]}
    chosen = entries if names == "*" else names
    return [_from_catalog(entries[name], catalog) for name in chosen]


def _amounts(quantities: Json | None) -> Resources:
    return parse_resources(quantities)


def _overhead(stated: Json | None) -> Overhead:
    stated = stated or {}
    return Overhead(
        _amounts(stated.get("kubeReserved")),
        _amounts(stated.get("systemReserved")),
        _amounts(stated.get("evictionThreshold")),
    )


def _type(
    name: str, requirements: Requirements, capacity: Resources, overhead: Overhead, offerings: tuple[Offering, ...]
) -> InstanceType:
    return InstanceType(name, requirements, capacity, overhead, allocatable(capacity, [overhead]), offerings)


def _one(key: str, value: str) -> Requirement:
    return Requirement(key, False, frozenset((value,)))


def _written_out(entry: Json) -> InstanceType:
    offerings = tuple(_offering(offering) for offering in entry.get("offerings") or ())
    return _type(
        entry["name"],
        _requirements(entry.get("requirements") or ()),
        _amounts(entry.get("capacity")),
        _overhead(entry.get("overhead")),
        offerings,
    )


def _requirements(entries: Iterable[Json]) -> Requirements:
    return Requirements(
        requirement(entry["key"], entry["operator"], entry.get("values") or (), entry.get("minValues"))
        for entry in entries
    )


def _offering(entry: Json) -> Offering:
    requirements = _requirements(entry["requirements"])
    capacity, overhead = entry.get("capacityOverride"), entry.get("overheadOverride")
    return Offering(
        requirements=requirements,
        zone=requirements.of(ZONE).any_value() if ZONE in requirements else "",
        capacity_type=requirements.of(CAPACITY_TYPE).any_value() if CAPACITY_TYPE in requirements else "",
        price=float(entry["price"]),
        available=bool(entry.get("available", True)),
        reservation_id=_value(requirements, CAPACITY_RESERVATION_ID),
        reservation_capacity=int(entry.get("reservationCapacity") or 0),
        capacity_override=None if capacity is None else _amounts(capacity),
        overhead_override=None if overhead is None else _overhead(overhead),
    )


def _value(requirements: Requirements, key: str) -> str:
    found = requirements.get(key)
    return found.any_value() if found is not None and found.operator == IN else ""


def _from_catalog(entry: Json, catalog: Json) -> InstanceType:
    zones: list[str] = entry["zones"]
    spot: Json = entry.get("spot") or {}
    zone_ids: Json = catalog["zoneIDs"]
    stated = [_one(key, value) for key, value in entry["labels"].items()]
    stated += [
        Requirement(ZONE, False, frozenset(zones)),
        Requirement(ZONE_ID, False, frozenset(zone_ids[zone] for zone in zones)),
        _one(REGION, catalog["region"]),
        Requirement(CAPACITY_TYPE, False, frozenset((ON_DEMAND, SPOT) if spot else (ON_DEMAND,))),
        Requirement(INSTANCE_TENANCY, False, frozenset(("default", "dedicated"))),
    ]
    stated += [requirement(key, DOES_NOT_EXIST) for key in catalog["doesNotExist"] if key not in entry["labels"]]
    offerings: list[Offering] = []
    for zone in zones:
        offerings.append(_catalog_offering(ON_DEMAND, zone, zone_ids[zone], entry["onDemand"]))
        if zone in spot:
            offerings.append(_catalog_offering(SPOT, zone, zone_ids[zone], spot[zone]))
    overhead = _overhead(entry.get("overhead"))
    return _type(entry["name"], Requirements(stated), _amounts(entry["capacity"]), overhead, tuple(offerings))


def _catalog_offering(capacity_type: str, zone: str, zone_id: str, price: float) -> Offering:
    unreserved = (CAPACITY_RESERVATION_ID, CAPACITY_RESERVATION_TYPE, CAPACITY_RESERVATION_INTERRUPTIBLE)
    requirements = Requirements(
        (
            _one(CAPACITY_TYPE, capacity_type),
            _one(ZONE, zone),
            _one(ZONE_ID, zone_id),
            *(requirement(key, DOES_NOT_EXIST) for key in unreserved),
        )
    )
    return Offering(requirements, zone, capacity_type, float(price))


def _overridden(type_: InstanceType, override: Json) -> InstanceType:
    capacity, requirements, offerings = type_.capacity, type_.requirements, list(type_.offerings)
    if override.get("capacity"):
        capacity = {**capacity, **_amounts(override["capacity"])}
    if override.get("reservation"):
        requirements, reserved = _reservation(type_, override["reservation"])
        offerings.append(reserved)
    offerings = [_overridden_offering(offering, override) for offering in offerings]
    return _type(type_.name, requirements, capacity, type_.overhead, tuple(offerings))


def _reservation(type_: InstanceType, stated: Json) -> tuple[Requirements, Offering]:
    """The type's requirements with the values of a capacity reservation, and the offering that it makes."""
    values = {
        CAPACITY_TYPE: RESERVED,
        CAPACITY_RESERVATION_ID: stated["id"],
        CAPACITY_RESERVATION_TYPE: stated.get("type") or "default",
        CAPACITY_RESERVATION_INTERRUPTIBLE: "true" if stated.get("interruptible") else "false",
    }
    requirements = type_.requirements
    for key, value in values.items():
        known = requirements.get(key)
        before: frozenset[str] = known.values if known is not None else frozenset()
        requirements = requirements.replace(Requirement(key, False, before | {value}))
    zone: str = stated["zone"]
    zone_id = next(
        (_value(offering.requirements, ZONE_ID) for offering in type_.offerings if offering.zone == zone), ""
    )
    own = Requirements([*(_one(key, value) for key, value in values.items()), _one(ZONE, zone), _one(ZONE_ID, zone_id)])
    capacity = int(stated["capacity"])
    price = float(stated.get("price") or 0)
    return requirements, Offering(own, zone, RESERVED, price, capacity > 0, stated["id"], capacity)


def _overridden_offering(offering: Offering, override: Json) -> Offering:
    zones, kinds = override.get("zones"), override.get("capacityTypes")
    if (zones is not None and offering.zone not in zones) or (
        kinds is not None and offering.capacity_type not in kinds
    ):
        return offering
    capacity, overhead = override.get("capacityOverride"), override.get("overheadOverride")
    return Offering(
        offering.requirements,
        offering.zone,
        offering.capacity_type,
        float(override.get("price", offering.price)),
        bool(override.get("available", offering.available)),
        offering.reservation_id,
        offering.reservation_capacity,
        offering.capacity_override if capacity is None else _amounts(capacity),
        offering.overhead_override if overhead is None else _overhead(overhead),
    )
