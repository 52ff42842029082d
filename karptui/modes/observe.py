"""Observe: a real cluster is watched, decisions are made and shown, and nothing is written anywhere."""

from pathlib import Path

from karptui.cloud.catalogue import DEFAULT_REGION
from karptui.failure import Failure
from karptui.kube.connect import Connection, connect
from karptui.kube.errors import KubeError
from karptui.kube.source import KubeSource
from karptui.model.snapshot import Options
from karptui.modes.run import Run


class Observe(Run):
    """Watches the cluster of a kubeconfig's context (the current one if none is named); `namespace` limits the pods."""

    mode = "OBSERVE"
    chooses_catalogue = True

    def __init__(
        self,
        kubeconfig: str | None = None,
        context: str | None = None,
        namespace: str | None = None,
        options: Options | None = None,
        record: Path | None = None,
        region: str = DEFAULT_REGION,
    ) -> None:
        super().__init__(options, record, region)
        self._kubeconfig = kubeconfig
        self._context = context
        self._namespace = namespace or ""

    async def feed(self) -> None:
        """Watch until cancelled. A connection that is lost is tried again for ever; one that cannot be tried fails."""
        try:
            async with connect(self._kubeconfig, self._context) as connection:
                await self._source(connection).run(self.sink)
        except KubeError as error:
            raise Failure(str(error)) from error

    async def look(self) -> None:
        """Read everything once and decide once, for commands that answer and end. Raises Failure."""
        try:
            async with connect(self._kubeconfig, self._context) as connection:
                await self._source(connection).read(self.sink)
        except KubeError as error:
            raise Failure(str(error)) from error
        await self.planner().decide()

    def _source(self, connection: Connection) -> KubeSource:
        return KubeSource(connection, namespace=self._namespace, clock=self.now, keep_raw=lambda: self.recording)
