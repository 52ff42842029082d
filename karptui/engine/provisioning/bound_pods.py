"""Pods by the node they are bound to, worked out anew only where a pod is another one than before."""

from collections.abc import Mapping
from itertools import chain

from karptui.model.pod import Pod

FEW = 0.25
"""Of all pods: where more are others than before, all are grouped anew."""


class BoundPods:
    """For pods of one cluster that are asked about again and again, by one thread at a time."""

    def __init__(self) -> None:
        self._pods: Mapping[str, Pod] = {}
        self._on: dict[str, tuple[Pod, ...]] = {}

    def of(self, pods: Mapping[str, Pod]) -> Mapping[str, tuple[Pod, ...]]:
        """By node, each node's by key; good until it is asked again. `pods` are by key and must not change."""
        known, self._pods = self._pods, pods
        changed = [key for key, pod in pods.items() if known.get(key) is not pod]
        if len(changed) > len(pods) * FEW:
            self._on = _grouped(pods)
            return self._on
        new = sum(key not in known for key in changed)
        gone = known.keys() - pods.keys() if len(known) + new != len(pods) else ()
        touched: dict[str, dict[str, Pod | None]] = {}
        for key in chain(gone, changed):
            before, after = known.get(key), pods.get(key)
            if before is not None and before.node_name:
                touched.setdefault(before.node_name, {})[key] = None
            if after is not None and after.node_name:
                touched.setdefault(after.node_name, {})[key] = after
        for node, changes in touched.items():
            here = {pod.key: pod for pod in self._on.pop(node, ())} | changes
            left = tuple(pod for _, pod in sorted(here.items(), key=_by_key) if pod is not None)
            if left:
                self._on[node] = left
        return self._on


def _by_key(entry: tuple[str, Pod | None]) -> str:
    return entry[0]


def _grouped(pods: Mapping[str, Pod]) -> dict[str, tuple[Pod, ...]]:
    found: dict[str, list[Pod]] = {}
    for key in sorted([key for key, pod in pods.items() if pod.node_name]):
        pod = pods[key]
        found.setdefault(pod.node_name, []).append(pod)
    return {node: tuple(on_it) for node, on_it in found.items()}
