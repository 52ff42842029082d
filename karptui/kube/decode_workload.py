"""Workloads, budgets, namespaces, priorities and Kubernetes Events from JSON. All raise FieldError or DecodeError."""

from msgspec import Struct
from msgspec.json import Decoder

from karptui.kube.clean import TEXT_LIMIT, clean
from karptui.kube.decode_pod import pod_spec_of
from karptui.kube.parts import selector_of
from karptui.kube.wire import Text, WireMetadata, WireSelector, labels_of, metadata_of, seconds, word
from karptui.kube.wire_pod import WirePodSpec
from karptui.model.workload import DaemonSet, KubeEvent, Namespace, PodDisruptionBudget, PriorityClass, Workload


class WirePodTemplate(Struct, gc=False):
    """PodTemplate as the API has it."""

    metadata: WireMetadata | None = None
    spec: WirePodSpec | None = None


class WireDaemonSetSpec(Struct, gc=False):
    """DaemonSetSpec as the API has it."""

    selector: WireSelector | None = None
    template: WirePodTemplate | None = None


class WireDaemonSet(Struct, gc=False):
    """DaemonSet as the API has it."""

    metadata: WireMetadata
    spec: WireDaemonSetSpec | None = None


class WireWorkloadSpec(Struct, gc=False):
    """WorkloadSpec as the API has it."""

    replicas: int | None = None
    parallelism: int | None = None
    selector: WireSelector | None = None


class WireWorkloadStatus(Struct, gc=False):
    """WorkloadStatus as the API has it."""

    readyReplicas: int | None = None
    ready: int | None = None


class WireWorkload(Struct, gc=False):
    """Workload as the API has it."""

    metadata: WireMetadata
    spec: WireWorkloadSpec | None = None
    status: WireWorkloadStatus | None = None


class WirePdbSpec(Struct, gc=False):
    """PdbSpec as the API has it."""

    selector: WireSelector | None = None
    minAvailable: str | int | None = None
    maxUnavailable: str | int | None = None
    unhealthyPodEvictionPolicy: Text = None


class WirePdbStatus(Struct, gc=False):
    """PdbStatus as the API has it."""

    disruptionsAllowed: int | None = None
    currentHealthy: int | None = None
    desiredHealthy: int | None = None
    expectedPods: int | None = None


class WirePdb(Struct, gc=False):
    """Pdb as the API has it."""

    metadata: WireMetadata
    spec: WirePdbSpec | None = None
    status: WirePdbStatus | None = None


class WireNamespace(Struct, gc=False):
    """Namespace as the API has it."""

    metadata: WireMetadata


class WirePriorityClass(Struct, gc=False):
    """PriorityClass as the API has it."""

    metadata: WireMetadata
    value: int | None = None
    globalDefault: bool | None = None


class WireInvolvedObject(Struct, gc=False):
    """InvolvedObject as the API has it."""

    kind: Text = None
    namespace: Text = None
    name: Text = None


class WireEventSource(Struct, gc=False):
    """EventSource as the API has it."""

    component: Text = None


class WireEventSeries(Struct, gc=False):
    """EventSeries as the API has it."""

    count: int | None = None
    lastObservedTime: Text = None


class WireEvent(Struct, gc=False):
    """Event as the API has it."""

    metadata: WireMetadata
    involvedObject: WireInvolvedObject | None = None
    reason: Text = None
    message: Text = None
    type: Text = None
    source: WireEventSource | None = None
    reportingComponent: Text = None
    firstTimestamp: Text = None
    lastTimestamp: Text = None
    eventTime: Text = None
    count: int | None = None
    series: WireEventSeries | None = None


_daemon_set = Decoder(WireDaemonSet)
_workload = Decoder(WireWorkload)
_pdb = Decoder(WirePdb)
_namespace = Decoder(WireNamespace)
_priority_class = Decoder(WirePriorityClass)
_event = Decoder(WireEvent)


def decode_daemon_set(raw: bytes | memoryview, version: str) -> DaemonSet:
    """A DaemonSet; its template's absent requests are taken from limits (spec/scheduling.md 3.6)."""
    wire = _daemon_set.decode(raw)
    spec = wire.spec or WireDaemonSetSpec()
    template = spec.template or WirePodTemplate()
    return DaemonSet(
        metadata_of(wire.metadata),
        pod_spec_of(template.spec, defaults=True),
        labels_of(template.metadata.labels) if template.metadata is not None else {},
        selector_of(spec.selector),
    )


def decode_workload(raw: bytes | memoryview, kind: str) -> Workload:
    """A Deployment, ReplicaSet, StatefulSet or Job (whose replicas are its parallelism)."""
    wire = _workload.decode(raw)
    spec, status = wire.spec or WireWorkloadSpec(), wire.status or WireWorkloadStatus()
    wanted, ready = (spec.parallelism, status.ready) if kind == "Job" else (spec.replicas, status.readyReplicas)
    return Workload(
        metadata_of(wire.metadata), kind, 1 if wanted is None else wanted, ready or 0, selector_of(spec.selector)
    )


def _count(value: str | int | None) -> str | None:
    return None if value is None else word(str(value))


def decode_pod_disruption_budget(raw: bytes | memoryview, version: str) -> PodDisruptionBudget:
    """A PodDisruptionBudget."""
    wire = _pdb.decode(raw)
    spec, status = wire.spec or WirePdbSpec(), wire.status or WirePdbStatus()
    return PodDisruptionBudget(
        metadata_of(wire.metadata),
        selector_of(spec.selector),
        _count(spec.minAvailable),
        _count(spec.maxUnavailable),
        spec.unhealthyPodEvictionPolicy == "AlwaysAllow",
        status.disruptionsAllowed or 0,
        status.currentHealthy,
        status.desiredHealthy,
        status.expectedPods,
    )


def decode_namespace(raw: bytes | memoryview, version: str) -> Namespace:
    """A Namespace."""
    return Namespace(metadata_of(_namespace.decode(raw).metadata))


def decode_priority_class(raw: bytes | memoryview, version: str) -> PriorityClass:
    """A PriorityClass."""
    wire = _priority_class.decode(raw)
    return PriorityClass(metadata_of(wire.metadata), wire.value or 0, bool(wire.globalDefault))


def decode_event(raw: bytes | memoryview, version: str) -> KubeEvent:
    """A core/v1 Event, written the old way (lastTimestamp, count) or the new (eventTime, series)."""
    wire = _event.decode(raw)
    about = wire.involvedObject or WireInvolvedObject()
    series = wire.series or WireEventSeries()
    when = series.lastObservedTime or wire.lastTimestamp or wire.eventTime or wire.firstTimestamp
    source = wire.reportingComponent or (wire.source.component if wire.source is not None else None)
    name = clean(about.name or "")
    return KubeEvent(
        metadata_of(wire.metadata),
        word(wire.reason),
        clean(wire.message or "", TEXT_LIMIT),
        word(wire.type),
        word(source),
        word(about.kind),
        f"{word(about.namespace)}/{name}" if about.namespace else name,
        seconds(when or wire.metadata.creationTimestamp),
        series.count or wire.count or 1,
    )
