"""What a node of an instance type offers to pods: capacity, and the overhead that kubelet and system keep.

The formulas are those of Karpenter's AWS provider v1.14.1 for AL2023 (the spec's 1.4 and 1.5). Amounts are nano-units.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from math import ceil

from karptui.model.instance_type import Overhead
from karptui.model.quantity import NANO, parse

MIB = 2**20
"""Bytes in a mebibyte."""

VM_MEMORY_OVERHEAD = 0.075
"""The share of memory that the hypervisor and the kernel keep; Karpenter's setting, and like there a float."""

ARM_RESERVED_MIB = 64
"""Memory that Arm machines lose before that share is taken."""

DEFAULT_EPHEMERAL_STORAGE = 20 * 1024 * MIB * NANO
"""The root volume of AL2023 where the NodeClass names none: 20Gi."""

KUBE_RESERVED_EPHEMERAL_STORAGE = 1024 * MIB * NANO
EVICTION_MEMORY = 100 * MIB * NANO
EVICTION_STORAGE_PERCENT = 10

_CPU_BANDS = ((1000, 600), (1000, 100), (2000, 50))
"""Millicores and how many hundredths of a per cent of them kubelet keeps; a quarter of a per cent beyond."""
_CPU_BEYOND = 25

MILLI = NANO // 1000


def usable_memory(size_mib: int, arm: bool, overhead: float = VM_MEMORY_OVERHEAD) -> int:
    """Memory of a node whose EC2 description says `size_mib`: the overhead taken off is rounded up to a whole MiB."""
    rest = size_mib - (ARM_RESERVED_MIB if arm else 0)
    return (rest - ceil(rest * MIB * overhead / MIB)) * MIB * NANO


@cache
def reserved_cpu(vcpus: int) -> int:
    """cpu that kubelet keeps: each band cut off to whole millicores, then added up."""
    left, reserved = vcpus * 1000, 0
    for width, share in _CPU_BANDS:
        part = min(left, width)
        reserved += part * share // 10_000
        left -= part
    return (reserved + left * _CPU_BEYOND // 10_000) * MILLI


def eni_pods(interfaces: int, addresses_per_interface: int) -> int:
    """Pods that the addresses of a machine's network interfaces allow."""
    return interfaces * (addresses_per_interface - 1) + 2 if interfaces > 0 else 0


def overhead(
    vcpus: int,
    address_pods: int,
    ephemeral_storage: int,
    memory: int,
    kubelet: Mapping[str, Mapping[str, str]],
) -> Overhead:
    """What is taken off a type's capacity.

    `address_pods` is the ENI formula's figure even where maxPods sets another; `kubelet` is spec.kubelet of the
    NodeClass: kubeReserved replaces entries one by one, systemReserved is taken as it is, evictionHard sets the
    thresholds.
    """
    kube_reserved = {
        "cpu": reserved_cpu(vcpus),
        "memory": (11 * address_pods + 255) * MIB * NANO,
        "ephemeral-storage": KUBE_RESERVED_EPHEMERAL_STORAGE,
    }
    if own := kubelet.get("kubeReserved"):
        kube_reserved.update({key: parse(text) for key, text in own.items()})
    hard = kubelet.get("evictionHard") or {}
    eviction = {
        "memory": _threshold(hard.get("memory.available"), memory, EVICTION_MEMORY),
        "ephemeral-storage": _threshold(
            hard.get("nodefs.available"), ephemeral_storage, _percentage(ephemeral_storage, EVICTION_STORAGE_PERCENT)
        ),
    }
    system_reserved = {key: parse(text) for key, text in (kubelet.get("systemReserved") or {}).items()}
    return Overhead(kube_reserved=kube_reserved, system_reserved=system_reserved, eviction_threshold=eviction)


def allocatable(capacity: Mapping[str, int], taken: Overhead) -> dict[str, int]:
    """Capacity less overhead, nothing below zero."""
    left = dict(capacity)
    for part in (taken.kube_reserved, taken.system_reserved, taken.eviction_threshold):
        for resource, amount in part.items():
            if resource in left:
                left[resource] = max(0, left[resource] - amount)
    return left


@lru_cache(maxsize=4096)
def _percentage(amount: int, percent: float) -> int:
    # Rounded up to a whole byte.
    exact = amount * int(percent * 10_000)
    return -(-exact // (1_000_000 * NANO)) * NANO


def _threshold(text: str | None, capacity: int, default: int) -> int:
    if text is None:
        return default
    if not text.endswith("%"):
        return parse(text)
    percent = float(text[:-1])
    return 0 if percent == 100 else _percentage(capacity, percent)
