"""Labels, annotations and taint keys that Karpenter and Kubernetes give a meaning, and what users may ask of labels.

Names as in Karpenter v1.14 (`pkg/apis/v1/labels.go`) with the AWS provider's additions.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

NODEPOOL = "karpenter.sh/nodepool"
REGISTERED = "karpenter.sh/registered"
INITIALIZED = "karpenter.sh/initialized"
CAPACITY_TYPE = "karpenter.sh/capacity-type"
DO_NOT_SYNC_TAINTS = "karpenter.sh/do-not-sync-taints"

HOSTNAME = "kubernetes.io/hostname"
ARCH = "kubernetes.io/arch"
OS = "kubernetes.io/os"
ZONE = "topology.kubernetes.io/zone"
REGION = "topology.kubernetes.io/region"
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
WINDOWS_BUILD = "node.kubernetes.io/windows-build"

ZONE_ID = "topology.k8s.aws/zone-id"
EBS_ZONE = "topology.ebs.csi.aws.com/zone"
EC2_NODE_CLASS = "karpenter.k8s.aws/ec2nodeclass"
INSTANCE_HYPERVISOR = "karpenter.k8s.aws/instance-hypervisor"
INSTANCE_ENCRYPTION_IN_TRANSIT_SUPPORTED = "karpenter.k8s.aws/instance-encryption-in-transit-supported"
INSTANCE_CATEGORY = "karpenter.k8s.aws/instance-category"
INSTANCE_CAPABILITY_FLEX = "karpenter.k8s.aws/instance-capability-flex"
INSTANCE_FAMILY = "karpenter.k8s.aws/instance-family"
INSTANCE_GENERATION = "karpenter.k8s.aws/instance-generation"
INSTANCE_SIZE = "karpenter.k8s.aws/instance-size"
INSTANCE_LOCAL_NVME = "karpenter.k8s.aws/instance-local-nvme"
INSTANCE_CPU = "karpenter.k8s.aws/instance-cpu"
INSTANCE_CPU_MANUFACTURER = "karpenter.k8s.aws/instance-cpu-manufacturer"
INSTANCE_CPU_CLOCK_SPEED = "karpenter.k8s.aws/instance-cpu-sustained-clock-speed-mhz"
INSTANCE_MEMORY = "karpenter.k8s.aws/instance-memory"
INSTANCE_EBS_BANDWIDTH = "karpenter.k8s.aws/instance-ebs-bandwidth"
INSTANCE_NETWORK_BANDWIDTH = "karpenter.k8s.aws/instance-network-bandwidth"
INSTANCE_GPU_NAME = "karpenter.k8s.aws/instance-gpu-name"
INSTANCE_GPU_MANUFACTURER = "karpenter.k8s.aws/instance-gpu-manufacturer"
INSTANCE_GPU_COUNT = "karpenter.k8s.aws/instance-gpu-count"
INSTANCE_GPU_MEMORY = "karpenter.k8s.aws/instance-gpu-memory"
INSTANCE_ACCELERATOR_NAME = "karpenter.k8s.aws/instance-accelerator-name"
INSTANCE_ACCELERATOR_MANUFACTURER = "karpenter.k8s.aws/instance-accelerator-manufacturer"
INSTANCE_ACCELERATOR_COUNT = "karpenter.k8s.aws/instance-accelerator-count"
INSTANCE_TENANCY = "karpenter.k8s.aws/instance-tenancy"
CAPACITY_RESERVATION_ID = "karpenter.k8s.aws/capacity-reservation-id"
CAPACITY_RESERVATION_TYPE = "karpenter.k8s.aws/capacity-reservation-type"
CAPACITY_RESERVATION_INTERRUPTIBLE = "karpenter.k8s.aws/capacity-reservation-interruptible"
PLACEMENT_GROUP_ID = "karpenter.k8s.aws/placement-group-id"
PLACEMENT_GROUP_PARTITION = "karpenter.k8s.aws/placement-group-partition"
NITRO_SANDBOX = "karpenter.k8s.aws/nitro-sandbox"
"""Well known only after v1.14.1, so not in AWS_WELL_KNOWN."""

SPOT = "spot"
ON_DEMAND = "on-demand"
RESERVED = "reserved"

DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt"
NODEPOOL_HASH = "karpenter.sh/nodepool-hash"
NODEPOOL_HASH_VERSION = "karpenter.sh/nodepool-hash-version"
TERMINATION_TIMESTAMP = "karpenter.sh/nodeclaim-termination-timestamp"
MIN_VALUES_RELAXED = "karpenter.sh/nodeclaim-min-values-relaxed"
REQUESTED_DRA_DRIVERS = "karpenter.sh/requested-dra-drivers"
PRICE_OVERLAY_APPLIED = "karpenter.sh/price-overlay-applied"
CAPACITY_OVERLAY_APPLIED = "karpenter.sh/capacity-overlay-applied"
PROVIDER_COMPATIBILITY = "compatibility.karpenter.sh/provider"
TERMINATION_FINALIZER = "karpenter.sh/termination"

DISRUPTED = "karpenter.sh/disrupted"
UNREGISTERED = "karpenter.sh/unregistered"
NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
CLOUD_UNINITIALIZED = "node.cloudprovider.kubernetes.io/uninitialized"
READINESS_PREFIX = "readiness.k8s.io/"

CORE_WELL_KNOWN = frozenset({NODEPOOL, ZONE, REGION, INSTANCE_TYPE, ARCH, OS, CAPACITY_TYPE, WINDOWS_BUILD})
"""Labels that a NodePool may leave undefined and a pod may still ask for."""

AWS_WELL_KNOWN = CORE_WELL_KNOWN | {
    ZONE_ID,
    INSTANCE_HYPERVISOR,
    INSTANCE_ENCRYPTION_IN_TRANSIT_SUPPORTED,
    INSTANCE_CATEGORY,
    INSTANCE_CAPABILITY_FLEX,
    INSTANCE_FAMILY,
    INSTANCE_GENERATION,
    INSTANCE_SIZE,
    INSTANCE_LOCAL_NVME,
    INSTANCE_CPU,
    INSTANCE_CPU_MANUFACTURER,
    INSTANCE_CPU_CLOCK_SPEED,
    INSTANCE_MEMORY,
    INSTANCE_EBS_BANDWIDTH,
    INSTANCE_NETWORK_BANDWIDTH,
    INSTANCE_GPU_NAME,
    INSTANCE_GPU_MANUFACTURER,
    INSTANCE_GPU_COUNT,
    INSTANCE_GPU_MEMORY,
    INSTANCE_ACCELERATOR_NAME,
    INSTANCE_ACCELERATOR_MANUFACTURER,
    INSTANCE_ACCELERATOR_COUNT,
    INSTANCE_TENANCY,
    CAPACITY_RESERVATION_ID,
    CAPACITY_RESERVATION_TYPE,
    CAPACITY_RESERVATION_INTERRUPTIBLE,
    PLACEMENT_GROUP_ID,
    PLACEMENT_GROUP_PARTITION,
}
"""The core set and what the AWS provider v1.14.1 adds to it."""

CORE_RESTRICTED_DOMAINS = frozenset({"karpenter.sh"})
AWS_RESTRICTED_DOMAINS = CORE_RESTRICTED_DOMAINS | {"karpenter.k8s.aws"}
"""Domains in which, subdomains included, users may not invent labels."""

RESTRICTED_LABELS = frozenset({HOSTNAME})

CORE_NORMALIZED: Mapping[str, str] = {
    "failure-domain.beta.kubernetes.io/zone": ZONE,
    "failure-domain.beta.kubernetes.io/region": REGION,
    "beta.kubernetes.io/arch": ARCH,
    "beta.kubernetes.io/os": OS,
    "beta.kubernetes.io/instance-type": INSTANCE_TYPE,
}
AWS_NORMALIZED: Mapping[str, str] = {**CORE_NORMALIZED, EBS_ZONE: ZONE}
"""Old or foreign names of labels, and the label that a requirement on them means."""

CORE_KNOWN_VALUES: Mapping[str, frozenset[str]] = {CAPACITY_TYPE: frozenset({ON_DEMAND, SPOT, RESERVED})}
AWS_KNOWN_VALUES: Mapping[str, frozenset[str]] = {
    **CORE_KNOWN_VALUES,
    INSTANCE_TENANCY: frozenset({"default", "dedicated"}),
}
"""Well-known labels that have a closed list of values."""

IN, NOT_IN, EXISTS, DOES_NOT_EXIST = "In", "NotIn", "Exists", "DoesNotExist"
GT, LT, GTE, LTE = "Gt", "Lt", "Gte", "Lte"
COMPARISONS = frozenset({GT, LT, GTE, LTE})
OPERATORS = (IN, NOT_IN, EXISTS, DOES_NOT_EXIST, GT, LT, GTE, LTE)

_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_INTEGER = re.compile(r"([+-]?)0*([0-9]+)")
MAX_INTEGER, MIN_INTEGER = 2**63 - 1, -(2**63)
"""Bounds of Karpenter's integers, which are Go's 64-bit ones."""


@lru_cache(maxsize=65_536)
def parse_integer(text: str) -> int | None:
    """The integer that Go's strconv.Atoi reads, or None: a sign is fine, spaces and underscores are not, 64 bits."""
    # Python refuses to convert thousands of digits; the longest integer of 64 bits has 19 besides leading zeros.
    match = _INTEGER.fullmatch(text)
    if match is None or len(match[2]) > 19:
        return None
    value = int(match[1] + match[2])
    return value if MIN_INTEGER <= value <= MAX_INTEGER else None


