"""Pods from JSON. The hot path: replicas share one PodSpec, and what they share is not decoded again."""

from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Raw, Struct
from msgspec.json import Decoder

from karptui.kube.parts import node_term_of, node_terms_of, selector_of
from karptui.kube.wire import (
    MEMO_SIZE,
    FieldError,
    Memo,
    field_error,
    labels_of,
    metadata_of,
    optional_seconds,
    remembered_conditions_of,
    seconds,
    word,
    words,
    written_resources_of,
)
from karptui.kube.wire_pod import (
    WireAffinity,
    WireClaimSource,
    WireContainer,
    WireEphemeralSource,
    WireManagedPod,
    WireNamed,
    WireNodeAffinity,
    WirePod,
    WirePodAffinity,
    WirePodSpec,
    WirePodStatus,
    WirePodTerm,
    WirePort,
    WireResourceRequirements,
    WireSpread,
    WireToleration,
    WireVolume,
)
from karptui.model.affinity import PodAffinityTerm, PreferredNodeTerm, PreferredPodTerm, TopologySpreadConstraint
from karptui.model.containers import Container, ContainerStatus, HostPort, host_ports, requests_from_limits
from karptui.model.metadata import Conditions, condition
from karptui.model.pod import Pod, PodSpec, PodVolume
from karptui.model.pod_requests import pod_requests
from karptui.model.quantity import Format
from karptui.model.resources import Resources
from karptui.model.taints import Toleration
from karptui.model.written import formats, plain

_NO_SPEC = WirePodSpec()
_NO_STATUS = WirePodStatus()
_NO_AFFINITY = WireNodeAffinity()
_NO_POD_AFFINITY = WirePodAffinity()
_pod_decoder = Decoder(WirePod)
_managed_decoder = Decoder(WireManagedPod)
_text_of: Memo[str] = Memo("", lambda text: word(msgspec.json.decode(text, type=str)), "")
_integer_of: Memo[int | None] = Memo("", lambda text: msgspec.json.decode(text, type=int), None)


def _part(raw: Raw, kind: Any, path: str) -> Any:
    """Decode a raw part; None for absent and null. Raises FieldError below `path`."""
    text = bytes(raw)
    if not text or text == b"null":
        return None
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        raise field_error(error, path) from error


def _resources(raw: Raw, path: str) -> Resources:
    text = bytes(raw)
    if not text or text == b"null":
        return {}
    try:
        return written_resources_of(text)
    except (msgspec.DecodeError, FieldError) as error:
        raise field_error(error, path) from error


def _container(wire: WireContainer, path: str, defaults: bool) -> Container:
    given = _part(wire.resources, WireResourceRequirements, f"{path}.resources") or WireResourceRequirements()
    ports: list[WirePort] = _part(wire.ports, list[WirePort], f"{path}.ports") or []
    container = Container(
        _text_of(wire.name),
        _resources(given.requests, f"{path}.resources.requests"),
        _resources(given.limits, f"{path}.resources.limits"),
        _text_of(wire.restartPolicy),
        tuple(
            HostPort(word(port.hostIP) or "0.0.0.0", port.hostPort, word(port.protocol) or "TCP")
            for port in ports
            if port.hostPort
        ),
    )
    return requests_from_limits(container) if defaults else container


def _containers(wire: list[WireContainer] | None, path: str, defaults: bool) -> tuple[Container, ...]:
    return tuple(_container(entry, f"{path}[{index}]", defaults) for index, entry in enumerate(wire or ()))


def _volume(wire: WireVolume) -> PodVolume | None:
    name = _text_of(wire.name)
    claim: WireClaimSource | None = _part(wire.persistentVolumeClaim, WireClaimSource, "spec.volumes")
    if claim is not None:
        return PodVolume(name, word(claim.claimName))
    source: WireEphemeralSource | None = _part(wire.ephemeral, WireEphemeralSource, "spec.volumes")
    if source is None:
        return None
    template = source.volumeClaimTemplate
    storage_class = template.spec.storageClassName if template is not None and template.spec is not None else None
    return PodVolume(name, "", True, None if storage_class is None else word(storage_class))


def _pod_term(wire: WirePodTerm | None) -> PodAffinityTerm:
    if wire is None:
        return PodAffinityTerm("")
    return PodAffinityTerm(
        word(wire.topologyKey),
        selector_of(wire.labelSelector),
        words(wire.namespaces),
        selector_of(wire.namespaceSelector),
    )


def _required_pods(wire: WirePodAffinity) -> tuple[PodAffinityTerm, ...]:
    return tuple(_pod_term(term) for term in wire.requiredDuringSchedulingIgnoredDuringExecution or ())


def _preferred_pods(wire: WirePodAffinity) -> tuple[PreferredPodTerm, ...]:
    return tuple(
        PreferredPodTerm(entry.weight or 0, _pod_term(entry.podAffinityTerm))
        for entry in wire.preferredDuringSchedulingIgnoredDuringExecution or ()
    )


