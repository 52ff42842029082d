"""Machine images of a NodeClass: by SSM alias, by SSM parameter, by id, by name, owner or tag."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.errors import calling
from karptui.cloud.ec2.network import filters_of
from karptui.cloud.provider import NotFound
from karptui.model import labels
from karptui.model.node import RequirementSpec

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
    """The alias stands for nothing we know; the message is one sentence."""


def family_of(spec: Mapping[str, Any]) -> str:
    """The AMI family: given, else the alias'."""
    if spec.get("amiFamily"):
        return spec["amiFamily"]
    return FAMILIES.get(_alias(spec).partition("@")[0], "Custom")


def _alias(spec: Mapping[str, Any]) -> str:
    return next((term["alias"] for term in spec.get("amiSelectorTerms") or [] if term.get("alias")), "")


async def find_images(ec2: Any, ssm: Any, spec: Mapping[str, Any], kubernetes: str) -> tuple[Image, ...]:
    """The images of a NodeClass, newest first, then by id; one for each set of requirements.

    Raises UnsupportedAlias and CloudError.
    """
    alias = _alias(spec)
    if alias:
        wanted = await _alias_images(ssm, alias, kubernetes)
        entries = await _describe(ec2, [[{"Name": "image-id", "Values": sorted(wanted)}]], None) if wanted else []
        candidates = [_image(entry, extra) for entry in entries for extra in wanted[entry["ImageId"]]]
    else:
        candidates = [_image(entry, ()) for entry in await _selected(ec2, ssm, spec.get("amiSelectorTerms") or [])]
    best: dict[tuple[RequirementSpec, ...], Image] = {}
    # Not deprecated before deprecated, newer before older, then the greater name.
    for image in sorted(candidates, key=lambda image: (not image.deprecated, image.created, image.name)):
        if image.requirements:
            best[image.requirements] = image
    newest = sorted(best.values(), key=lambda image: image.id)
    return tuple(sorted(newest, key=lambda image: image.created, reverse=True))


def parameters_of(alias: str, kubernetes: str) -> dict[str, tuple[RequirementSpec, ...]]:
    """SSM parameter → the variant's requirements, for an alias such as al2023@latest. Raises UnsupportedAlias."""
    family, _, version = alias.partition("@")
    version = version or "latest"
    if family == "al2023":
        folder = f"/aws/service/eks/optimized-ami/{kubernetes}/amazon-linux-2023"
        return {
            f"{folder}/{machine}/{variant}/"
            + (
                "recommended"
                if version == "latest"
                else f"amazon-eks-node-al2023-{machine}-{variant}-{kubernetes}-{version}"
            )
            + "/image_id": _VARIANTS[variant]
            for machine, variant in _AL2023
        }
    if family == "bottlerocket":
        number = version.removeprefix("v")
        return {
            f"/aws/service/bottlerocket/aws-k8s-{kubernetes}{suffix}/{machine}/{number}/image_id": _VARIANTS[variant]
            for suffix, variant in (("", "standard"), ("-nvidia", "nvidia"))
            for machine in ("x86_64", "arm64")
        }
    raise UnsupportedAlias(f"karptui cannot resolve the alias {alias} yet: use al2023@, bottlerocket@, or an image id")


async def _alias_images(ssm: Any, alias: str, kubernetes: str) -> dict[str, list[tuple[RequirementSpec, ...]]]:
    found: dict[str, list[tuple[RequirementSpec, ...]]] = {}
    for name, requirements in parameters_of(alias, kubernetes).items():
        image = await _parameter(ssm, name)
        if image:
            found.setdefault(image, []).append(requirements)
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


def _image(entry: Mapping[str, Any], extra: tuple[RequirementSpec, ...]) -> Image:
    arch = _ARCHITECTURES.get(entry.get("Architecture", ""))
    requirements = (RequirementSpec(labels.ARCH, labels.IN, (arch,)), *extra) if arch else ()
    ends = entry.get("DeprecationTime")
    deprecated = bool(ends) and datetime.fromisoformat(str(ends).replace("Z", "+00:00")) <= datetime.now(UTC)
    return Image(entry["ImageId"], entry.get("Name", ""), entry.get("CreationDate", ""), deprecated, requirements)
