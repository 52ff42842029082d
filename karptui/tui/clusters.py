"""Contexts and namespaces: which there are, switching between them, and clusters that are watched side by side."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from karptui.tui.actions import CONTEXT_VERBS, NAMESPACE_VERBS

if TYPE_CHECKING:
    from karptui.modes.contexts import Contexts
    from karptui.modes.run import Run
    from karptui.tui.dialogs.palette import Entry
    from karptui.tui.live import Live
    from karptui.views.answers.why import Why
    from karptui.views.lists.clusters import ClusterRow

STOP_SECONDS = 5.0
"""How long the end waits for clusters that do not answer."""


class Clusters:
    """`runs` are those that are watched all the time, by context; another one is left when the next is chosen."""

    def __init__(self, live: "Live", contexts: "Contexts | None") -> None:
        self._live = live
        self._contexts = contexts
        self.runs: dict[str, Run] = {}
        self._current = ""
        self._names: list[str] = []
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def known(self) -> bool:
        """Whether there are others to go to."""
        return self._contexts is not None

    @property
    def beside(self) -> Sequence[str]:
        """The contexts of the strip, where there are at least two."""
        names = self._contexts.beside if self._contexts is not None else ()
        return names if len(names) > 1 else ()

    async def begin(self, shown: "Run") -> None:
        """Begin to watch the others, and learn which contexts there are."""
        if self._contexts is None:
            return
        for name in self.beside:
            if name == shown.context:
                self.runs[name] = shown
            else:
                run = self.runs[name] = self._contexts.observe(name)
                await run.start()
        self._live.run_worker(self._learn(), exit_on_error=False, group="contexts")

    def turn(self) -> None:
        """Nobody draws what changes in clusters that are not shown."""
        for run in self.runs.values():
            if run is not self._live.run_shown:
                run.world.dirty.clear()

    def rows(self) -> "list[ClusterRow]":
        """The strip."""
        from karptui.views.lists.clusters import cluster_row

        shown = self._live.run_shown
        return [cluster_row(name, run.world, run.now(), run.failure, run is shown) for name, run in self.runs.items()]

    def why(self, name: str) -> "Why":
        """How one cluster of the strip stands."""
        from karptui.views.answers.why import Why
        from karptui.views.lists.clusters import cluster_lines

        row = next((row for row in self.rows() if row.key == name), None)
        return Why(f"context {name}", cluster_lines(row) if row is not None else [])

    # What can be chosen

    def entries(self) -> "list[Entry]":
        """Contexts and namespaces for the palette, after k9s' words for them."""
        from karptui.tui.dialogs.palette import Entry

        if self._contexts is None:
            return []
        here = self._live.run_shown
        known = sorted(here.world.of("namespaces"))
        current = here.context or self._current
        found = [
            Entry("command", f"Context {name}", "switch_context", "here" if name == current else "ctx", (name,),
                  verbs=CONTEXT_VERBS)
            for name in self._names
        ]  # fmt: skip
        found += [
            Entry("command", f"Namespace {name}", "switch_namespace", "here" if name == here.namespace else "ns",
                  (name,), verbs=NAMESPACE_VERBS)
            for name in known
        ]  # fmt: skip
        words = "All namespaces"
        found.append(Entry("command", words, "switch_namespace", "ns", ("",), also="0", verbs=NAMESPACE_VERBS))
        if not known:  # they may not be listed, and be there all the same
            found.append(Entry("command", "Namespace", "switch_namespace", "ns", verbs=NAMESPACE_VERBS, free=True))
        return found

    async def ask(self) -> None:
        """Which context or namespace."""
        if self._contexts is None:
            mode = self._live.run_shown.mode
            self._live.tell(f"Contexts are for watching clusters: leave this {mode} and start karptui.", "warn")
            return
        await self._learn()
        self._live.ask(self.entries, "context or namespace", themes=False)

    async def _learn(self) -> None:
        assert self._contexts is not None
        from karptui.failure import Failure

        try:
            self._current, self._names = await self._contexts.known()
        except Failure as failure:
            self._live.tell(str(failure), "bad")

    # Switching

    async def switch(self, name: str) -> None:
        """Show another context. What is shown changes at once; the cluster may answer when it can."""
        if self._contexts is None:
            return
        if name == self._live.run_shown.context and not self._live.run_shown.failure:
            self._live.tell(f"{name} is what you see.")
            return
        run = self.runs.get(name)
        if run is None or run.ended.is_set():
            run = self._contexts.observe(name)
            if name in self.runs:
                self.runs[name] = run
            await run.start()
        self._show(run)

    async def narrow(self, namespace: str) -> None:
        """Watch the same cluster with the pods of one namespace, "" for all."""
        here = self._live.run_shown
        if self._contexts is None or namespace == here.namespace:
            self._live.tell(f"{namespace or 'All namespaces'}: that is what you see.")
            return
        known = here.world.of("namespaces")
        if namespace and known and namespace not in known:
            self._live.tell(f"There is no namespace {namespace} here.", "warn")
            return
        context = here.context or None
        run = self._contexts.observe(context, namespace)
        if context in self.runs:
            self.runs[context] = run
        await run.start()
        self._show(run)

    def _show(self, run: "Run") -> None:
        before = self._live.run_shown
        self._live.show_run(run)
        if before not in self.runs.values():
            self._leave(before)

    def _leave(self, run: "Run") -> None:
        """Stop watching, in the background: a cluster that does not answer holds nobody up."""
        task = asyncio.ensure_future(run.stop())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def stop(self, shown: "Run") -> None:
        """Stop everything."""
        for run in {id(run): run for run in (shown, *self.runs.values())}.values():
            self._leave(run)
        await asyncio.wait(list(self._leaving), timeout=STOP_SECONDS)
