"""What is known of an EC2 instance type before any NodeClass is looked at: from the shipped file or from EC2 itself."""

import re
import zlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from msgspec import Struct

from karptui.cloud.ec2.instance_type import capacity
from karptui.model import labels

NVIDIA_GPU = "nvidia.com/gpu"
NEURON = "aws.amazon.com/neuron"
NEURON_CORE = "aws.amazon.com/neuroncore"
EFA = "vpc.amazonaws.com/efa"
POD_ENI = "vpc.amazonaws.com/pod-eni"

_GPU_RESOURCES = {"NVIDIA": NVIDIA_GPU, "AMD": "amd.com/gpu", "Habana": "habana.ai/gaudi"}
_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}
_NAME = re.compile(r"(^[a-z]+)(-[0-9]+tb)?([0-9]+).*\.")


class TypeNetwork(Struct, frozen=True, gc=False):
    """Network cards of a type: interfaces that each takes, IPv4 addresses of an interface, EFA interfaces at most."""

    cards: tuple[int, ...]
    default_card: int
    addresses: int
    ena: bool
    efa: int

    def pods(self, taken: int) -> int:
        """Pods that addresses allow, when so many interfaces of the first card are not theirs."""
        return capacity.eni_pods(self.cards[self.default_card] - taken, self.addresses)


class TypeFacts(Struct, frozen=True, gc=False):
    """One instance type. `labels` are single-valued; `address_pods` is the ENI formula's figure.

    `resources` counts devices (GPUs, Neuron, EFA, pod-eni), `usage` holds "on-demand", "spot", "capacity-block".
    `offered` gives the letters of the zones per region where that is known (`""`: nowhere in the region). `network`,
    `features` of the processor and placement `strategies` are None in the shipped file, which does not tell them.
    """

    name: str
    labels: dict[str, str]
    vcpus: int
    memory_mib: int
    address_pods: int
    resources: dict[str, int]
    usage: tuple[str, ...] = ("on-demand", "spot")
    on_demand: float | None = None
    offered: dict[str, str] = {}
    network: TypeNetwork | None = None
    features: tuple[str, ...] | None = None
    strategies: tuple[str, ...] | None = None

    @property
    def arm(self) -> bool:
        """Whether it is an Arm machine."""
        return self.labels[labels.ARCH] == "arm64"


class ShippedFile(Struct, frozen=True):
    """The shipped catalogue as it lies on disk: one list per column, in the order of `types`.

    `resources` is sparse (index → count). `branch_interfaces` and `bandwidth_mbps` are the two tables that no EC2 call
    returns, needed when types are described by EC2. Prices are USD an hour, None where there is none.
    """

    as_of: str
    price_region: str
    zone_ids: dict[str, str]
    types: list[str]
    labels: dict[str, list[str | None]]
    pods: list[int]
    resources: dict[str, dict[int, int]]
    usage: list[list[str]]
    offered: dict[str, list[str | None]]
    on_demand: list[float | None]
    branch_interfaces: dict[str, int]
    bandwidth_mbps: dict[str, int]


@cache
def shipped_file() -> ShippedFile:
    """The catalogue that ships with karptui, read once."""
    packed = files("karptui.cloud.ec2").joinpath("data/catalogue.msgpack.z").read_bytes()
    return msgspec.msgpack.decode(zlib.decompress(packed), type=ShippedFile)


@cache
def shipped_facts() -> tuple[TypeFacts, ...]:
    """Every shipped type, in order of name."""
    book = shipped_file()
    columns = list(book.labels.items())
    counts: list[dict[str, int]] = [{} for _ in book.types]
    for resource, sparse in book.resources.items():
        for index, count in sparse.items():
            counts[index][resource] = count
    regions = list(book.offered.items())
    found: list[TypeFacts] = []
    for index, name in enumerate(book.types):
        known = {key: value for key, column in columns if (value := column[index]) is not None}
        found.append(
            TypeFacts(
                name=name,
                labels=known,
                vcpus=int(known[labels.INSTANCE_CPU]),
                memory_mib=int(known[labels.INSTANCE_MEMORY]),
                address_pods=book.pods[index],
                resources=counts[index],
                usage=tuple(book.usage[index]),
                on_demand=book.on_demand[index],
                offered={region: zones for region, column in regions if (zones := column[index]) is not None},
            )
        )
    return tuple(found)


def from_description(description: Mapping[str, Any]) -> TypeFacts:
    """The same from an entry of DescribeInstanceTypes. Prices and zones come from other calls and are left out."""
    name: str = description["InstanceType"]
    network = _network(description)
    return TypeFacts(
        name=name,
        labels=_labels(name, description),
        vcpus=description["VCpuInfo"]["DefaultVCpus"],
        memory_mib=description["MemoryInfo"]["SizeInMiB"],
        address_pods=network.pods(0),
        resources=_devices(name, description),
        usage=tuple(description.get("SupportedUsageClasses") or ("on-demand",)),
        network=network,
        features=tuple((description.get("ProcessorInfo") or {}).get("SupportedFeatures") or ()),
        strategies=tuple((description.get("PlacementGroupInfo") or {}).get("SupportedStrategies") or ()),
    )


