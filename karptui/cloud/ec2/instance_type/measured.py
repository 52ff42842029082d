"""How much memory nodes turned out to have: the description of a type only lets one estimate it (the spec's 1.7)."""

from collections.abc import Callable, Collection, Mapping

from karptui.cloud.ec2.nodeclass.images import image_requirements
from karptui.cloud.provider import Measured
from karptui.model.instance_type import InstanceType
from karptui.model.nodepool import NodeClass

KEPT_SECONDS = 60 * 86400.0

Images = tuple[str, ...]
"""Ids of the images that a NodeClass resolved to: another kernel takes another share."""


class MeasuredMemory:
    """The least memory that was seen of each type under the same images. `version` rises with every change.

    Lost with the process, and known again from the nodes that there are. `now` gives epoch seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._known: dict[Images, dict[str, tuple[int, float]]] = {}
        self.version = 0

    def of(self, node_class: NodeClass) -> Mapping[str, int]:
        """Nano-bytes by type; to be looked at only."""
        return {name: memory for name, (memory, _) in self._known.get(_images(node_class), {}).items()}

    def learn(
        self, node_class: NodeClass, measured: Collection[Measured], types: Callable[[], Mapping[str, InstanceType]]
    ) -> None:
        """Take over what nodes have that run the image which their type would get now."""
        now, images = self._now(), _images(node_class)
        known = self._known.setdefault(images, {})
        for name in [name for name, (_, at) in known.items() if now - at > KEPT_SECONDS]:
            del known[name]
            self.version += 1
        for entry in measured:
            before, _ = known.get(entry.instance_type, (None, 0.0))
            if before is not None and entry.memory > before:
                continue
            if before != entry.memory:
                if _image_of(node_class, types().get(entry.instance_type)) != entry.image:
                    continue
                self.version += 1
            known[entry.instance_type] = (entry.memory, now)
        if not known:
            del self._known[images]


def _images(node_class: NodeClass) -> Images:
    return tuple(sorted({entry["id"] for entry in node_class.status.get("amis") or ()}))


def _image_of(node_class: NodeClass, type_: InstanceType | None) -> str:
    """The image that the type would get now."""
    if type_ is None:
        return ""
    images = node_class.status.get("amis") or ()
    suiting = (entry["id"] for entry in images if type_.requirements.is_compatible(image_requirements(entry)))
    return next(suiting, "")
