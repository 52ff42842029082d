"""The clusters that a person may switch between: the contexts of a kubeconfig."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from karptui.cloud.catalogue import DEFAULT_REGION
from karptui.kube.connect import load_client
from karptui.model.snapshot import Options
from karptui.modes.observe import Observe


class Contexts:
    """Makes a run for a context. `beside` names those that are watched all the time, next to the one that is shown."""

    def __init__(
        self,
        kubeconfig: str | None = None,
        options: Options | None = None,
        region: str = DEFAULT_REGION,
        beside: Sequence[str] = (),
        costs: Path | None = None,
    ) -> None:
        self._kubeconfig = kubeconfig
        self._options = options
        self._region = region
        self._costs = costs
        self.beside = tuple(dict.fromkeys(beside))

    async def known(self) -> tuple[str, list[str]]:
        """The current context and the names of all, read anew. Raises KubeError."""
        return await asyncio.to_thread(lambda: load_client().known_contexts(self._kubeconfig))

    def observe(self, context: str | None, namespace: str = "") -> Observe:
        """A run that watches a context, None for the current one; `namespace` limits the pods."""
        run = Observe(self._kubeconfig, context, namespace, self._options, None, self._region)
        run.costs = self._costs
        return run
