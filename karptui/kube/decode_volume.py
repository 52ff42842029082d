"""Volume claims, volumes, storage classes and CSI nodes from JSON. All raise FieldError or DecodeError."""

from msgspec import Raw, Struct
from msgspec.json import Decoder

from karptui.kube.parts import WireNodeSelector, node_terms_of
from karptui.kube.wire import Text, WireMetadata, metadata_of, word, words
from karptui.model.affinity import Expression
from karptui.model.volume import CSINode, PersistentVolume, PersistentVolumeClaim, StorageClass

EBS_DRIVER = "ebs.csi.aws.com"
"""The CSI driver that in-tree awsElasticBlockStore volumes belong to (spec/scheduling.md 3.8)."""


class WireClaimSpec(Struct, gc=False):
    """ClaimSpec as the API has it."""

    storageClassName: Text = None
    volumeName: Text = None


class WireClaimStatus(Struct, gc=False):
    """ClaimStatus as the API has it."""

    phase: Text = None


class WireVolumeClaim(Struct, gc=False):
    """VolumeClaim as the API has it."""

    metadata: WireMetadata
    spec: WireClaimSpec | None = None
    status: WireClaimStatus | None = None


class WireCsi(Struct, gc=False):
    """Csi as the API has it."""

    driver: Text = None


class WireVolumeAffinity(Struct, gc=False):
    """VolumeAffinity as the API has it."""

    required: WireNodeSelector | None = None


class WireVolumeSpec(Struct, gc=False):
    """VolumeSpec as the API has it."""

    nodeAffinity: WireVolumeAffinity | None = None
    csi: WireCsi | None = None
    awsElasticBlockStore: Raw = Raw()
    local: Raw = Raw()
    hostPath: Raw = Raw()


class WireVolume(Struct, gc=False):
    """Volume as the API has it."""

    metadata: WireMetadata
    spec: WireVolumeSpec | None = None


class WireLabelValues(Struct, gc=False):
    """LabelValues as the API has it."""

    key: Text = None
    values: list[str] | None = None


class WireTopology(Struct, gc=False):
    """Topology as the API has it."""

    matchLabelExpressions: list[WireLabelValues] | None = None


class WireStorageClass(Struct, gc=False):
    """StorageClass as the API has it."""

    metadata: WireMetadata
    provisioner: Text = None
    volumeBindingMode: Text = None
    allowedTopologies: list[WireTopology] | None = None


class WireDriverAllocatable(Struct, gc=False):
    """DriverAllocatable as the API has it."""

    count: int | None = None


class WireDriver(Struct, gc=False):
    """Driver as the API has it."""

    name: Text = None
    allocatable: WireDriverAllocatable | None = None


class WireCsiNodeSpec(Struct, gc=False):
    """CsiNodeSpec as the API has it."""

    drivers: list[WireDriver] | None = None


class WireCsiNode(Struct, gc=False):
    """CsiNode as the API has it."""

    metadata: WireMetadata
    spec: WireCsiNodeSpec | None = None


_claim = Decoder(WireVolumeClaim)
_volume = Decoder(WireVolume)
_class = Decoder(WireStorageClass)
_csi_node = Decoder(WireCsiNode)


def decode_volume_claim(raw: bytes | memoryview, version: str) -> PersistentVolumeClaim:
    """A PersistentVolumeClaim; an empty storageClassName is not the same as none."""
    wire = _claim.decode(raw)
    spec = wire.spec or WireClaimSpec()
    return PersistentVolumeClaim(
        metadata_of(wire.metadata),
        None if spec.storageClassName is None else word(spec.storageClassName),
        word(spec.volumeName),
        word(wire.status.phase if wire.status is not None else None) or "Pending",
    )


def _given(raw: Raw) -> bool:
    return bool(raw) and bytes(raw) != b"null"


def decode_volume(raw: bytes | memoryview, version: str) -> PersistentVolume:
    """A PersistentVolume."""
    wire = _volume.decode(raw)
    spec = wire.spec or WireVolumeSpec()
    driver = word(spec.csi.driver) if spec.csi is not None else ""
    if not driver and _given(spec.awsElasticBlockStore):
        driver = EBS_DRIVER
    return PersistentVolume(
        metadata_of(wire.metadata),
        node_terms_of(spec.nodeAffinity.required if spec.nodeAffinity is not None else None),
        driver,
        _given(spec.local) or _given(spec.hostPath),
    )


def _alternative(wire: WireTopology) -> tuple[Expression, ...]:
    return tuple((word(entry.key), "In", words(entry.values)) for entry in wire.matchLabelExpressions or ())


def decode_storage_class(raw: bytes | memoryview, version: str) -> StorageClass:
    """A StorageClass."""
    wire = _class.decode(raw)
    return StorageClass(
        metadata_of(wire.metadata),
        word(wire.provisioner),
        word(wire.volumeBindingMode) or None,
        tuple(_alternative(topology) for topology in wire.allowedTopologies or ()),
    )


def decode_csi_node(raw: bytes | memoryview, version: str) -> CSINode:
    """A CSINode."""
    wire = _csi_node.decode(raw)
    drivers = (wire.spec.drivers if wire.spec is not None else None) or ()
    return CSINode(
        metadata_of(wire.metadata),
        {word(driver.name): driver.allocatable.count if driver.allocatable is not None else None for driver in drivers},
    )
