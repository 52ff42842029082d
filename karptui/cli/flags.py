"""Flags that several commands share, and what they mean for a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from karptui.cli.shown import options_of

if TYPE_CHECKING:
    from karptui.modes.observe import Observe
    from karptui.settings import Settings

Output = Annotated[Literal["text", "json"] | None, Parameter(name=["--output", "-o"])]
"""text or json; without it a screen where there is a terminal, else text."""


@Parameter(name="*")
@dataclass(frozen=True)
class WholeCluster:
    """Which cluster, for commands that need to see all of it."""

    context: str | None = None
    """Context of the kubeconfig; the current one if not given."""
    kubeconfig: str | None = None
    """Path of a kubeconfig; KUBECONFIG or ~/.kube/config if not given."""


@Parameter(name="*")
@dataclass(frozen=True)
class Cluster:
    """Which cluster, and how much of it."""

    context: str | None = None
    """Context of the kubeconfig; the current one if not given."""
    kubeconfig: str | None = None
    """Path of a kubeconfig; KUBECONFIG or ~/.kube/config if not given."""
    namespace: Annotated[str | None, Parameter(name=["--namespace", "-n"])] = None
    """Read the pods of this namespace only."""


@Parameter(name="*")
@dataclass(frozen=True)
class Look:
    """How the screen looks."""

    theme: str | None = None
    """dark, light, high-contrast, colour-blind, or a theme of your own."""
    ascii: Annotated[bool | None, Parameter(negative="")] = None
    """Draw with ASCII only, for serial lines and bad fonts."""
    extra_labels: str | None = None
    """Labels, with commas between them, that get a column in the lists of nodes and pods."""

    def settings(self, **flags: str | None) -> Settings:
        """The settings with these flags and others on top. Raises Failure."""
        from karptui.settings import load_settings

        return load_settings(theme=self.theme, ascii=self.ascii, extra_labels=self.extra_labels, **flags)


def observer(cluster: Cluster, settings: Settings, record: str | None = None) -> Observe:
    """The run that watches the cluster that was asked for."""
    from pathlib import Path

    from karptui.modes.observe import Observe
    from karptui.settings import costs_folder

    run = Observe(
        cluster.kubeconfig,
        cluster.context,
        cluster.namespace,
        options_of(settings),
        Path(record) if record else None,
        settings.region,
    )
    run.costs = costs_folder(settings)
    return run
