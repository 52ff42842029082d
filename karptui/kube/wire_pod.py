"""A pod on the wire. What becomes the key of a memo first stays raw JSON."""

from msgspec import Raw, Struct

from karptui.kube.parts import WireNodeSelector, WireNodeTerm
from karptui.kube.wire import Text, WireMetadata, WireSelector


class WireContainer(Struct, gc=False):
    """A container, as much as scheduling reads; all raw, because it is the key of a memo first."""

    name: Raw = Raw()
    resources: Raw = Raw()
    ports: Raw = Raw()
    restartPolicy: Raw = Raw()


class WireVolume(Struct, gc=False):
    """A volume; only claims matter."""

    name: Raw = Raw()
    persistentVolumeClaim: Raw = Raw()
    ephemeral: Raw = Raw()


class WirePodSpec(Struct, gc=False):
    """A pod's spec, of a pod or of a template."""

    nodeName: Text = None
    priority: int | None = None
    containers: list[WireContainer] | None = None
    initContainers: list[WireContainer] | None = None
    volumes: list[WireVolume] | None = None
    nodeSelector: Raw = Raw()
    affinity: Raw = Raw()
    tolerations: Raw = Raw()
    topologySpreadConstraints: Raw = Raw()
    resourceClaims: Raw = Raw()
    schedulingGates: Raw = Raw()
    overhead: Raw = Raw()
    resources: Raw = Raw()
    schedulerName: Raw = Raw()
    priorityClassName: Raw = Raw()
    terminationGracePeriodSeconds: Raw = Raw()


class WireStarted(Struct, gc=False):
    """Started as the API has it."""

    startedAt: Text = None


class WireContainerState(Struct, gc=False):
    """ContainerState as the API has it."""

    running: WireStarted | None = None
    terminated: WireStarted | None = None


class WireContainerStatus(Struct, gc=False):
    """ContainerStatus as the API has it."""

    name: Raw = Raw()
    resources: Raw = Raw()
    allocatedResources: Raw = Raw()
    state: WireContainerState | None = None


class WirePodStatus(Struct, gc=False):
    """PodStatus as the API has it."""

    phase: Text = None
    nominatedNodeName: Text = None
    startTime: Text = None
    conditions: Raw = Raw()
    containerStatuses: list[WireContainerStatus] | None = None
    initContainerStatuses: list[WireContainerStatus] | None = None


class WirePod(Struct, gc=False):
    """A pod."""

    metadata: WireMetadata
    spec: WirePodSpec | None = None
    status: WirePodStatus | None = None


class WireResourceRequirements(Struct, gc=False):
    """ResourceRequirements as the API has it."""

    requests: Raw = Raw()
    limits: Raw = Raw()


class WirePort(Struct, gc=False):
    """Port as the API has it."""

    hostPort: int | None = None
    hostIP: Text = None
    protocol: Text = None


class WireToleration(Struct, gc=False):
    """Toleration as the API has it."""

    key: Text = None
    operator: Text = None
    value: Text = None
    effect: Text = None
    tolerationSeconds: int | None = None


class WireSpread(Struct, gc=False):
    """Spread as the API has it."""

    topologyKey: Text = None
    maxSkew: int | None = None
    whenUnsatisfiable: Text = None
    labelSelector: WireSelector | None = None
    minDomains: int | None = None
    nodeAffinityPolicy: Text = None
    nodeTaintsPolicy: Text = None
    matchLabelKeys: list[str] | None = None


class WirePodTerm(Struct, gc=False):
    """PodTerm as the API has it."""

    topologyKey: Text = None
    labelSelector: WireSelector | None = None
    namespaces: list[str] | None = None
    namespaceSelector: WireSelector | None = None


class WireWeightedPodTerm(Struct, gc=False):
    """WeightedPodTerm as the API has it."""

    weight: int | None = None
    podAffinityTerm: WirePodTerm | None = None


class WirePreferredNode(Struct, gc=False):
    """PreferredNode as the API has it."""

    weight: int | None = None
    preference: WireNodeTerm | None = None


class WireNodeAffinity(Struct, gc=False):
    """NodeAffinity as the API has it."""

    requiredDuringSchedulingIgnoredDuringExecution: WireNodeSelector | None = None
    preferredDuringSchedulingIgnoredDuringExecution: list[WirePreferredNode] | None = None


class WirePodAffinity(Struct, gc=False):
    """PodAffinity as the API has it."""

    requiredDuringSchedulingIgnoredDuringExecution: list[WirePodTerm] | None = None
    preferredDuringSchedulingIgnoredDuringExecution: list[WireWeightedPodTerm] | None = None


class WireAffinity(Struct, gc=False):
    """Affinity as the API has it."""

    nodeAffinity: WireNodeAffinity | None = None
    podAffinity: WirePodAffinity | None = None
    podAntiAffinity: WirePodAffinity | None = None


class WireClaimSource(Struct, gc=False):
    """ClaimSource as the API has it."""

    claimName: Text = None


class WireClaimTemplateSpec(Struct, gc=False):
    """ClaimTemplateSpec as the API has it."""

    storageClassName: Text = None


class WireClaimTemplate(Struct, gc=False):
    """ClaimTemplate as the API has it."""

    spec: WireClaimTemplateSpec | None = None


class WireEphemeralSource(Struct, gc=False):
    """EphemeralSource as the API has it."""

    volumeClaimTemplate: WireClaimTemplate | None = None


class WireNamed(Struct, gc=False):
    """Named as the API has it."""

    name: Text = None


class WireManaged(Struct, gc=False):
    """An entry of managedFields: who changed something is of no consequence here."""

    time: Text = None


class WireManagedMetadata(Struct, gc=False):
    """Metadata, of which only the times of changes are read."""

    managedFields: list[WireManaged] | None = None


class WireManagedPod(Struct, gc=False):
    """A pod, of which only the times of changes are read."""

    metadata: WireManagedMetadata | None = None