def _network(description: Mapping[str, Any]) -> TypeNetwork:
    told = description.get("NetworkInfo") or {}
    most = told.get("MaximumNetworkInterfaces", 0)
    cards = tuple(card.get("MaximumNetworkInterfaces") or most for card in told.get("NetworkCards") or [{}])
    return TypeNetwork(
        cards=cards,
        default_card=told.get("DefaultNetworkCardIndex", 0),
        addresses=told.get("Ipv4AddressesPerInterface", 1),
        ena=told.get("EnaSupport") != "unsupported",
        efa=(told.get("EfaInfo") or {}).get("MaximumEfaInterfaces", 0),
    )


def _labels(name: str, description: Mapping[str, Any]) -> dict[str, str]:
    family, _, size = name.partition(".")
    architectures = (description.get("ProcessorInfo") or {}).get("SupportedArchitectures") or []
    found = {
        labels.INSTANCE_TYPE: name,
        labels.ARCH: next((_ARCHITECTURES[a] for a in architectures if a in _ARCHITECTURES), "amd64"),
        labels.OS: "linux",
        labels.INSTANCE_CPU: str(description["VCpuInfo"]["DefaultVCpus"]),
        labels.INSTANCE_MEMORY: str(description["MemoryInfo"]["SizeInMiB"]),
        labels.INSTANCE_FAMILY: family,
        labels.INSTANCE_SIZE: size,
        labels.INSTANCE_CAPABILITY_FLEX: _truth("-flex" in family),
        labels.INSTANCE_HYPERVISOR: description.get("Hypervisor") or "",
    }
    if parts := _NAME.match(name):
        found[labels.INSTANCE_CATEGORY] = parts[1]
        found[labels.INSTANCE_GENERATION] = parts[3]
    network = description.get("NetworkInfo") or {}
    encrypted = bool(network.get("EncryptionInTransitSupported"))
    found[labels.INSTANCE_ENCRYPTION_IN_TRANSIT_SUPPORTED] = _truth(encrypted)
    if processor := description.get("ProcessorInfo"):
        found[labels.INSTANCE_CPU_MANUFACTURER] = _kebab(processor.get("Manufacturer", ""))
        gigahertz = processor.get("SustainedClockSpeedInGhz") or 0
        found[labels.INSTANCE_CPU_CLOCK_SPEED] = str(int(gigahertz * 1000 + 0.5))
    storage = description.get("InstanceStorageInfo")
    if storage and storage.get("NvmeSupport") != "unsupported":
        found[labels.INSTANCE_LOCAL_NVME] = str(storage["TotalSizeInGB"])
    volumes = description.get("EbsInfo") or {}
    if volumes.get("EbsOptimizedSupport") == "default" and "EbsOptimizedInfo" in volumes:
        found[labels.INSTANCE_EBS_BANDWIDTH] = str(volumes["EbsOptimizedInfo"]["MaximumBandwidthInMbps"])
    if name in shipped_file().bandwidth_mbps:
        found[labels.INSTANCE_NETWORK_BANDWIDTH] = str(shipped_file().bandwidth_mbps[name])
    return found | _device_labels(description)


def _device_labels(description: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    gpus = (description.get("GpuInfo") or {}).get("Gpus") or []
    if len(gpus) == 1:
        gpu = gpus[0]
        found[labels.INSTANCE_GPU_NAME] = _kebab(gpu["Name"])
        found[labels.INSTANCE_GPU_MANUFACTURER] = _kebab(gpu["Manufacturer"])
        found[labels.INSTANCE_GPU_COUNT] = str(gpu.get("Count", 0))
        found[labels.INSTANCE_GPU_MEMORY] = str(gpu["MemoryInfo"]["SizeInMiB"])
    neuron = description.get("NeuronInfo")
    key = ("NeuronInfo", "NeuronDevices") if neuron else ("InferenceAcceleratorInfo", "Accelerators")
    accelerators = (description.get(key[0]) or {}).get(key[1]) or []
    if len(accelerators) == 1:
        found[labels.INSTANCE_ACCELERATOR_NAME] = _kebab(accelerators[0]["Name"])
        found[labels.INSTANCE_ACCELERATOR_MANUFACTURER] = _kebab(accelerators[0].get("Manufacturer", "AWS"))
        found[labels.INSTANCE_ACCELERATOR_COUNT] = str(accelerators[0]["Count"])
    return found


def _devices(name: str, description: Mapping[str, Any]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for gpu in (description.get("GpuInfo") or {}).get("Gpus") or []:
        resource = _GPU_RESOURCES.get(gpu.get("Manufacturer", ""))
        if resource:
            counts[resource] = counts.get(resource, 0) + gpu.get("Count", 0)
    neuron = (description.get("NeuronInfo") or {}).get("NeuronDevices") or []
    if neuron:
        counts[NEURON] = sum(device["Count"] for device in neuron)
        counts[NEURON_CORE] = neuron[0]["Count"] * neuron[0]["CoreInfo"]["Count"]
    network = description.get("NetworkInfo") or {}
    counts[EFA] = (network.get("EfaInfo") or {}).get("MaximumEfaInterfaces", 0)
    counts[POD_ENI] = shipped_file().branch_interfaces.get(name, 0)
    return {resource: count for resource, count in counts.items() if count}


def _kebab(text: str) -> str:
    return text.lower().replace(" ", "-")


def _truth(value: bool) -> str:
    return "true" if value else "false"