def qualified_name_errors(name: str) -> list[str]:
    """What keeps a text from being a label or taint key: `[DNS subdomain/]name`; empty if nothing does."""
    prefix, slash, rest = name.partition("/")
    errors: list[str] = []
    if slash:
        if not prefix:
            errors.append("its prefix is empty")
        elif len(prefix) > 253 or not _SUBDOMAIN.fullmatch(prefix):
            errors.append("its prefix is not a DNS subdomain in lower case of at most 253 characters")
    else:
        rest = prefix
    if not rest:
        errors.append("its name is empty")
    elif len(rest) > 63:
        errors.append("its name has more than 63 characters")
    elif not _NAME.fullmatch(rest):
        errors.append("its name may hold letters, digits, '-', '_' and '.', and starts and ends with a letter or digit")
    return errors


def label_value_errors(value: str) -> list[str]:
    """What keeps a text from being a label's value; the empty text is one."""
    if len(value) > 63:
        return ["it has more than 63 characters"]
    if value and not _NAME.fullmatch(value):
        return ["it may hold letters, digits, '-', '_' and '.', and starts and ends with a letter or digit"]
    return []


def label_domain(key: str) -> str:
    """What stands before the slash, or ""."""
    domain, slash, _ = key.partition("/")
    return domain if slash else ""


