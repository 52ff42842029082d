"""What a decision was made from, as far as explaining it later takes: catalogue, NodePools and DaemonSets of then."""

from collections import OrderedDict

from karptui.model.decision import Decision
from karptui.model.instance_type import Catalogue
from karptui.model.pod import Pod
from karptui.model.snapshot import Snapshot

KEPT_GROUNDS = 256
"""Rounds of decisions that are kept; older ones are explained with what holds now."""
_KEPT_CATALOGUES = 64


class GroundsBook:
    """One entry for each round of decisions, shared by all of its decisions."""

    def __init__(self) -> None:
        self._rounds: OrderedDict[int, Snapshot] = OrderedDict()
        self._catalogues: OrderedDict[int, Catalogue] = OrderedDict()

    def copy(self) -> "GroundsBook":
        """Another one with the same entries."""
        book = GroundsBook()
        book._rounds, book._catalogues = self._rounds.copy(), self._catalogues.copy()
        return book

    def note_catalogue(self, number: int, catalogue: Catalogue) -> None:
        """From this snapshot number on, this catalogue holds."""
        self._catalogues[number] = catalogue
        if len(self._catalogues) > _KEPT_CATALOGUES:
            self._catalogues.popitem(last=False)

    def note(self, decision: Decision, current: Snapshot) -> None:
        """A decision was made; `current` is the cluster as it stands."""
        if decision.snapshot in self._rounds:
            return
        known = [catalogue for number, catalogue in self._catalogues.items() if number <= decision.snapshot]
        pods = newest_daemons(current.pods)
        self._rounds[decision.snapshot] = Snapshot(
            number=decision.snapshot,
            now=decision.at,
            options=current.options,
            catalogue=known[-1] if known else current.catalogue,
            pods=pods,
            node_pools=current.node_pools,
            node_overlays=current.node_overlays,
            daemon_sets=current.daemon_sets,
        )
        if len(self._rounds) > KEPT_GROUNDS:
            self._rounds.popitem(last=False)

    def of(self, decision: Decision) -> Snapshot | None:
        """What the decision was made from, or None if that is not kept any more."""
        found = self._rounds.get(decision.snapshot)
        return found if found is not None and found.now <= decision.at + 1e-6 else None


def newest_daemons(pods: dict[str, Pod]) -> dict[str, Pod]:
    """The newest pod of each DaemonSet: what a node of now would carry."""
    newest: dict[str, tuple[str, Pod]] = {}
    for key, pod in pods.items():
        if not pod.daemon:
            continue
        owner = pod.metadata.controller()
        name = f"{pod.metadata.namespace}/{owner.name}" if owner is not None else ""
        known = newest.get(name)
        if known is None or (pod.metadata.created, known[0]) > (known[1].metadata.created, key):
            newest[name] = (key, pod)
    return dict(newest.values())
