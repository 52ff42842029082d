"""Machine images of a NodeClass: by SSM alias, by SSM parameter, by id, by name, owner or tag."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.ec2.nodeclass.network import filters_of
from karptui.cloud.provider import NotFound
from karptui.model import labels
from karptui.model.node import RequirementSpec
from karptui.model.requirements import Requirements, from_specs

FAMILIES = {
    "al2": "AL2",
    "al2023": "AL2023",
    "bottlerocket": "Bottlerocket",
    "windows2019": "Windows2019",
    "windows2022": "Windows2022",
    "windows2025": "Windows2025",
}

_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}
_STANDARD = (
    RequirementSpec(labels.INSTANCE_GPU_COUNT, labels.DOES_NOT_EXIST),
    RequirementSpec(labels.INSTANCE_ACCELERATOR_COUNT, labels.DOES_NOT_EXIST),
)
_VARIANTS = {
    "standard": _STANDARD,
    "nvidia": (RequirementSpec(labels.INSTANCE_GPU_COUNT, labels.EXISTS),),
    "neuron": (RequirementSpec(labels.INSTANCE_ACCELERATOR_COUNT, labels.EXISTS),),
}
_WINDOWS_BUILDS = {"2019": "10.0.17763", "2022": "10.0.20348", "2025": "10.0.26100"}
_LAST_AL2_MINOR, _FIRST_WINDOWS_2025_MINOR = 32, 35

_AL2023 = (
    ("x86_64", "standard"),
    ("x86_64", "nvidia"),
    ("x86_64", "neuron"),
    ("arm64", "standard"),
    ("arm64", "nvidia"),
)


class Image(Struct, frozen=True):
    """One image and which instance types it serves."""

    id: str
    name: str
    created: str
    deprecated: bool
    requirements: tuple[RequirementSpec, ...]

    def to_status(self) -> dict[str, Any]:
        """As the NodeClass' status has it."""
        entry: dict[str, Any] = {"id": self.id, "name": self.name}
        if self.deprecated:
            entry["deprecated"] = True
        entry["requirements"] = [
            {"key": spec.key, "operator": spec.operator} | ({"values": list(spec.values)} if spec.values else {})
            for spec in self.requirements
        ]
        return entry


class UnsupportedAlias(Exception):
    """The alias stands for nothing that this cluster can run; the message is one sentence."""


class AliasEmpty(Exception):
    """No parameter of the alias exists, so nothing can be said of its images; the message is one sentence."""


def family_of(spec: Mapping[str, Any]) -> str:
    """The AMI family: given, else the alias'."""
    if spec.get("amiFamily"):
        return spec["amiFamily"]
    return FAMILIES.get(_alias(spec).partition("@")[0], "Custom")


def _alias(spec: Mapping[str, Any]) -> str:
    return next((term["alias"] for term in spec.get("amiSelectorTerms") or [] if term.get("alias")), "")


