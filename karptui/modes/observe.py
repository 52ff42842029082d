"""Observe: a real cluster is watched, decisions are made and shown, and nothing is written anywhere."""

from difflib import get_close_matches
from pathlib import Path

from karptui.cloud.catalogue import DEFAULT_REGION
from karptui.failure import Failure
from karptui.kube.connect import Connection, connect
from karptui.kube.errors import KubeError
from karptui.kube.source import KubeSource
from karptui.model.snapshot import Options
from karptui.modes.bill_file import KeptBill
from karptui.modes.run import Run
from karptui.world.events import StreamState


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

    @property
    def context(self) -> str:
        """The context that was asked for, "" for the current one until it is known."""
        return self._context or (self.connection.context if self.connection is not None else "")

    @property
    def namespace(self) -> str:
        """The namespace whose pods are read, "" for all."""
        return self._namespace

    async def feed(self) -> None:
        """Watch until cancelled. A connection that is lost is tried again for ever; one that cannot be tried fails."""
        try:
            async with connect(self._kubeconfig, self._context) as connection:
                self.connection = connection
                await self._source(connection).run(self.sink)
        except KubeError as error:
            raise Failure(str(error)) from error

    async def look(self) -> None:
        """Read everything once and decide once, for commands that answer and end. Raises Failure, also for a namespace
        that does not exist.
        """
        try:
            async with connect(self._kubeconfig, self._context) as connection:
                self.connection = connection
                await self._source(connection).read(self.sink)
        except KubeError as error:
            raise Failure(str(error)) from error
        if mistaken := self._no_such_namespace():
            raise Failure(mistaken)
        if self.costs is not None and (kept := KeptBill(self, self.costs)).ready and kept.remember():
            kept.note()
        await self.planner().decide()
        await self.surveyor().ask()

    def _no_such_namespace(self) -> str:
        """What is wrong with the namespace, "" if it exists or nobody may say whether it does."""
        stream = self.world.streams.get("namespaces")
        known = self.world.of("namespaces")
        if not self._namespace or self._namespace in known or stream is None or stream.state is not StreamState.LIVE:
            return ""
        close = get_close_matches(self._namespace, known, n=1)
        meant = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(known)[:8])}"
        cluster = self.world.connected.cluster if self.world.connected is not None else "the cluster"
        return f"there is no namespace {self._namespace} in {cluster}: {meant}"

    def _source(self, connection: Connection) -> KubeSource:
        return KubeSource(connection, namespace=self._namespace, clock=self.now, keep_raw=lambda: self.recording)
