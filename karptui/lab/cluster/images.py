"""Which images a node has, and how long the others take."""

from __future__ import annotations

import random
import zlib

from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.informer import Informer
from karptui.lab.cluster.kinds import Object

MEGABYTE = 1_000_000


class Images:
    """The image caches of all nodes. What runs on a node is there, also after a restart of the lab."""

    def __init__(self, context: ControllerContext, pods: Informer) -> None:
        self._context = context
        self._pods = pods
        self._due: dict[tuple[str, str], float] = {}

    def pull(self, node: str, image: str) -> tuple[float, bool]:
        """Lab seconds until the image is there, and whether somebody else had asked for it before."""
        now = self._context.clock.now()
        key = (node, image)
        if key in self._due:
            return max(self._due[key] - now, 0.0), True
        if self._runs_there(node, image):
            self._due[key] = now
            return 0.0, True
        self._due[key] = now + self._seconds(image)
        return self._due[key] - now, False

    def forget(self, node: str) -> None:
        """The node is gone, and its images with it."""
        for key in [key for key in self._due if key[0] == node]:
            del self._due[key]

    def size(self, image: str) -> int:
        """Bytes, made up but always the same for an image."""
        return 20 * MEGABYTE + zlib.crc32(image.encode()) % (400 * MEGABYTE)

    def _seconds(self, image: str) -> float:
        delays = self._context.delays
        known = [prefix for prefix in delays.image_pull_of if image.startswith(prefix)]
        if known:
            return delays.image_pull_of[max(known, key=len)]
        # Its own dice: an image takes as long on every node and in every run.
        return random.Random(zlib.crc32(image.encode())).uniform(*delays.image_pull)

    def _runs_there(self, node: str, image: str) -> bool:
        return any(_has(pod, image) for pod in self._pods.by("node", node))


def _has(pod: Object, image: str) -> bool:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return any(one.get("image") == image and one.get("imageID") for one in statuses)
