"""What nodes must know of the cluster, asked again while karptui runs, as clusters are upgraded (spec/aws.md 4.5)."""

from collections.abc import Awaitable, Callable

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.failure import Failure

AGAIN_SECONDS = 300.0
"""How old the Kubernetes version may grow; Karpenter's own figure."""

AskAgain = Callable[[ClusterSettings], Awaitable[ClusterSettings]]
"""The settings as they are now, by those known so far. Raises Failure."""


class KnownCluster:
    """The settings of one cluster; without `ask` they stay. `now` gives epoch seconds."""

    def __init__(self, settings: ClusterSettings, ask: AskAgain | None, now: Callable[[], float]) -> None:
        self.settings = settings
        self._ask = ask
        self._now = now
        self._asked = now()

    async def look(self) -> ClusterSettings:
        """As they are, asked again if they are old, or if the range of services is still to be found out."""
        now = self._now()
        if self._ask is None or (self.settings.service_cidr and now - self._asked < AGAIN_SECONDS):
            return self.settings
        try:
            found = await self._ask(self.settings)
        except Failure:
            return self.settings  # which is no worse than before, and asked again with the next look
        self._asked = now
        if found != self.settings:  # the same object as long as nothing changed
            self.settings = found
        return self.settings