def image_version(spec: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    """Which version a NodeClass' images are of ("latest", "v1.45.0"): that of the alias, else the first that the names
    of images tell, those of the selector's terms before those of the status; "" where none does."""
    if version := _alias(spec).partition("@")[2]:
        return version
    terms: list[Mapping[str, Any]] = spec.get("amiSelectorTerms") or []
    images: list[Mapping[str, Any]] = status.get("amis") or []
    resolved = [(entry["id"], entry.get("name") or "") for entry in images]
    own = [(id_, name) for id_, name in resolved if "bottlerocket" in name]
    by_id = [next((name for id_, name in own if id_ == term["id"]), "") for term in terms if term.get("id")]
    names = [*(term.get("name") or "" for term in terms), *by_id, *(name for _, name in own)]
    parts = (part for name in names for part in name.split("-"))
    return next((part for part in parts if part.startswith("v") and "." in part), "")


async def find_images(ec2: Any, ssm: Any, spec: Mapping[str, Any], kubernetes: str, now: float) -> tuple[Image, ...]:
    """The images of a NodeClass, newest first, then by id; one for each set of requirements.

    Raises UnsupportedAlias, AliasEmpty and CloudError.
    """
    alias = _alias(spec)
    if alias:
        wanted = await _alias_images(ssm, alias, kubernetes)
        entries = await _describe(ec2, [[{"Name": "image-id", "Values": sorted(wanted)}]], None)
        candidates = [_image(entry, extra, now) for entry in entries for extra in wanted[entry["ImageId"]]]
    else:
        candidates = [_image(entry, (), now) for entry in await _selected(ec2, ssm, spec.get("amiSelectorTerms") or [])]
    best: dict[tuple[RequirementSpec, ...], Image] = {}
    # Not deprecated before deprecated, newer before older, then the greater name.
    for image in sorted(candidates, key=lambda image: (not image.deprecated, image.created, image.name)):
        if image.requirements:
            best[image.requirements] = image
    # One image may stand for two sets of requirements; their text decides then.
    newest = sorted(best.values(), key=lambda image: (image.id, json.dumps(image.to_status()["requirements"])))
    return tuple(sorted(newest, key=lambda image: image.created, reverse=True))


Served = list[tuple[RequirementSpec, ...]]
"""Sets of requirements that one image serves, besides its architecture."""


def parameters_of(alias: str, kubernetes: str) -> dict[str, Served]:
    """SSM parameter → what its image serves, for an alias such as al2023@latest. Raises UnsupportedAlias."""
    family, _, version = alias.partition("@")
    version = version or "latest"
    minor = int(kubernetes.partition(".")[2] or 0)
    if family == "al2023":
        return _al2023_parameters(kubernetes, version)
    if family == "al2":
        if minor > _LAST_AL2_MINOR:
            raise UnsupportedAlias(f"there are no AL2 images for Kubernetes {kubernetes}: use al2023@ or bottlerocket@")
        return _al2_parameters(kubernetes, version)
    if family == "bottlerocket":
        return _bottlerocket_parameters(kubernetes, version.removeprefix("v"))
    if family.removeprefix("windows") in _WINDOWS_BUILDS:
        if family == "windows2025" and minor < _FIRST_WINDOWS_2025_MINOR:
            raise UnsupportedAlias(
                f"there are no images of Windows Server 2025 for Kubernetes {kubernetes}, only from 1.35"
            )
        return _windows_parameters(kubernetes, family.removeprefix("windows"))
    raise UnsupportedAlias(f"{alias} names none of {', '.join(sorted(FAMILIES))}")


def windows_build(family: str) -> str:
    """The build number of a Windows family, "" for any other."""
    return _WINDOWS_BUILDS.get(family.removeprefix("Windows"), "")


def _al2023_parameters(kubernetes: str, version: str) -> dict[str, Served]:
    folder = f"/aws/service/eks/optimized-ami/{kubernetes}/amazon-linux-2023"
    found: dict[str, Served] = {}
    for machine, variant in _AL2023:
        pinned = f"amazon-eks-node-al2023-{machine}-{variant}-{kubernetes}-{version}"
        name = "recommended" if version == "latest" else pinned
        found[f"{folder}/{machine}/{variant}/{name}/image_id"] = [_VARIANTS[variant]]
    return found


def _al2_parameters(kubernetes: str, version: str) -> dict[str, Served]:
    found: dict[str, Served] = {}
    for suffix, prefix, variants in (
        ("", "amazon-eks-node", ("standard",)),
        ("-arm64", "amazon-eks-arm64-node", ("standard",)),
        ("-gpu", "amazon-eks-gpu-node", ("neuron", "nvidia")),
    ):
        name = "recommended" if version == "latest" else f"{prefix}-{kubernetes}-{version}"
        folder = f"/aws/service/eks/optimized-ami/{kubernetes}/amazon-linux-2{suffix}"
        found[f"{folder}/{name}/image_id"] = [_VARIANTS[variant] for variant in variants]
    return found


def _bottlerocket_parameters(kubernetes: str, version: str) -> dict[str, Served]:
    found: dict[str, Served] = {}
    for suffix in ("", "-nvidia"):
        for machine in ("x86_64", "arm64"):
            plain = ("standard", "neuron") if machine == "x86_64" else ("standard",)
            served = [_VARIANTS[variant] for variant in (("nvidia",) if suffix else plain)]
            found[f"/aws/service/bottlerocket/aws-k8s-{kubernetes}{suffix}/{machine}/{version}/image_id"] = served
    return found


def _windows_parameters(kubernetes: str, year: str) -> dict[str, Served]:
    name = f"Windows_Server-{year}-English-Core-EKS_Optimized-{kubernetes}"
    requirements = (
        RequirementSpec(labels.OS, labels.IN, ("windows",)),
        RequirementSpec(labels.WINDOWS_BUILD, labels.IN, (_WINDOWS_BUILDS[year],)),
    )
    return {f"/aws/service/ami-windows-latest/{name}/image_id": [requirements]}


async def _alias_images(ssm: Any, alias: str, kubernetes: str) -> dict[str, Served]:
    found: dict[str, Served] = {}
    for name, served in parameters_of(alias, kubernetes).items():
        image = await _parameter(ssm, name)
        if image:
            found.setdefault(image, []).extend(served)
    if not found:
        raise AliasEmpty(f"none of the parameters that the alias {alias} stands for exists")
    return found


async def _parameter(ssm: Any, name: str) -> str:
    try:
        with calling("ssm", "GetParameter"):
            return (await ssm.get_parameter(Name=name))["Parameter"]["Value"]
    except NotFound:
        # A variant that was not released is passed over, as in Karpenter.
        return ""


async def _selected(ec2: Any, ssm: Any, terms: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    ids: list[str] = []
    entries: list[dict[str, Any]] = []
    for term in terms:
        if term.get("id"):
            ids.append(term["id"])
        elif term.get("ssmParameter"):
            image = await _parameter(ssm, term["ssmParameter"])
            ids += [image] if image else []
        else:
            filters = [entry for call in filters_of([{"tags": term.get("tags")}], "image-id") for entry in call]
            if term.get("name"):
                filters.append({"Name": "name", "Values": [term["name"]]})
            owners = [term["owner"]] if term.get("owner") else (["self", "amazon"] if term.get("name") else None)
            entries += await _describe(ec2, [filters], owners)
    if ids:
        entries += await _describe(ec2, [[{"Name": "image-id", "Values": ids}]], None)
    return entries


async def _describe(ec2: Any, calls: list[list[dict[str, Any]]], owners: list[str] | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for filters in calls:
        asked: dict[str, Any] = {"Filters": [*filters, {"Name": "state", "Values": ["available"]}]}
        if owners:
            asked["Owners"] = owners
        with calling("ec2", "DescribeImages"):
            async for page in ec2.get_paginator("describe_images").paginate(IncludeDeprecated=True, **asked):
                found += page["Images"]
    return found


def _image(entry: Mapping[str, Any], extra: tuple[RequirementSpec, ...], now: float) -> Image:
    arch = _ARCHITECTURES.get(entry.get("Architecture", ""))
    terms = (RequirementSpec(labels.ARCH, labels.IN, (arch,)), *extra) if arch else ()
    requirements = tuple(sorted(terms, key=lambda term: (len(term.key), term.key)))
    ends = entry.get("DeprecationTime")
    deprecated = bool(ends) and datetime.fromisoformat(str(ends).replace("Z", "+00:00")).timestamp() <= now
    return Image(entry["ImageId"], entry.get("Name", ""), entry.get("CreationDate", ""), deprecated, requirements)


def image_requirements(entry: Mapping[str, Any]) -> Requirements:
    """What an entry of status.amis asks of an instance type."""
    return from_specs(
        RequirementSpec(wanted["key"], wanted["operator"], tuple(wanted.get("values") or ()))
        for wanted in entry.get("requirements") or ()
    )
