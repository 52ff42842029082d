"""The order in which pods are tried, and when trying stops (spec/scheduling.md 6.1, 6.2)."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

from karptui.model.pod import Pod


class PodQueue:
    """Largest cpu request first, then memory; failed pods go to the tail and come back while anything is placed."""

    def __init__(self, pods: Iterable[Pod]) -> None:
        by_size: dict[tuple[int, int], list[Pod]] = {}
        # Replicas share the dict of their requests, and the pods keep it alive.
        alike: dict[int, list[Pod]] = {}
        for pod in pods:
            requests = pod.requests
            same = alike.get(id(requests))
            if same is None:
                size = (-requests.get("cpu", 0), -requests.get("memory", 0))
                same = alike[id(requests)] = by_size.setdefault(size, [])
            same.append(pod)
        self._pods: deque[Pod] = deque()
        for size in sorted(by_size):
            self._pods.extend(sorted(by_size[size], key=_age))
        self._length_at_push: dict[int, int] = {}

    def __iter__(self) -> Iterator[Pod]:
        """The next pod, until all are placed, or nothing was since this one was tried last."""
        pods, length_at_push = self._pods, self._length_at_push
        while pods and not (length_at_push and length_at_push.get(id(pods[0])) == len(pods)):
            yield pods.popleft()

    @property
    def head(self) -> Pod | None:
        """The pod that comes next, if there is one."""
        return self._pods[0] if self._pods else None

    def alike(self, class_of: Mapping[int, object], class_: object) -> list[Pod]:
        """The pods at the head that are of a class, by the `id` of the pod. They stay where they are."""
        return list(takewhile(lambda pod: class_of[id(pod)] is class_, self._pods))

    def drop(self, number: int) -> None:
        """Takes pods off the head that have found a place already."""
        for _ in range(number):
            self._pods.popleft()

    def push(self, pod: Pod) -> None:
        """Puts a pod that found no place at the tail."""
        self._pods.append(pod)
        self._length_at_push[id(pod)] = len(self._pods)


def _age(pod: Pod) -> tuple[int, str]:
    metadata = pod.metadata
    # creationTimestamp has whole seconds.
    return int(metadata.created), metadata.uid
