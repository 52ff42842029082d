"""Tells pods as Events what their karpenter.sh/do-not-disrupt is worth (spec/lifecycle.md 0.3, 8.2)."""

from collections.abc import Iterator
from typing import NamedTuple

from karptui.control.hands import Hands
from karptui.engine.provisioning.evictable import Shield, protected_until, shield_of
from karptui.kube.timestamps import rfc3339
from karptui.model.labels import DO_NOT_DISRUPT
from karptui.model.pod import Pod

AGAIN_SECONDS = 120.0
"""Until the same is said again of the same pod."""
MOST_AT_ONCE = 50
"""Events of one pass; what is left is said by the next ones, so that a large cluster costs five writes a second."""


class _Told(NamedTuple):
    reason: str
    message: str
    warning: bool = False


class DoNotDisruptEvents:
    """Says of pods on nodes of NodeClaims whether a time given for them runs, is over, or cannot be read."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._silent: dict[tuple[str, str], float] = {}
        """By uid and words: until when it is not said again."""

    async def tell(self) -> None:
        """Write what is new."""
        if self._hands.dry_run:
            return
        now = self._hands.now()
        self._silent = {key: until for key, until in self._silent.items() if until > now}
        left = MOST_AT_ONCE
        for pod in list(self._pods()):
            told = _worth(pod, now)
            if told is None or (pod.metadata.uid, told.message) in self._silent:
                continue
            if not left:
                return
            left -= 1
            self._silent[pod.metadata.uid, told.message] = now + AGAIN_SECONDS
            await self._hands.announce("Pod", pod.metadata, told.reason, told.message, warning=told.warning)

    def _pods(self) -> Iterator[Pod]:
        """Active ones with the annotation, where Karpenter would look at it."""
        world = self._hands.world
        for claim in world.of("nodeclaims").values():
            for pod in world.usage.on(claim.node_name).values() if claim.node_name else ():
                if DO_NOT_DISRUPT in pod.metadata.annotations and pod.active:
                    yield pod


def _worth(pod: Pod, now: float) -> _Told | None:
    """What is to be said of a pod; None where the annotation is plain, or the pod has not started."""
    value, until = pod.metadata.annotations[DO_NOT_DISRUPT], protected_until(pod)
    match shield_of(pod, now):
        case Shield.INVALID:
            words = f'{DO_NOT_DISRUPT} is {value!r}, neither "true" nor a duration such as 1h30m: it protects nothing'
            return _Told("InvalidDoNotDisruptAnnotation", words, warning=True)
        case Shield.RUNNING if until is not None:
            return _Told("DoNotDisruptUntil", f"{DO_NOT_DISRUPT} keeps its node until {rfc3339(until)}")
        case Shield.OVER:
            return _Told("DoNotDisruptGracePeriodElapsed", f"{DO_NOT_DISRUPT} of {value} keeps its node no longer")
        case _:
            return None
