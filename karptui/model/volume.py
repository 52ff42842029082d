"""Volumes as scheduling sees them."""

from msgspec import Struct

from karptui.model.affinity import Expression, NodeSelectorTerm
from karptui.model.metadata import Metadata


class PersistentVolumeClaim(Struct, frozen=True, gc=False, eq=False):
    """A PersistentVolumeClaim; `storage_class` None: not given."""

    metadata: Metadata
    storage_class: str | None = None
    volume_name: str = ""
    phase: str = "Pending"

    @property
    def key(self) -> str:
        """`namespace/name`."""
        return self.metadata.key


class PersistentVolume(Struct, frozen=True, gc=False, eq=False):
    """A PersistentVolume; `driver` is its CSI driver or the translated in-tree one, `local` a local or hostPath one."""

    metadata: Metadata
    node_terms: tuple[NodeSelectorTerm, ...] = ()
    driver: str = ""
    local: bool = False

    @property
    def key(self) -> str:
        """Its name."""
        return self.metadata.name


class StorageClass(Struct, frozen=True, gc=False, eq=False):
    """A StorageClass; each of `allowed_topologies` is one alternative of In expressions."""

    metadata: Metadata
    provisioner: str = ""
    binding_mode: str | None = None
    allowed_topologies: tuple[tuple[Expression, ...], ...] = ()

    @property
    def key(self) -> str:
        """Its name."""
        return self.metadata.name


class CSINode(Struct, frozen=True, gc=False, eq=False):
    """A CSINode: how many volumes of each driver its node may hold (None: no limit)."""

    metadata: Metadata
    drivers: dict[str, int | None] = {}

    @property
    def key(self) -> str:
        """Its name, which is the node's."""
        return self.metadata.name