def _spread(raw: Raw) -> tuple[TopologySpreadConstraint, ...]:
    wire: list[WireSpread] = _part(raw, list[WireSpread], "spec.topologySpreadConstraints") or []
    return tuple(
        TopologySpreadConstraint(
            word(entry.topologyKey),
            1 if entry.maxSkew is None else entry.maxSkew,
            word(entry.whenUnsatisfiable) or "DoNotSchedule",
            selector_of(entry.labelSelector),
            entry.minDomains,
            word(entry.nodeAffinityPolicy) or "Honor",
            word(entry.nodeTaintsPolicy) or "Ignore",
            words(entry.matchLabelKeys),
        )
        for entry in wire
    )


def _tolerations(raw: Raw) -> tuple[Toleration, ...]:
    wire: list[WireToleration] = _part(raw, list[WireToleration], "spec.tolerations") or []
    return tuple(
        Toleration(
            word(entry.key), word(entry.operator), word(entry.value), word(entry.effect), entry.tolerationSeconds
        )
        for entry in wire
    )


def _built(wire: WirePodSpec, defaults: bool) -> PodSpec:
    containers = _containers(wire.containers, "spec.containers", defaults)
    affinity: WireAffinity = _part(wire.affinity, WireAffinity, "spec.affinity") or WireAffinity()
    node = affinity.nodeAffinity or _NO_AFFINITY
    pods, anti = affinity.podAffinity or _NO_POD_AFFINITY, affinity.podAntiAffinity or _NO_POD_AFFINITY
    gates: list[WireNamed] = _part(wire.schedulingGates, list[WireNamed], "spec.schedulingGates") or []
    volumes = tuple(volume for entry in wire.volumes or () if (volume := _volume(entry)) is not None)
    requests = _requests(wire, containers, (), False, defaults)
    spec = PodSpec(
        b"",
        requests=plain(requests),
        node_selector=labels_of(wire.nodeSelector),
        required_node_terms=node_terms_of(node.requiredDuringSchedulingIgnoredDuringExecution),
        preferred_node_terms=tuple(
            PreferredNodeTerm(entry.weight or 0, node_term_of(entry.preference))
            for entry in node.preferredDuringSchedulingIgnoredDuringExecution or ()
        ),
        tolerations=_tolerations(wire.tolerations),
        topology_spread=_spread(wire.topologySpreadConstraints),
        affinity=_required_pods(pods),
        preferred_affinity=_preferred_pods(pods),
        anti_affinity=_required_pods(anti),
        preferred_anti_affinity=_preferred_pods(anti),
        host_ports=host_ports(containers),
        volumes=volumes,
        resource_claims=bool(_part(wire.resourceClaims, list[Raw], "spec.resourceClaims")),
        scheduling_gates=tuple(word(gate.name) for gate in gates),
        scheduler_name=_text_of(wire.schedulerName) or "default-scheduler",
        priority_class_name=_text_of(wire.priorityClassName),
        grace_seconds=_integer_of(wire.terminationGracePeriodSeconds),
        formats=formats(requests),
    )
    # Sets and maps in one order: equal content has an equal key whichever server or file it came from.
    content = msgspec.json.encode(spec, order="deterministic")
    return msgspec.structs.replace(spec, key=blake2b(content, digest_size=16).digest())


def _requests(
    wire: WirePodSpec,
    containers: tuple[Container, ...],
    statuses: tuple[ContainerStatus, ...],
    infeasible: bool,
    defaults: bool,
) -> Resources:
    pod_level = _part(wire.resources, WireResourceRequirements, "spec.resources") or WireResourceRequirements()
    return pod_requests(
        containers,
        _containers(wire.initContainers, "spec.initContainers", defaults),
        _resources(wire.overhead, "spec.overhead"),
        _resources(pod_level.requests, "spec.resources.requests"),
        statuses,
        infeasible,
    )


Effective = tuple[Resources, dict[str, Format] | None]
"""Requests, and how they are written where that is not as in the spec."""


class _Known(Struct, gc=False):
    """A PodSpec, and the effective requests that go with what container statuses said of resources."""

    spec: PodSpec
    effective: dict[bytes, Effective]


_known: dict[bytes, _Known] = {}
_specs_by_key: dict[bytes, PodSpec] = {}


def _fingerprint(wire: WirePodSpec, defaults: bool) -> bytes:
    """The raw parts that make a PodSpec, divided by a byte that JSON cannot hold."""
    parts: list[Raw | bytes] = [
        wire.nodeSelector,
        wire.affinity,
        wire.tolerations,
        wire.topologySpreadConstraints,
        wire.resourceClaims,
        wire.schedulingGates,
        wire.overhead,
        wire.resources,
        wire.schedulerName,
        wire.priorityClassName,
        wire.terminationGracePeriodSeconds,
        b"d" if defaults else b"",
    ]
    for container in wire.containers or ():
        parts += (container.name, container.resources, container.ports, container.restartPolicy)
    parts.append(b"i")
    for container in wire.initContainers or ():
        parts += (container.name, container.resources, container.ports, container.restartPolicy)
    parts.append(b"v")
    for volume in wire.volumes or ():
        # Most volumes are of no consequence, and the token's has another name in every pod.
        if volume.persistentVolumeClaim or volume.ephemeral:
            parts += (volume.name, volume.persistentVolumeClaim, volume.ephemeral)
    return b"\0".join(parts)  # type: ignore[arg-type]  Raw has the buffer protocol


