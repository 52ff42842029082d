"""A scenario that is being changed, and what mutations draw from."""

import copy
import random
from collections.abc import Callable, Iterable
from typing import Any

Json = dict[str, Any]

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d")
ZONE, HOSTNAME, ARCH, OS = (
    "topology.kubernetes.io/zone",
    "kubernetes.io/hostname",
    "kubernetes.io/arch",
    "kubernetes.io/os",
)
CAPACITY_TYPE, NODEPOOL, INSTANCE_TYPE = (
    "karpenter.sh/capacity-type",
    "karpenter.sh/nodepool",
    "node.kubernetes.io/instance-type",
)
AWS = "karpenter.k8s.aws/"
CUSTOM = ("team", "example.com/tier", "stage")

VALUES: dict[str, tuple[str, ...]] = {
    ZONE: (*ZONES, "us-east-1z"),
    ARCH: ("amd64", "arm64"),
    OS: ("linux", "windows"),
    CAPACITY_TYPE: ("spot", "on-demand", "reserved"),
    AWS + "instance-category": ("c", "m", "r", "t", "g"),
    AWS + "instance-family": ("c5", "c7g", "m5", "m7i", "r6g", "t3", "g5"),
    AWS + "instance-size": ("medium", "large", "xlarge", "2xlarge", "4xlarge"),
    AWS + "instance-generation": ("3", "5", "6", "7"),
    AWS + "instance-cpu": ("1", "2", "4", "8", "16"),
    AWS + "instance-memory": ("4096", "8192", "16384", "32768"),
    AWS + "instance-hypervisor": ("nitro", ""),
    AWS + "instance-local-nvme": ("75", "237", "900"),
    AWS + "instance-gpu-count": ("1", "2"),
    "topology.k8s.aws/zone-id": ("use1-az6", "use1-az1", "use1-az2"),
    "topology.kubernetes.io/region": ("us-east-1", "eu-west-1"),
    INSTANCE_TYPE: ("m5.large", "m5.xlarge", "c5.xlarge", "t3.medium", "r6g.large", "c7g.xlarge"),
    "failure-domain.beta.kubernetes.io/zone": ZONES,
    "topology.ebs.csi.aws.com/zone": ZONES,
    "beta.kubernetes.io/instance-type": ("m5.large", "m5.xlarge", "c5.xlarge"),
    "beta.kubernetes.io/arch": ("amd64", "arm64"),
    "team": ("red", "blue", "green"),
    "example.com/tier": ("gold", "silver"),
    "stage": ("1", "2", "30"),
}
"""Values that requirements on a label may name, some of which no instance type has."""

NUMERIC = tuple(
    AWS + name for name in ("instance-cpu", "instance-memory", "instance-generation", "instance-local-nvme")
)
MEMORY = ("128Mi", "200M", "512Mi", "1Gi", "1.5Gi", "2G", "3000Mi", "7Gi", "12Gi", "30Gi", "100Mi", "1e9", "0")
PROCESSORS = ("10m", "100m", "0.25", "250m", "500m", "750m", "1", "1.5", "1900m", "2", "3", "3500m", "7", "15", "0")


class Draft:
    """A scenario to be changed in place, the source of chance, and what was done to it."""

    def __init__(self, scenario: Json, chance: random.Random) -> None:
        self.scenario: Json = copy.deepcopy({name: part for name, part in scenario.items() if name != "expect"})
        self.chance = chance
        self.steps: list[str] = []
        self._count = 0

    @property
    def objects(self) -> list[Json]:
        """All Kubernetes objects."""
        return self.scenario["objects"]

    def of(self, kind: str) -> list[Json]:
        """The objects of a kind."""
        return [entry for entry in self.objects if entry["kind"] == kind]

    def pending(self) -> list[Json]:
        """Pods that are not bound."""
        return [pod for pod in self.of("Pod") if not pod["spec"].get("nodeName")]

    def bound(self) -> list[Json]:
        """Pods that are bound."""
        return [pod for pod in self.of("Pod") if pod["spec"].get("nodeName")]

    def pick(self, choices: Iterable[Any]) -> Any:
        """One of them, or None if there is none."""
        listed = list(choices)
        return self.chance.choice(listed) if listed else None

    def often(self, likelihood: float) -> bool:
        """Whether something of this likelihood happens now."""
        return self.chance.random() < likelihood

    def uid(self) -> str:
        """A new uid."""
        return f"{self.chance.getrandbits(32):08x}-0000-4000-8000-{self.chance.getrandbits(48):012x}"

    def name(self, stem: str) -> str:
        """A new name of an object."""
        self._count += 1
        return f"{stem}-x{self._count}-{self.chance.getrandbits(20):05x}"

    def some_pods(self) -> list[Json]:
        """One pending pod, the pods that share its labels, or all pending ones."""
        pods = self.pending()
        if not pods:
            return []
        one = self.chance.choice(pods)
        drawn = self.chance.random()
        if drawn < 0.35:
            return [one]
        if drawn < 0.85:
            return [pod for pod in pods if pod["metadata"].get("labels") == one["metadata"].get("labels")]
        return pods

    def labels(self) -> Json:
        """The labels of some pod, for a selector that selects something."""
        pod = self.pick(self.of("Pod"))
        return dict((pod["metadata"].get("labels") or {}) if pod else {}) or {"app": "web"}

    def key(self) -> str:
        """A label that requirements may be about."""
        return self.chance.choice(tuple(VALUES)) if self.often(0.6) else self.chance.choice((ZONE, CAPACITY_TYPE, ARCH))

    def values(self, key: str, most: int = 3) -> list[str]:
        """Distinct values of a label, in any order."""
        known = VALUES.get(key, ("a", "b"))
        return self.chance.sample(known, self.chance.randint(1, min(most, len(known))))

    def amount(self, resource: str) -> str:
        """A quantity of a resource."""
        return self.chance.choice(PROCESSORS if resource == "cpu" else MEMORY)

    def expression(self, keys: Iterable[str] = ()) -> Json:
        """A requirement of node affinity that an API server takes."""
        listed = list(keys)
        key = self.chance.choice(listed) if listed else self.key()
        operator = self.chance.choice(("In", "In", "In", "NotIn", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"))
        if operator in ("Gt", "Lt"):
            key = self.chance.choice((*NUMERIC, "stage"))
            return {"key": key, "operator": operator, "values": [self.chance.choice(VALUES[key])]}
        if operator in ("Exists", "DoesNotExist"):
            return {"key": key, "operator": operator}
        return {"key": key, "operator": operator, "values": self.values(key)}


Mutation = Callable[[Draft], str | None]
"""Changes a draft and says what it did; None if there was nothing to change."""