def is_restricted(
    key: str,
    well_known: frozenset[str] = AWS_WELL_KNOWN,
    restricted_domains: frozenset[str] = AWS_RESTRICTED_DOMAINS,
) -> bool:
    """Whether users may not put a requirement or label on a key (spec/scheduling.md 4.5)."""
    if key in well_known:
        return False
    domain = label_domain(key)
    if any(domain == restricted or domain.endswith("." + restricted) for restricted in restricted_domains):
        return True
    return key in RESTRICTED_LABELS


def node_class_label(group: str, kind: str) -> str:
    """The label that names the NodeClass of a node."""
    return f"{group}/{kind.lower()}"


def validate_requirement(
    key: str,
    operator: str,
    values: Iterable[str] = (),
    min_values: int | None = None,
    *,
    normalized: Mapping[str, str] = AWS_NORMALIZED,
    well_known: frozenset[str] = AWS_WELL_KNOWN,
    restricted_domains: frozenset[str] = AWS_RESTRICTED_DOMAINS,
    known_values: Mapping[str, frozenset[str]] = AWS_KNOWN_VALUES,
) -> list[str]:
    """Why Karpenter refuses a requirement, one sentence a reason; empty if it takes it (spec/scheduling.md 4.5)."""
    key = normalized.get(key, key)
    values = tuple(values)
    errors: list[str] = []
    if operator not in OPERATORS:
        errors.append(f"key {key} has an unsupported operator {operator}, it must be one of {', '.join(OPERATORS)}")
    if is_restricted(key, well_known, restricted_domains):
        errors.append(
            f"label {key} is restricted: use a well-known label, or one of your own outside the domains"
            f" {', '.join(sorted(restricted_domains))}"
        )
    if operator == IN and key in well_known and key in known_values:
        errors += _known_value_errors(key, values, min_values, known_values[key])
    errors += [f"key {key} is not a qualified name: {error}" for error in qualified_name_errors(key)]
    errors += [
        f"value {value} of key {key} is no label value: {error}"
        for value in values
        for error in label_value_errors(value)
    ]
    if operator == IN and not values:
        errors.append(f"key {key} with operator In needs a value")
    if operator == IN and min_values is not None and len(values) < min_values:
        errors.append(f"key {key} with operator In has {len(values)} values, fewer than its minValues of {min_values}")
    if operator in COMPARISONS:
        number = parse_integer(values[0]) if len(values) == 1 else None
        if number is None or number < 0:
            errors.append(f"key {key} with operator {operator} needs exactly one integer of 0 or more")
    return errors


def _known_value_errors(key: str, values: tuple[str, ...], min_values: int | None, known: frozenset[str]) -> list[str]:
    valid = sum(value in known for value in values)
    choices = ", ".join(sorted(known))
    if not valid:
        return [f"key {key} has none of the values {choices}: got {', '.join(values) or 'nothing'}"]
    if min_values is not None and valid < min_values:
        return [f"key {key} has {valid} of the values {choices}, fewer than its minValues of {min_values}"]
    return []