def _known_of(wire: WirePodSpec, defaults: bool) -> _Known:
    fingerprint = _fingerprint(wire, defaults)
    found = _known.get(fingerprint)
    if found is None:
        built = _built(wire, defaults)
        found = _Known(_specs_by_key.setdefault(built.key, built), {})
        if len(_known) >= MEMO_SIZE:
            _known.clear()
            _specs_by_key.clear()
        _known[fingerprint] = found
    return found


def pod_spec_of(wire: WirePodSpec | None, defaults: bool = False) -> PodSpec:
    """The shared PodSpec of a wire spec; `defaults`: absent requests are taken from limits. Raises FieldError."""
    return _known_of(wire or _NO_SPEC, defaults).spec


def _effective_requests(wire: WirePodSpec, status: WirePodStatus, known: _Known, conditions: Conditions) -> Effective:
    """Those of the spec, unless the kubelet says that a container holds something else (an in-place resize)."""
    entries = status.containerStatuses or []
    if status.initContainerStatuses:
        entries = entries + status.initContainerStatuses
    parts: list[Raw | bytes] = []
    told = False
    for entry in entries:
        if entry.resources:
            told = True
        parts += (entry.name, entry.resources, entry.allocatedResources)
    if not told:
        return known.spec.requests, None
    resize = condition(conditions, "PodResizePending")
    infeasible = resize is not None and resize.reason == "Infeasible"
    parts.append(b"i" if infeasible else b"")
    key = b"\0".join(parts)  # type: ignore[arg-type]
    found = known.effective.get(key)
    if found is None:
        found = _resized_requests(wire, status, infeasible, known.spec)
        if len(known.effective) >= MEMO_SIZE:
            known.effective.clear()
        known.effective[key] = found
    return found


def _resized_requests(wire: WirePodSpec, status: WirePodStatus, infeasible: bool, spec: PodSpec) -> Effective:
    statuses: list[ContainerStatus] = []
    for entry in (*(status.containerStatuses or ()), *(status.initContainerStatuses or ())):
        given: WireResourceRequirements | None = _part(
            entry.resources, WireResourceRequirements, "status.containerStatuses"
        )
        requests = None if given is None else _resources(given.requests, "status.containerStatuses")
        allocated = _resources(entry.allocatedResources, "status.containerStatuses")
        statuses.append(ContainerStatus(_text_of(entry.name), requests, allocated))
    containers = _containers(wire.containers, "spec.containers", False)
    told = _requests(wire, containers, tuple(statuses), infeasible, False)
    requests = plain(told)
    return (spec.requests, None) if requests == spec.requests else (requests, formats(told))


def _containers_started(wire: WirePodSpec, status: WirePodStatus) -> float | None:
    """When the last container started, once all have."""
    if not status.containerStatuses or len(status.containerStatuses) < len(wire.containers or ()):
        return None
    latest, text = 0.0, None
    for entry in status.containerStatuses:
        state = entry.state
        begun = (state.running or state.terminated) if state is not None else None
        if begun is None or not begun.startedAt:
            return None
        if begun.startedAt != text:  # most start in one second
            text = begun.startedAt
            latest = max(latest, seconds(text))
    return latest


def _last_change(raw: bytes | memoryview) -> float | None:
    """When anything of a pod was changed last; None where nobody wrote that down."""
    metadata = _managed_decoder.decode(raw).metadata
    times = [entry.time for entry in (metadata.managedFields if metadata is not None else None) or () if entry.time]
    return max(map(seconds, times), default=None)


def decode_pod(raw: bytes | memoryview, version: str) -> Pod:
    """A pod from JSON. Raises FieldError or msgspec.DecodeError."""
    wire = _pod_decoder.decode(raw)
    spec_wire, status = wire.spec or _NO_SPEC, wire.status or _NO_STATUS
    known = _known_of(spec_wire, False)
    conditions = remembered_conditions_of(status.conditions)
    requests, written = known.spec.requests, None
    if status.containerStatuses:
        requests, written = _effective_requests(spec_wire, status, known, conditions)
    return Pod(
        metadata_of(wire.metadata),
        known.spec,
        requests,
        word(spec_wire.nodeName),
        word(status.nominatedNodeName),
        word(status.phase) or "Pending",
        spec_wire.priority or 0,
        conditions,
        optional_seconds(status.startTime),
        _containers_started(spec_wire, status),
        written,
        None if spec_wire.nodeName else _last_change(raw),  # few wait, and for them it says when Karpenter looks again
    )
