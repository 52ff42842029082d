"""A program for a terminal: the screens over a World that says whatever it is told on a pipe, a JSON list a line."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from karptui.kube.clean import clean
from karptui.kube.decode import RESOURCES, decoded
from karptui.tui.appearance.theme import load_themes, shipped_folder
from karptui.tui.live import Live
from karptui.world import events
from tests.tui.moment import Moment, decided
from tests.world.recorded import STARTED

CREATED = "2026-11-21T12:29:03Z"


class Hostile(Moment):
    """The recorded cluster, and a pod, a node and an Event for each text of the latest batch that came by the pipe."""

    def __init__(self, pipe: int) -> None:
        super().__init__(decided(11.0), STARTED + 11.0, "OBSERVE")
        self._pipe = pipe
        self._heard = b""
        self._shown: list[tuple[str, Any]] = []

    async def start(self) -> None:
        """Listen."""
        asyncio.get_running_loop().add_reader(self._pipe, self._listen)

    def _listen(self) -> None:
        self._heard += os.read(self._pipe, 1 << 16)
        *batches, self._heard = self._heard.split(b"\n")
        for batch in batches:
            for resource, found in self._shown:
                self.sink(events.ObjectSeen(self.at, resource, events.Change.DELETED, found))
            self._shown = [thing for number, text in enumerate(json.loads(batch)) for thing in told(number, text)]
            for resource, found in self._shown:
                self.sink(events.ObjectSeen(self.at, resource, events.Change.ADDED, found))
            for text in json.loads(batch):
                self.sink(events.Problem(self.at, clean(text), clean(text)))


def told(number: int, text: str) -> Iterator[tuple[str, Any]]:
    """By resource: objects that have the text wherever they have any."""
    metadata = {"uid": f"h{number}", "creationTimestamp": CREATED, "resourceVersion": "1"}
    named = metadata | {"name": text or "x", "namespace": text, "labels": {text: text}, "annotations": {text: text}}
    unschedulable = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": text}
    labels = {"karpenter.sh/nodepool": text, "node.kubernetes.io/instance-type": text, text: text}
    pod = {"metadata": named, "spec": {"containers": [], "nodeSelector": {text: text}},
           "status": {"phase": "Pending", "conditions": [unschedulable]}}  # fmt: skip
    node = {"metadata": metadata | {"name": f"node {text}", "labels": labels}, "spec": {"providerID": text},
            "status": {"allocatable": {"cpu": "4"}, "capacity": {"cpu": "4"}}}  # fmt: skip
    event = {"metadata": named, "reason": text, "message": text, "type": "Warning", "source": {"component": text},
             "involvedObject": {"kind": text, "name": text, "namespace": text},
             "lastTimestamp": CREATED}  # fmt: skip
    for resource, raw in (("pods", pod), ("nodes", node), ("events", event)):
        kind = RESOURCES[resource]
        yield resource, decoded(kind, memoryview(json.dumps(raw).encode()), kind.versions[0])


if __name__ == "__main__":
    Live(Hostile(int(sys.argv[1])), load_themes([shipped_folder()]), mode="OBSERVE").run()
