"""The order in which pods are tried, and when trying stops (spec/scheduling.md 6.1, 6.2)."""

from collections import deque
from collections.abc import Iterable

from karptui.model.pod import Pod


class PodQueue:
    """Largest cpu request first, then memory; failed pods go to the tail and come back while anything is placed."""

    def __init__(self, pods: Iterable[Pod]) -> None:
        self._pods = deque(sorted(pods, key=_place))
        self._length_at_push: dict[int, int] = {}

    def pop(self) -> Pod | None:
        """The next pod; None when all are placed, or nothing was since this one was tried last."""
        if not self._pods:
            return None
        pod = self._pods[0]
        if self._length_at_push.get(id(pod)) == len(self._pods):
            return None
        return self._pods.popleft()

    def push(self, pod: Pod) -> None:
        """Puts a pod that found no place at the tail."""
        self._pods.append(pod)
        self._length_at_push[id(pod)] = len(self._pods)


def _place(pod: Pod) -> tuple[int, int, int, str]:
    requests = pod.requests
    metadata = pod.metadata
    # creationTimestamp has whole seconds.
    return -requests.get("cpu", 0), -requests.get("memory", 0), int(metadata.created), metadata.uid
